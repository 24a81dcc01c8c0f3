// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/handshake.h"

#include <rte_ether.h>

#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/overload.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/syn_rate.h"
#include "dataplane/tcp/syn_ack.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/waiting.h"
#include "dataplane/tcp/window.h"

// SYN-ACK sent again after 1, 2 and 4 s, given up 8 s later: 15 s as a whole.
#define SYN_ACK_RETRANSMITS 3

enum bs_reason handshake_filter(const struct dataplane *dataplane, uint8_t class)
{
	switch (dataplane->policy->class[class].action) {
	case BS_ACTION_BOGON:
		return BS_REASON_SYN_BOGON;
	case BS_ACTION_OWN:
		return BS_REASON_SYN_OWN;
	case BS_ACTION_DROP:
		return BS_REASON_SYN_LISTED;
	default:
		return BS_REASON_ACCEPTED;
	}
}

// A quarter of the SYN cache is kept for those on an allow list, for relays that we trust, and for sources that behaved.
static bool cache_has_room(const struct dataplane *dataplane, bool good)
{
	uint32_t limit = dataplane->connections->half_open_limit;
	if (!good)
		limit -= limit / 4;
	return dataplane->counters->half_open < limit;
}

// Without a cookie that went out without a record, an ACK that fits is an old one come late: nothing is looked for.
bool handshake_expects_cookies(const struct dataplane *dataplane)
{
	return dataplane->last_cookie_ms != 0 &&
	       dataplane->clock_ms - dataplane->last_cookie_ms <= COOKIE_LIFETIME_MS;
}

static bool may_complete(const struct frame *frame)
{
	return (frame->flags & (TCP_ACK | TCP_SYN | TCP_RST)) == TCP_ACK;
}

void handshake_prepare(struct dataplane *dataplane, struct frame *const *frames, unsigned count)
{
	struct frame *syn[BURST], *both[BURST];
	unsigned syns = 0, all = 0;
	bool acks = handshake_expects_cookies(dataplane);
	for (unsigned i = 0; i < count; i++) {
		bool opens = frame_opens(frames[i]);
		syn[syns] = both[all] = frames[i];
		syns += opens;
		all += opens || (acks && may_complete(frames[i]));
	}
	if (syns > 0) {
		syn_rate_prepare(dataplane->syn_rates, syn, syns);
		judge_prepare(dataplane, syn, syns, !cache_has_room(dataplane, false));
	}
	if (all > 0)
		cookie_prepare(&dataplane->cookies, both, all);
	for (unsigned i = 0; i < all; i++)
		both[i]->prepared = true;
}

// RFC 9293, 3.10.7.4 (TIME-WAIT, MAY-2): the new connection begins beyond the old one, else segments of that could be taken for its own. By
// how much nobody knows (RFC 6528).
#define BEYOND_LEAST 65536u
#define BEYOND_MOST  0x0fffffffu

static uint32_t beyond(uint32_t cookie, uint32_t past)
{
	return sequence_after(cookie, past) ? cookie : past + BEYOND_LEAST + (cookie & BEYOND_MOST);
}

// `past`: handshake_syn_again(), or NULL. A SYN that gets a cookie begins where that says.
static enum bs_reason open_half(struct dataplane *dataplane, const struct port *port,
	struct frame *frame, const uint32_t *past)
{
	if (*dataplane->draining)
		return BS_REASON_SYN_DRAINING;
	bool good, room = cache_has_room(dataplane, false);
	if (judge_drops(dataplane, frame, !room, &good))
		return BS_REASON_SYN_VERDICT;
	room = room || (good && cache_has_room(dataplane, true));
	dataplane->counters->syn_received++;
	if (!frame->prepared)
		handshake_prepare(dataplane, &frame, 1);

	uint32_t sequence = cookie_of(&dataplane->cookies, frame);
	struct connection *c = NULL;
	if (syn_rate_take(dataplane->syn_rates, frame, port->queues, dataplane->now_ms) && room)
		c = connection_take(dataplane, &frame->source, frame->source_port, frame->local);
	if (c != NULL) {
		if (past != NULL)
			sequence = beyond(sequence, *past);
		c->rcv_nxt = frame->sequence + 1;
		c->snd_una = sequence;
		c->options = frame->offered;
		c->class = frame->class;
		c->link = link_hold(dataplane->links, frame->bytes + RTE_ETHER_ADDR_LEN);
		connection_delay(dataplane, c, DELAY_1S);
	} else {
		dataplane->counters->syn_cookies++;
		dataplane->last_cookie_ms = dataplane->clock_ms;
	}
	send_syn_ack(dataplane, port, frame, sequence);
	return BS_REASON_ACCEPTED;
}

enum bs_reason handshake_syn(
	struct dataplane *dataplane, const struct port *port, struct frame *frame)
{
	return open_half(dataplane, port, frame, NULL);
}

enum bs_reason handshake_syn_again(
	struct dataplane *dataplane, const struct port *port, struct frame *frame, uint32_t past)
{
	return open_half(dataplane, port, frame, &past);
}

void handshake_reset(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	uint8_t class;
	if (!bucket_has(&dataplane->resets, dataplane->now_ms))
		return;
	bs_policy_classify(dataplane->policy, &frame->source, &class, 1);
	if (handshake_filter(dataplane, class) == BS_REASON_ACCEPTED)
		send_reset(dataplane, port, frame);
}

static bool completes(struct dataplane *dataplane, struct frame *frame, uint8_t *options)
{
	if (!may_complete(frame) || !handshake_expects_cookies(dataplane))
		return false;
	if (!frame->prepared)
		handshake_prepare(dataplane, &frame, 1);
	return cookie_check(frame, options);
}

enum bs_reason handshake_stray(
	struct dataplane *dataplane, const struct port *port, struct frame *frame)
{
	if (frame->flags & TCP_RST)
		return BS_REASON_TCP_RESET_STRAY;
	// RFC 9293, 3.10.7.2: to a listener it is dropped.
	if (!(frame->flags & (TCP_ACK | TCP_SYN)))
		return BS_REASON_TCP_NO_ACK;
	uint8_t options;
	if (!completes(dataplane, frame, &options)) {
		handshake_reset(dataplane, port, frame);
		return BS_REASON_TCP_STRAY;
	}
	uint8_t class;
	bs_policy_classify(dataplane->policy, &frame->source, &class, 1);
	enum bs_reason reason = handshake_filter(dataplane, class);
	if (reason != BS_REASON_ACCEPTED)
		return reason;
	struct connection *c = connection_take(
		dataplane, &frame->source, frame->source_port, frame->local);
	if (c == NULL && overload_make_room(dataplane, &frame->source, class))
		c = connection_take(dataplane, &frame->source, frame->source_port, frame->local);
	if (c == NULL)
		return BS_REASON_SYN_NO_RECORD; // the client will send again, and the cookie is good for a while
	dataplane->counters->cookies_accepted++;
	c->rcv_nxt = frame->sequence;
	c->snd_una = frame->acknowledgement;
	c->options = options;
	c->class = class;
	c->link = link_hold(dataplane->links, frame->bytes + RTE_ETHER_ADDR_LEN);
	return waiting_open(dataplane, c, frame);
}

// RFC 9293, 3.10.7.4, for SYN-RECEIVED.
enum bs_reason handshake_input(struct dataplane *dataplane, const struct port *port,
	struct connection *c, const struct frame *frame)
{
	if (frame->flags & TCP_RST) {
		if (frame->sequence != c->rcv_nxt)
			return BS_REASON_TCP_RESET;
		dataplane->counters->resets_received++;
		connection_release(dataplane, c);
		return BS_REASON_ACCEPTED;
	}
	if (frame->flags & TCP_SYN) {
		if (frame->flags & TCP_ACK || frame->sequence + 1 != c->rcv_nxt) {
			// RFC 5961, 4: a true peer that began anew answers this with a RST, and tries again.
			segment_challenge(dataplane, c, c->snd_una + 1);
			return BS_REASON_TCP_SYN;
		}
		send_syn_ack_again(dataplane, c);
		return BS_REASON_ACCEPTED;
	}
	if (!(frame->flags & TCP_ACK))
		return BS_REASON_TCP_NO_ACK;
	if (frame->acknowledgement != c->snd_una + 1) {
		send_reset(dataplane, port, frame);
		return BS_REASON_TCP_ACK;
	}
	if (!segment_acceptable(frame, c->rcv_nxt, RECORD_WINDOW)) {
		segment_challenge(dataplane, c, c->snd_una + 1);
		return BS_REASON_TCP_WINDOW;
	}
	c->snd_una++;
	c->retransmits = c->retransmits > 0; // RFC 6298, 5.7: the greeting heeds it
	return waiting_open(dataplane, c, frame);
}

void handshake_expired(struct dataplane *dataplane, struct connection *c)
{
	if (c->retransmits == SYN_ACK_RETRANSMITS) {
		connection_release(dataplane, c); // never was a connection: no notice
		return;
	}
	c->retransmits++;
	dataplane->counters->retransmits++;
	send_syn_ack_again(dataplane, c);
	connection_delay(dataplane, c, DELAY_RTO_FIRST + c->retransmits);
}
