// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/window.h"

#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/sequence.h"

// A promise that outlives its session block is kept in these units: of a megabyte in 16 bits.
#define PROMISE_UNIT 64u

uint32_t window_of_record(const struct connection *c)
{
	uint32_t promised = c->stage >= STAGE_LINGER ? c->promised * PROMISE_UNIT : 0;
	return promised > RECORD_WINDOW ? promised : RECORD_WINDOW;
}

uint16_t window_field_of_record(const struct connection *c)
{
	uint8_t shift;
	uint32_t window = c->stage == STAGE_STUTTER ? STUTTER_WINDOW : window_of_record(c);
	if (cookie_window_scale(c->options, &shift))
		window >>= RECEIVE_SHIFT;
	return window < UINT16_MAX ? (uint16_t)window : UINT16_MAX;
}

uint32_t window_left(const struct connection *c, const struct talk *talk)
{
	return sequence_after(talk->rcv_adv, c->rcv_nxt) ? talk->rcv_adv - c->rcv_nxt : 0;
}

void window_keep(struct connection *c, uint32_t left)
{
	uint32_t units = (left + PROMISE_UNIT - 1) / PROMISE_UNIT;
	c->promised = units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}

bool window_cramps(const struct dataplane *dataplane, const struct connection *c,
	const struct bs_stream *stream, struct talk *talk)
{
	// Who loses on the way is not held up by us, and more under way would have more gaps than we keep (TALK_GAPS).
	if (talk->ring == RING_NONE || talk->gaps > 0 ||
		c->rcv_nxt - talk->measured < (stream->rx_mask + 1) / 2)
		return false;
	uint32_t took = dataplane->now_ms - talk->measured_ms;
	uint32_t round_trip = talk->srtt / 8;
	talk->measured = c->rcv_nxt;
	talk->measured_ms = dataplane->now_ms;
	return took <= (round_trip > 1 ? round_trip : 1) && block_may_grow(dataplane, talk);
}

// Sequence number behind the last byte that the ring has room for.
static uint32_t ring_end(
	const struct connection *c, struct bs_stream *stream, const struct talk *talk)
{
	if (talk->flags & TALK_LET_GO) { // the ring is gone, the promise stands (RFC 9293, 3.8.6)
		uint32_t end = c->rcv_nxt + RECORD_WINDOW;
		return sequence_after(talk->rcv_adv, end) ? talk->rcv_adv : end;
	}
	return talk->rx_base + atomic_load_explicit(&stream->rx_tail, memory_order_acquire) +
	       stream->rx_mask + 1;
}

uint32_t window_room(const struct connection *c, struct bs_stream *stream, const struct talk *talk)
{
	uint32_t end = ring_end(c, stream, talk);
	return sequence_after(end, c->rcv_nxt) ? end - c->rcv_nxt : 0;
}

// RFC 9293, 3.8.6.2.2: the edge moves by half the buffer or a segment at least, else not at all.
static bool worth_telling(const struct talk *talk, struct bs_stream *stream, uint32_t opened)
{
	uint32_t half = (stream->rx_mask + 1) / 2;
	return opened >= (half < talk->mss ? half : talk->mss);
}

uint16_t window_promise(const struct connection *c, struct bs_stream *stream, struct talk *talk)
{
	uint32_t end = ring_end(c, stream, talk);
	if (!sequence_after(end, talk->rcv_adv) ||
		!worth_telling(talk, stream, end - talk->rcv_adv))
		end = talk->rcv_adv;
	uint32_t window = sequence_after(end, c->rcv_nxt) ? end - c->rcv_nxt : 0;
	uint32_t field = window >> talk->receive_shift;
	if (field > UINT16_MAX)
		field = UINT16_MAX;
	uint32_t promised = c->rcv_nxt + (field << talk->receive_shift);
	if (sequence_after(promised, talk->rcv_adv))
		talk->rcv_adv = promised;
	return (uint16_t)field;
}

bool window_opened(const struct connection *c, struct bs_stream *stream, const struct talk *talk)
{
	uint32_t end = ring_end(c, stream, talk);
	uint32_t most = c->rcv_nxt + ((uint32_t)UINT16_MAX << talk->receive_shift);
	if (sequence_after(end, most)) // more than the field can say
		end = most;
	return sequence_after(end, talk->rcv_adv) &&
	       worth_telling(talk, stream, end - talk->rcv_adv) &&
	       // as long as the client has half a buffer before it there is time: some ACK will carry it
	       talk->rcv_adv - c->rcv_nxt < (stream->rx_mask + 1) / 2;
}
