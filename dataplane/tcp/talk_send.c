// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/talk_send.h"

#include "dataplane/tcp/sequence.h"
#include "dataplane/tcp/tcp_send.h"

// RFC 1122, 4.2.3.5: at least 100 s. 1 + 2 + 4 + ... + 64 s.
#define RETRANSMITS 6
// Once the worker has let go, a client has so long to take the rest, whether he acknowledges nothing or byte after byte; and so long if
// his window is closed then, also if it was open in between.
#define LET_GO_MS        100000u
#define LET_GO_CLOSED_MS 5000u
#define DUPLICATES       3  // RFC 5681, 3.2
#define SACK_ROOM        36 // option bytes of four ranges

static uint32_t ring_head(const struct dataplane *dataplane, const struct connection *c)
{
	struct bs_stream *stream = &dataplane->streams->stream[c->block];
	return block_talk(stream)->tx_base +
	       atomic_load_explicit(&stream->tx_head, memory_order_acquire);
}

uint32_t talk_unsent(const struct dataplane *dataplane, const struct connection *c)
{
	const struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	return ring_head(dataplane, c) - talk->snd_max;
}

bool talk_has_room(struct bs_stream *stream)
{
	return atomic_load_explicit(&stream->tx_head, memory_order_acquire) -
		       atomic_load_explicit(&stream->tx_tail, memory_order_relaxed) <
	       BS_STREAM_TX;
}

// RFC 6298, 2: smoothed round-trip time, then the class that is not shorter.
static void round_trip(struct talk *talk, uint32_t measured_ms)
{
	if (talk->srtt == 0) {
		talk->srtt = measured_ms * 8;
		talk->rttvar = measured_ms * 2;
	} else {
		uint32_t srtt = talk->srtt / 8;
		uint32_t off = srtt > measured_ms ? srtt - measured_ms : measured_ms - srtt;
		talk->rttvar += off - talk->rttvar / 4;
		talk->srtt += measured_ms - srtt;
	}
}

static void rto_from_round_trip(struct talk *talk)
{
	uint32_t rto = talk->srtt / 8 + (talk->rttvar > 10 ? talk->rttvar : 10);
	talk->rto = DELAY_RTO_FIRST;
	while (talk->rto < DELAY_RTO_LAST && 1000u << (talk->rto - DELAY_RTO_FIRST) < rto)
		talk->rto++;
}

static void arm(struct dataplane *dataplane, struct connection *c, const struct talk *talk)
{
	connection_delay(dataplane, c, talk->rto);
}

static bool armed(const struct connection *c)
{
	return c->delay >= DELAY_RTO_FIRST && c->delay <= DELAY_RTO_LAST;
}

// RFC 9293, 3.10.7.4: only a segment that is not older than the last may change the window. Bytes sent again by the client may
// bring a new acknowledgement under an old number: its window goes with it, or ours would reach beyond what he has.
static void take_window(struct dataplane *dataplane, struct connection *c, struct talk *talk,
	const struct frame *frame)
{
	if (!sequence_after(frame->acknowledgement, c->snd_una) &&
		(sequence_after(talk->snd_wl1, frame->sequence) ||
			(talk->snd_wl1 == frame->sequence &&
				sequence_after(talk->snd_wl2, frame->acknowledgement))))
		return;
	uint32_t window = (uint32_t)frame->window << talk->send_shift;
	if (talk->snd_wnd == 0 && window > 0) {
		talk->snd_nxt = c->snd_una; // the byte that probed the closed window was not taken
		talk->flags &= (uint8_t)~TALK_TIMING; // and measured how long it was closed
		rto_from_round_trip(talk);            // the backoff was the probes'
		if (armed(c) && c->delay > talk->rto)
			arm(dataplane, c, talk);
	}
	talk->snd_wnd = window;
	talk->snd_wl1 = frame->sequence;
	talk->snd_wl2 = frame->acknowledgement;
}

static void new_acknowledgement(
	struct dataplane *dataplane, struct connection *c, struct bs_stream *stream, uint32_t ack)
{
	struct talk *talk = block_talk(stream);
	uint32_t count = ack - c->snd_una;
	c->snd_una = ack;
	c->retransmits = 0;
	talk->duplicates = 0;
	talk->cwnd += count < talk->mss ? count : talk->mss;
	if (sequence_before(talk->snd_nxt, ack))
		talk->snd_nxt = ack;
	if (talk->flags & TALK_TIMING && !sequence_before(ack, talk->timed)) {
		talk->flags &= (uint8_t)~TALK_TIMING;
		round_trip(talk, dataplane->now_ms - talk->timed_ms);
	}
	rto_from_round_trip(talk);
	atomic_store_explicit(&stream->tx_tail, ack - talk->tx_base, memory_order_release);
	if (talk->flags & TALK_WANTS_ROOM) {
		talk->flags &= (uint8_t)~TALK_WANTS_ROOM;
		bs_stream_raise(dataplane->streams, c->block, BS_EVENT_WRITABLE);
	}
	if (ack == talk->snd_max)
		connection_delay(dataplane, c, DELAY_NONE);
	else
		arm(dataplane, c, talk);
}

void talk_acknowledged(struct dataplane *dataplane, struct connection *c, struct bs_stream *stream,
	const struct frame *frame)
{
	struct talk *talk = block_talk(stream);
	uint32_t ack = frame->acknowledgement;
	uint32_t window_before = talk->snd_wnd;
	take_window(dataplane, c, talk, frame);
	if (sequence_after(ack, c->snd_una)) {
		new_acknowledgement(dataplane, c, stream, ack);
	} else if (ack == c->snd_una && c->snd_una != talk->snd_max) {
		if (talk->snd_wnd == 0)
			c->retransmits = 0; // it answers our probes: alive, and busy
		else if (frame->payload_length == 0 && !(frame->flags & TCP_FIN) &&
			 talk->snd_wnd == window_before && talk->duplicates < DUPLICATES &&
			 ++talk->duplicates == DUPLICATES) {
			dataplane->counters->retransmits++;
			talk->flags &= (uint8_t)~TALK_TIMING; // Karn: not a measure of anything
			talk->snd_nxt = c->snd_una;
		}
	}
}

// Sends one segment at snd_nxt.
static void send_one(struct dataplane *dataplane, struct connection *c, struct talk *talk,
	uint32_t count, uint32_t end)
{
	bool again = sequence_before(talk->snd_nxt, talk->snd_max);
	if (!again && !(talk->flags & TALK_TIMING)) {
		talk->flags |= TALK_TIMING;
		talk->timed = talk->snd_nxt + count;
		talk->timed_ms = dataplane->now_ms;
	}
	send_talk(dataplane, c, talk->snd_nxt, count, talk->snd_nxt + count == end ? TCP_PSH : 0);
	talk->snd_nxt += count;
	if (sequence_after(talk->snd_nxt, talk->snd_max))
		talk->snd_max = talk->snd_nxt;
}

void talk_send(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	uint32_t end = ring_head(dataplane, c);
	uint32_t window = talk->snd_wnd < talk->cwnd ? talk->snd_wnd : talk->cwnd;
	uint32_t mss = talk->mss;
	if (talk->gaps > 0 && mss > 2 * SACK_ROOM)
		mss -= SACK_ROOM; // RFC 6691: options take from the segment
	while (sequence_before(talk->snd_nxt, end)) {
		uint32_t under_way = talk->snd_nxt - c->snd_una;
		uint32_t count = end - talk->snd_nxt;
		uint32_t open = window > under_way ? window - under_way : 0;
		if (count > mss)
			count = mss;
		// RFC 9293, 3.8.6.2.1: no small segment because of a small window while others are under way
		if (open < count && under_way > 0)
			break;
		if (count > open)
			count = open;
		if (count == 0)
			break;
		send_one(dataplane, c, talk, count, end);
	}
	if ((c->snd_una == talk->snd_max && c->snd_una == end) || armed(c))
		return;
	arm(dataplane, c, talk); // retransmission, or the probe of a closed window
	if (talk->flags & TALK_ACK_LATER)
		send_talk(
			dataplane, c, talk->snd_max, 0, 0); // the timer that it waited for is taken
}

void talk_send_smaller(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	uint16_t mss = send_mss(dataplane, c);
	if (talk->flags & TALK_DEAD)
		return;
	if (mss < talk->mss)
		talk->mss = mss;
	talk->flags &= (uint8_t)~TALK_TIMING;
	talk->snd_nxt = c->snd_una;
	talk_send(dataplane, c);
}

void talk_send_last(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	if (talk->snd_wnd == 0 && armed(c)) {
		talk->rto = DELAY_RTO_FIRST; // probes may be a minute apart
		arm(dataplane, c, talk);
	}
	talk_send(dataplane, c);
}

bool talk_overstays(const struct dataplane *dataplane, const struct talk *talk)
{
	uint32_t patience = talk->snd_wnd == 0 ? LET_GO_CLOSED_MS : LET_GO_MS;
	return talk->flags & TALK_LET_GO && dataplane->now_ms - talk->let_go_ms >= patience;
}

bool talk_send_again(struct dataplane *dataplane, struct connection *c)
{
	struct talk *talk = block_talk(&dataplane->streams->stream[c->block]);
	uint32_t end = ring_head(dataplane, c);
	if (c->snd_una == end || (c->snd_una == talk->snd_max && talk->snd_wnd > 0)) {
		talk_send(dataplane, c); // nothing is under way: it was an ACK's timer
		return true;
	}
	if (c->retransmits == RETRANSMITS || talk_overstays(dataplane, talk))
		return false;
	c->retransmits++;
	dataplane->counters->retransmits++;
	if (talk->snd_wnd > 0) { // else it is a probe
		uint16_t mss = send_mss(dataplane, c);
		if (mss < talk->mss)
			talk->mss =
				mss; // and stays so: the path does not widen for the rest of a session
	}
	if (talk->rto < DELAY_RTO_LAST)
		talk->rto++; // RFC 6298, 5.5
	talk->flags &= (uint8_t)~TALK_TIMING;
	talk->cwnd = talk->mss; // RFC 5681, 3.1
	talk->snd_nxt = c->snd_una;
	arm(dataplane, c, talk);
	if (talk->snd_wnd == 0)
		send_one(dataplane, c, talk, 1, end); // RFC 9293, 3.8.6.1
	else
		talk_send(dataplane, c);
	return true;
}
