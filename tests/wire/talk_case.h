// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of a talking connection share: the way there, and the worker's side of it.
#pragma once

#include "tests/wire/wire.h"

#define GREETING_LENGTH (sizeof("220 mx1.example.org ESMTP\r\n") - 1)

// Connects, waits, reads the greeting, says `text`; returns the stream.
static inline uint32_t talk(struct wire_peer *peer, const char *text)
{
	uint32_t number = 0, events = 0;
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, text);
	cr_assert(wire_event(peer->wire, &number, &events));
	cr_assert_eq(events, BS_EVENT_OPEN | BS_EVENT_READABLE);
	return number;
}

static inline void expect_events(struct wire *wire, uint32_t number, uint32_t expected)
{
	uint32_t other, events = 0;
	cr_assert(wire_event(wire, &other, &events), "no event");
	cr_assert_eq(other, number);
	cr_assert_eq(events, expected, "events %x", events);
}

static inline void expect_read(struct wire *wire, uint32_t number, const char *text)
{
	struct bs_stream *stream = wire_stream(wire, number);
	const uint8_t *bytes;
	size_t done = 0, length = strlen(text);
	while (done < length) {
		uint32_t count = bs_stream_peek(stream, &bytes);
		cr_assert(count > 0, "only %zu bytes of %zu", done, length);
		if (count > length - done)
			count = (uint32_t)(length - done);
		cr_assert(memcmp(bytes, text + done, count) == 0, "%.*s", (int)count, bytes);
		bs_stream_consume(stream, count);
		done += count;
	}
}

static inline void expect_unreadable(struct wire *wire, uint32_t number)
{
	const uint8_t *bytes;
	cr_assert_eq(bs_stream_peek(wire_stream(wire, number), &bytes), 0);
}

static inline void expect_text(struct wire_peer *peer, const char *text)
{
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(
		frame->payload_length, strlen(text), "%.*s", frame->payload_length, frame->payload);
	cr_assert(memcmp(frame->payload, text, strlen(text)) == 0);
}

static inline void end(struct wire_peer *peer, uint32_t number)
{
	wire_wish(peer->wire, number, BS_WISH_ABORT);
	wire_forget(peer->wire);
	cr_assert_eq(peer->wire->counters.blocks, 0);
	cr_assert_eq(peer->wire->counters.data_rings, 0);
	cr_assert_eq(peer->wire->counters.records, 0);
}
