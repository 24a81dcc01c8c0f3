// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/refused.h"

#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"

#define REFUSED_MS          5000u // for a QUIT that is under way
#define REFUSED_REPLIES     8 // lines answered with 503; after that there is nothing to talk about
#define REFUSED_RETRANSMITS 5 // one a second: as long as the refusal lasts

// connection->line: letters of QUIT seen at the start of a line, or
#define LINE_OTHER 5

void refuse(struct dataplane *dataplane, struct connection *c, enum bs_template_number text,
	uint8_t flags)
{
	uint32_t said = text != BS_TEMPLATE_NONE ? text_begin(dataplane, c, text)
						 : text_length(dataplane, c);
	c->flags |= flags;
	if (c->flags & CONNECTION_PEER_FIN)
		c->flags |= CONNECTION_CLOSE; // it can't say QUIT any more
	c->opened_ms = dataplane->now_ms;
	c->line = 0;
	c->retransmits = 0;
	connection_stage(dataplane, c, STAGE_REFUSED);
	connection_delay(dataplane, c, DELAY_1S);
	if (text_length(dataplane, c) > said)
		send_text(dataplane, c, said);
	else
		send_control(dataplane, c, c->snd_una + text_unacknowledged(dataplane, c), TCP_ACK);
}

static void read_lines(struct connection *c, const uint8_t *bytes, uint32_t length)
{
	static const char quit[] = "QUIT";
	for (uint32_t i = 0; i < length && !(c->flags & CONNECTION_CLOSE); i++) {
		uint8_t byte = bytes[i];
		if (byte == '\n') {
			if (c->line == 4)
				c->flags |= CONNECTION_BYE | CONNECTION_CLOSE;
			else if (++c->replies == REFUSED_REPLIES)
				c->flags |= CONNECTION_CLOSE;
			c->line = 0;
		} else if (c->line < 4) {
			c->line = (byte & 0xdf) == quit[c->line] ? c->line + 1 : LINE_OTHER;
		} else if (c->line == 4 && byte != '\r' && byte != ' ') {
			c->line = LINE_OTHER;
		}
	}
}

// Everything is said and heard: close, after the client if it likes.
static void leave(struct dataplane *dataplane, struct connection *c)
{
	if (c->flags & CONNECTION_PEER_FIN)
		closing_start(dataplane, c);
	else
		closing_linger(dataplane, c);
}

enum bs_reason refused_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	enum bs_reason reason = BS_REASON_ACCEPTED;
	uint32_t snd_max = c->snd_una + text_unacknowledged(dataplane, c);
	if (!segment_goes_on(dataplane, c, frame, snd_max, connection_release, &reason))
		return reason;
	text_acknowledge(dataplane, c, frame);
	struct payload p = segment_payload(frame, c->rcv_nxt, RECORD_WINDOW);
	uint32_t said = text_length(dataplane, c);
	if ((p.length > 0 || p.fin) && p.sequence == c->rcv_nxt &&
		!(c->flags & CONNECTION_PEER_FIN)) {
		c->rcv_nxt += p.length + p.fin;
		read_lines(c, p.bytes, p.length);
		if (p.fin)
			c->flags |= CONNECTION_PEER_FIN | CONNECTION_CLOSE;
	}
	bool done = c->flags & CONNECTION_CLOSE && text_unacknowledged(dataplane, c) == 0;
	if (text_length(dataplane, c) > said)
		send_text(dataplane, c, said);
	else if ((p.length > 0 || p.fin) && !(done && c->flags & CONNECTION_PEER_FIN))
		send_control(dataplane, c, snd_max, TCP_ACK); // else our FIN carries it
	if (done)
		leave(dataplane, c);
	return BS_REASON_ACCEPTED;
}

void refused_expired(struct dataplane *dataplane, struct connection *c)
{
	if (text_unacknowledged(dataplane, c) > 0) {
		if (c->retransmits == REFUSED_RETRANSMITS) {
			dataplane->counters->timeouts++;
			closing_reset(dataplane, c, c->snd_una);
			return;
		}
		c->retransmits++;
		dataplane->counters->retransmits++;
		send_text(dataplane, c, c->text_position);
	} else if (dataplane->now_ms - c->opened_ms >= REFUSED_MS) {
		closing_start(dataplane, c);
		return;
	}
	connection_delay(dataplane, c, DELAY_1S);
}
