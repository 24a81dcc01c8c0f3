// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/stutter.h"

#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"

// Where the policy does not say how many, a tenth of the records: who has many addresses must not fill the table with his own
// refusals.
#define STUTTER_SHARE 10u
// The same byte so many times: the client is gone.
#define STUTTER_RETRANSMITS 10u

static uint32_t most(const struct dataplane *dataplane)
{
	uint32_t stutters = dataplane->policy->stutters;
	return stutters != 0 ? (stutters + dataplane->lcores - 1) / dataplane->lcores
			     : dataplane->connections->capacity / STUTTER_SHARE;
}

bool stutter_begin(struct dataplane *dataplane, struct connection *c, enum bs_template_number text)
{
	if (dataplane->stress != 0 || dataplane->counters->stuttering >= most(dataplane) ||
		text_unacknowledged(dataplane, c) >
			0) // a teaser: it is not said again a byte at a time
		return false;
	dataplane->counters->stutters++;
	text_begin(dataplane, c, text);
	connection_stage(dataplane, c, STAGE_STUTTER);
	c->opened_ms = dataplane->now_ms;
	c->slow = 1;
	c->retransmits = 0;
	c->line = 1;
	send_text(dataplane, c, 0);
	connection_delay(dataplane, c, DELAY_1S);
	return true;
}

// The rest of it at once.
static void hurry(struct dataplane *dataplane, struct connection *c, uint8_t flags)
{
	refuse(dataplane, c, BS_TEMPLATE_NONE, flags);
}

enum bs_reason stutter_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	enum bs_reason reason = BS_REASON_ACCEPTED;
	uint32_t snd_max = c->snd_una + text_unacknowledged(dataplane, c);
	if (!segment_goes_on(dataplane, c, frame, snd_max, connection_release, &reason))
		return reason;
	if (text_acknowledge(dataplane, c, frame))
		c->line = 0;
	// Whatever the client says is thrown away: it was told nothing yet that could be answered.
	struct payload p = segment_payload(frame, c->rcv_nxt, RECORD_WINDOW);
	bool in_order = p.sequence == c->rcv_nxt;
	if (in_order)
		c->rcv_nxt += p.length;
	if (in_order && p.fin) {
		c->rcv_nxt++;
		c->flags |= CONNECTION_PEER_FIN;
		hurry(dataplane, c, CONNECTION_CLOSE);
	} else if (p.length > 0 || p.fin) {
		send_control(dataplane, c, c->snd_una + c->line, TCP_ACK);
	}
	return BS_REASON_ACCEPTED;
}

void stutter_expired(struct dataplane *dataplane, struct connection *c)
{
	if (*dataplane->draining || dataplane->stress != 0) {
		hurry(dataplane, c, CONNECTION_CLOSE);
		return;
	}
	if (c->text_position == text_whole(dataplane, c) ||
		dataplane->now_ms - c->opened_ms >= dataplane->policy->stutter_ms) {
		hurry(dataplane, c, 0);
		return;
	}
	if (c->line != 0) {
		if (c->retransmits == STUTTER_RETRANSMITS) {
			dataplane->counters->timeouts++;
			closing_reset(dataplane, c, c->snd_una);
			return;
		}
		c->retransmits++;
		dataplane->counters->retransmits++;
	}
	c->line = 1;
	send_text(dataplane, c, c->text_position);
	connection_delay(dataplane, c, DELAY_1S);
}
