// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/segment.h"

#include <rte_ether.h>

#include "dataplane/neighbour/link.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/window.h"

static uint32_t segment_length(const struct frame *frame)
{
	return frame->payload_length + ((frame->flags & TCP_SYN) != 0) +
	       ((frame->flags & TCP_FIN) != 0);
}

bool segment_acceptable(const struct frame *frame, uint32_t rcv_nxt, uint32_t window)
{
	uint32_t first = frame->sequence - rcv_nxt; // distance into the window
	uint32_t length = segment_length(frame);
	if (window == 0)
		return first == 0 || (first == 1 && length == 0);
	if (length == 0)
		return first < window;
	return first < window || first + length - 1 < window;
}

struct payload segment_payload(const struct frame *frame, uint32_t rcv_nxt, uint32_t window)
{
	struct payload p = {
		.bytes = frame->bytes + frame->payload,
		.sequence = frame->sequence,
		.length = frame->payload_length,
		.fin = (frame->flags & TCP_FIN) != 0,
	};
	if (sequence_before(p.sequence, rcv_nxt)) {
		uint32_t old = rcv_nxt - p.sequence;
		if (old > p.length) { // all of it old, and the FIN too
			p.fin = false;
			old = p.length;
		}
		p.bytes += old;
		p.length -= old;
		p.sequence = rcv_nxt;
	}
	uint32_t room = rcv_nxt + window - p.sequence;
	if (p.length > room) {
		p.length = room;
		p.fin = false;
	}
	return p;
}

// An ACK that states where we are.
static void state_ack(struct dataplane *dataplane, struct connection *c, uint32_t snd_max)
{
	if (c->stage == STAGE_TALKING)
		send_talk(dataplane, c, snd_max, 0, 0);
	else
		send_control(dataplane, c, snd_max, TCP_ACK);
}

void segment_challenge(struct dataplane *dataplane, struct connection *c, uint32_t snd_max)
{
	if (challenge_take(dataplane, c))
		state_ack(dataplane, c, snd_max);
}

// The answer to a segment out of the window. Bytes sent again are owed theirs: the client has lost ours.
static void answer_outside(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, uint32_t snd_max)
{
	bool again = frame->payload_length > 0 || frame->flags & TCP_FIN;
	if (again && !(frame->flags & TCP_SYN))
		state_ack(dataplane, c, snd_max);
	else
		segment_challenge(dataplane, c, snd_max);
}

enum segment_verdict segment_check(struct dataplane *dataplane, struct connection *c,
	const struct frame *frame, uint32_t window, uint32_t snd_max, enum bs_reason *reason)
{
	// First: sequence number. A RST is judged by RFC 5961, 3.2, below.
	if (!(frame->flags & TCP_RST) && !segment_acceptable(frame, c->rcv_nxt, window)) {
		*reason = BS_REASON_TCP_WINDOW;
		answer_outside(dataplane, c, frame, snd_max);
		return SEGMENT_DONE;
	}
	// Second: RST. Only the exact number ends the connection; one inside the window is challenged.
	if (frame->flags & TCP_RST) {
		if (frame->sequence == c->rcv_nxt) {
			dataplane->counters->resets_received++;
			return SEGMENT_RESET;
		}
		*reason = BS_REASON_TCP_RESET;
		if (frame->sequence - c->rcv_nxt < window)
			segment_challenge(dataplane, c, snd_max);
		return SEGMENT_DONE;
	}
	// Fourth: SYN. RFC 5961, 4.2: challenge, whatever its number.
	if (frame->flags & TCP_SYN) {
		*reason = BS_REASON_TCP_SYN;
		segment_challenge(dataplane, c, snd_max);
		return SEGMENT_DONE;
	}
	// Fifth: ACK. RFC 5961, 5.2: not of what was never sent, nor of what is older than a window could be.
	if (!(frame->flags & TCP_ACK)) {
		*reason = BS_REASON_TCP_NO_ACK;
		return SEGMENT_DONE;
	}
	if (sequence_after(frame->acknowledgement, snd_max) ||
		sequence_before(frame->acknowledgement, c->snd_una - OLDEST_ACK)) {
		*reason = BS_REASON_TCP_ACK;
		segment_challenge(dataplane, c, snd_max);
		return SEGMENT_DONE;
	}
	link_follow(dataplane, c, frame->bytes + RTE_ETHER_ADDR_LEN);
	return SEGMENT_GO_ON;
}

bool segment_goes_on(struct dataplane *dataplane, struct connection *c, const struct frame *frame,
	uint32_t snd_max, segment_reset *reset, enum bs_reason *reason)
{
	enum segment_verdict verdict = segment_check(
		dataplane, c, frame, window_of_record(c), snd_max, reason);
	if (verdict == SEGMENT_RESET)
		reset(dataplane, c);
	return verdict == SEGMENT_GO_ON;
}
