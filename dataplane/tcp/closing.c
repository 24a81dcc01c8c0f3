// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/closing.h"

#include "dataplane/tcp/handshake.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/window.h"

// A FIN sent again after 1, 2, 4, 8, 16 s: half a minute, then the client is left alone.
#define FIN_RETRANSMITS 5

static bool fin_under_way(const struct connection *c)
{
	return c->stage == STAGE_FIN_WAIT_1 || c->stage == STAGE_CLOSING ||
	       c->stage == STAGE_LAST_ACK;
}

static uint32_t snd_nxt(const struct connection *c)
{
	return c->snd_una + fin_under_way(c);
}

void closing_linger(struct dataplane *dataplane, struct connection *c)
{
	connection_stage(dataplane, c, STAGE_LINGER);
	connection_delay(dataplane, c, DELAY_1S);
}

void closing_start(struct dataplane *dataplane, struct connection *c)
{
	connection_stage(
		dataplane, c, c->flags & CONNECTION_PEER_FIN ? STAGE_LAST_ACK : STAGE_FIN_WAIT_1);
	c->retransmits = 0;
	send_control(dataplane, c, c->snd_una, TCP_FIN | TCP_ACK);
	connection_delay(dataplane, c, DELAY_RTO_FIRST);
}

void closing_reset(struct dataplane *dataplane, struct connection *c, uint32_t sequence)
{
	dataplane->counters->resets_sent++;
	send_control(dataplane, c, sequence, TCP_RST | TCP_ACK);
	connection_release(dataplane, c);
}

// What is left is that its cookie is spent: to everything else there is no such connection.
static enum bs_reason spent_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame, bool *reopen)
{
	if (frame_opens(frame)) {
		connection_release(dataplane, c);
		*reopen = true;
		return BS_REASON_ACCEPTED;
	}
	if (frame->flags & TCP_RST)
		return BS_REASON_TCP_RESET_STRAY;
	if (!(frame->flags & (TCP_ACK | TCP_SYN)))
		return BS_REASON_TCP_NO_ACK;
	handshake_reset(dataplane, &dataplane->ports->port[frame->port], frame);
	return BS_REASON_TCP_STRAY;
}

// RFC 9293, 3.10.7.4, TIME-WAIT; RFC 1337: a RST must not end it.
static enum bs_reason time_wait_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame, bool *reopen)
{
	if (c->line != 0)
		return spent_input(dataplane, c, frame, reopen);
	if (frame->flags & TCP_RST)
		return BS_REASON_TCP_RESET;
	if ((frame->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
		sequence_after(frame->sequence, c->rcv_nxt)) {
		connection_release(dataplane, c);
		*reopen = true;
		return BS_REASON_ACCEPTED;
	}
	bool again = (frame->flags & TCP_FIN) != 0;
	if (again)
		connection_delay(dataplane, c, DELAY_TIME_WAIT);
	if (again)
		send_control(dataplane, c, c->snd_una, TCP_ACK);
	else if (frame->payload_length > 0 || frame->flags & TCP_SYN)
		segment_challenge(dataplane, c, c->snd_una);
	return again ? BS_REASON_ACCEPTED : BS_REASON_TCP_WINDOW;
}

static void fin_acknowledged(struct dataplane *dataplane, struct connection *c)
{
	c->snd_una++;
	if (c->stage == STAGE_FIN_WAIT_1) {
		connection_stage(dataplane, c, STAGE_FIN_WAIT_2);
		connection_delay(dataplane, c, DELAY_64S);
	} else {
		connection_time_wait(dataplane, c, false);
	}
}

static void fin_received(struct dataplane *dataplane, struct connection *c)
{
	c->rcv_nxt++;
	c->flags |= CONNECTION_PEER_FIN;
	if (c->stage == STAGE_LINGER) {
		closing_start(dataplane, c); // its FIN carries the acknowledgement
		return;
	}
	send_control(dataplane, c, snd_nxt(c), TCP_ACK);
	if (c->stage == STAGE_FIN_WAIT_1)
		connection_stage(dataplane, c, STAGE_CLOSING);
	else if (c->stage == STAGE_FIN_WAIT_2)
		connection_time_wait(dataplane, c, false);
}

enum bs_reason closing_input(
	struct dataplane *dataplane, struct connection *c, const struct frame *frame, bool *reopen)
{
	*reopen = false;
	if (c->stage == STAGE_TIME_WAIT)
		return time_wait_input(dataplane, c, frame, reopen);
	enum bs_reason reason = BS_REASON_ACCEPTED;
	if (!segment_goes_on(dataplane, c, frame, snd_nxt(c), connection_release, &reason))
		return reason;
	if (fin_under_way(c) && frame->acknowledgement == c->snd_una + 1) {
		if (c->stage == STAGE_LAST_ACK) {
			connection_release(dataplane, c);
			return BS_REASON_ACCEPTED;
		}
		fin_acknowledged(dataplane, c);
	}
	if (c->flags & CONNECTION_PEER_FIN)
		return BS_REASON_ACCEPTED;
	struct payload p = segment_payload(frame, c->rcv_nxt, window_of_record(c));
	if (p.sequence == c->rcv_nxt)
		c->rcv_nxt += p.length;
	if (p.fin && p.sequence + p.length == c->rcv_nxt)
		fin_received(dataplane, c);
	else if (p.length > 0 || p.fin)
		send_control(dataplane, c, snd_nxt(c), TCP_ACK);
	return BS_REASON_ACCEPTED;
}

void closing_expired(struct dataplane *dataplane, struct connection *c)
{
	if (c->stage == STAGE_LINGER) {
		closing_start(dataplane, c);
	} else if (fin_under_way(c) && c->retransmits < FIN_RETRANSMITS) {
		c->retransmits++;
		dataplane->counters->retransmits++;
		send_control(dataplane, c, c->snd_una, TCP_FIN | TCP_ACK);
		connection_delay(dataplane, c, DELAY_RTO_FIRST + c->retransmits);
	} else {
		if (fin_under_way(c))
			dataplane->counters->timeouts++;
		connection_release(dataplane, c);
	}
}
