// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/handshake.h"

#include <rte_ether.h>
#include <rte_mbuf.h>

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

// The key that sources are hashed under: of the table that is asked about them, or there is none.
static const struct siphash_key *source_key(const struct dataplane *dataplane)
{
	return dataplane->sources != NULL ? bs_sources_key(dataplane->sources)
					  : &dataplane->syn_rates->key;
}

// One hash of a source serves its rate and its standing. A stage of its own in a profile.
static __attribute__((noinline)) void sources_fetch(const struct dataplane *dataplane,
	struct frame *const *syns, struct bs_source_looks *looks, unsigned count, bool asks)
{
	const struct bs_address *source[BURST];
	for (unsigned i = 0; i < count; i++)
		source[i] = &syns[i]->source;
	bs_source_hash_bulk(source_key(dataplane), source, looks, count);
	for (unsigned i = 0; i < count; i++)
		syns[i]->rate = syn_rate_bucket(dataplane->syn_rates, looks->keys.hash[i]);
	if (asks)
		bs_source_fetch_bulk(dataplane->sources, looks, count);
}

// The room for records went with an earlier frame of the burst.
static __attribute__((noinline)) void stand(const struct dataplane *dataplane, struct frame *syn)
{
	struct bs_source_looks looks;
	sources_fetch(dataplane, &syn, &looks, 1, true);
	bs_source_look_bulk(dataplane->sources, &looks, 1);
	judge_prepare(dataplane, &looks, &syn, 1);
}

void handshake_prepare(struct dataplane *dataplane, struct frame *const *frames, unsigned count)
{
	struct frame *syn[BURST], *both[BURST];
	struct bs_source_looks looks;
	unsigned syns = 0, all = 0;
	bool acks = handshake_expects_cookies(dataplane);
	bool asks = judge_asks(dataplane, !cache_has_room(dataplane, false));
	for (unsigned i = 0; i < count; i++) {
		bool opens = frame_opens(frames[i]);
		bool hashed = opens || (acks && may_complete(frames[i]));
		syn[syns] = both[all] = frames[i];
		syns += opens;
		all += hashed;
		frames[i]->prepared = hashed ? dataplane->cookies.mark : 0;
		// It is written when the SYN becomes its answer, and nobody has touched it yet.
		if (opens && frames[i]->mbuf != NULL)
			rte_mbuf_prefetch_part2(frames[i]->mbuf);
	}
	if (syns > 0)
		sources_fetch(dataplane, syn, &looks, syns, asks);
	// While memory answers the one question cookies are worked out, and the other half of them while it answers the next.
	unsigned half = all / 16 * 8;
	if (half > 0)
		cookie_prepare(&dataplane->cookies, both, half);
	if (syns > 0 && asks)
		bs_source_look_bulk(dataplane->sources, &looks, syns);
	if (all > 0)
		cookie_prepare(&dataplane->cookies, both + half, all - half);
	if (syns > 0 && asks)
		judge_prepare(dataplane, &looks, syn, syns);
}

// RFC 9293, 3.10.7.4 (TIME-WAIT, MAY-2): the new connection begins beyond the old one, else segments of that could be taken for its own. By
// how much nobody knows (RFC 6528).
#define BEYOND_LEAST 65536u
#define BEYOND_MOST  0x0fffffffu

static uint32_t beyond(uint32_t cookie, uint32_t past)
{
	return sequence_after(cookie, past) ? cookie : past + BEYOND_LEAST + (cookie & BEYOND_MOST);
}

// What holds for all SYNs until one of them takes a record.
struct gate {
	bool asks; // how sources stand
	bool room; // for a record of anybody
	bool kept; // for one of the good
};

static struct gate gate_of(const struct dataplane *dataplane)
{
	bool room = cache_has_room(dataplane, false);
	return (struct gate){.asks = judge_asks(dataplane, !room),
		.room = room,
		.kept = cache_has_room(dataplane, true)};
}

static __attribute__((noinline)) bool remember(
	struct dataplane *dataplane, const struct frame *frame, uint32_t sequence)
{
	struct connection *c = connection_take(
		dataplane, &frame->source, frame->source_port, frame->local);
	if (c == NULL)
		return false;
	c->rcv_nxt = frame->sequence + 1;
	c->snd_una = sequence;
	c->options = frame->offered;
	c->class = frame->class;
	c->link = link_hold(dataplane->links, frame->bytes + RTE_ETHER_ADDR_LEN);
	connection_delay(dataplane, c, DELAY_1S);
	return true;
}

// Cookies come into use. The numbers of connections that have ended until now were records' and are not remembered as spent
// (connection_release()): from here on they open nothing.
static __attribute__((noinline)) uint32_t first_cookie(
	struct dataplane *dataplane, struct frame *frame)
{
	cookies_renew(&dataplane->cookies);
	handshake_prepare(dataplane, &frame, 1);
	return cookie_of(&dataplane->cookies, frame);
}

// What becomes of a SYN.
enum opening { OPENING_RECORD, OPENING_COOKIE, OPENING_VERDICT, OPENINGS };

// And the sequence number of its answer. `past`: handshake_syn_again(), or NULL. A cookie says where it begins and might be less; so who was
// in TIME_WAIT has the record that was his.
static inline __attribute__((always_inline)) enum opening open_half(struct dataplane *dataplane,
	const struct port *port, const struct gate *gate, struct frame *frame, const uint32_t *past,
	uint32_t *sequence)
{
	// Again, when an earlier one of the burst got the first cookie of an era.
	if (unlikely(frame->prepared != dataplane->cookies.mark))
		handshake_prepare(dataplane, &frame, 1);
	bool good = judge_spares(dataplane, frame->class);
	if (gate->asks && !good) {
		if (unlikely(!frame->stood))
			stand(dataplane, frame);
		good = frame->standing.known;
		if (unlikely(frame->standing.verdict != BS_VERDICT_NONE) &&
			judge_acts(dataplane, frame->standing.verdict))
			return OPENING_VERDICT;
	}
	*sequence = cookie_of(&dataplane->cookies, frame);
	bool slow = syn_rate_take(
		dataplane->syn_rates, frame->rate, port->queues, dataplane->now_ms);
	bool room = gate->room || (good && gate->kept);
	if ((slow && room) || past != NULL) {
		uint32_t begin = past != NULL ? beyond(*sequence, *past) : *sequence;
		if (remember(dataplane, frame, begin)) {
			*sequence = begin;
			return OPENING_RECORD;
		}
	}
	if (unlikely(!handshake_expects_cookies(dataplane)))
		*sequence = first_cookie(dataplane, frame);
	dataplane->last_cookie_ms = dataplane->clock_ms;
	return OPENING_COOKIE;
}

static void count_openings(struct dataplane *dataplane, const uint32_t opening[OPENINGS])
{
	struct bs_dataplane_counters *counters = dataplane->counters;
	counters->syn_received += (uint64_t)opening[OPENING_RECORD] + opening[OPENING_COOKIE];
	counters->syn_cookies += opening[OPENING_COOKIE];
}

unsigned handshake_syns(struct dataplane *dataplane, const struct port *port,
	struct frame *const *frames, unsigned count)
{
	struct gate gate = gate_of(dataplane);
	struct frame *answered[BURST];
	uint32_t sequence[BURST], opening[OPENINGS] = {0};
	uint64_t *reason = dataplane->counters->reason;
	unsigned done = 0, answers = 0;
	if (*dataplane->draining) {
		reason[BS_REASON_SYN_DRAINING] += count;
		return count;
	}
	while (done < count && opening[OPENING_RECORD] == 0) {
		struct frame *frame = frames[done++];
		enum opening what = open_half(
			dataplane, port, &gate, frame, NULL, &sequence[answers]);
		opening[what]++;
		answered[answers] = frame;
		answers += what != OPENING_VERDICT;
	}
	count_openings(dataplane, opening);
	reason[BS_REASON_ACCEPTED] += answers;
	reason[BS_REASON_SYN_VERDICT] += opening[OPENING_VERDICT];
	send_syn_acks(dataplane, port, answered, sequence, answers);
	return done;
}

static enum bs_reason open_one(struct dataplane *dataplane, const struct port *port,
	struct frame *frame, const uint32_t *past)
{
	if (*dataplane->draining)
		return BS_REASON_SYN_DRAINING;
	struct gate gate = gate_of(dataplane);
	uint32_t sequence, opening[OPENINGS] = {0};
	enum opening what = open_half(dataplane, port, &gate, frame, past, &sequence);
	opening[what]++;
	count_openings(dataplane, opening);
	if (what == OPENING_VERDICT)
		return BS_REASON_SYN_VERDICT;
	send_syn_acks(dataplane, port, &frame, &sequence, 1);
	return BS_REASON_ACCEPTED;
}

enum bs_reason handshake_syn(
	struct dataplane *dataplane, const struct port *port, struct frame *frame)
{
	return open_one(dataplane, port, frame, NULL);
}

enum bs_reason handshake_syn_again(
	struct dataplane *dataplane, const struct port *port, struct frame *frame, uint32_t past)
{
	return open_one(dataplane, port, frame, &past);
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
