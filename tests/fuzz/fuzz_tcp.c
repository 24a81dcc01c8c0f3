// SPDX-License-Identifier: BSD-3-Clause
//
// Segments into live connections: the input is a script of packets, time and a worker's doings, played to a real dataplane
// (tests/wire) on an in-memory port and a virtual clock. After each input: every packet has its reason, the worker has read
// exactly what was sent, no answer to a RST, and when all is over no packet buffer, record, block or ring is held.
//
// Two bytes make a step: what, and how much of it. Bytes that a client sends are a function of their place in the stream, and
// so a worker knows what it has to read whatever was sent twice, in parts or out of order.
#include "tests/wire/wire.h"

#include <sanitizer/lsan_interface.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/tcp/block.h"

#define CLIENTS 4u
#define STREAMS 8u
// Nothing is sent so far ahead that it could come round to the place of other bytes.
#define AHEAD 4096u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define demand(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

struct client {
	struct wire_peer peer;
	uint32_t heard; // acknowledged by barscreen
	bool reset;     // the last thing said to barscreen in this turn was a RST and nothing else
};

struct play {
	struct wire *wire;
	struct client client[CLIENTS];
	struct client *current;
	struct {
		bool held, asked; // asked for a larger ring, which was not answered yet
		uint32_t read;
	} stream[STREAMS];
};

static struct wire *wire;

// What a client says at this place of its stream.
static uint8_t said(uint32_t place)
{
	return (uint8_t)(place * 2654435761u >> 13);
}

static void hear(struct play *play)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(wire)) != NULL) {
		demand(frame->protocol == PROTOCOL_TCP);
		for (unsigned i = 0; i < CLIENTS; i++) {
			struct client *client = &play->client[i];
			if (frame->destination_port != client->peer.port ||
				!bs_address_equal(&frame->destination, &client->peer.address))
				continue;
			client->peer.ack = frame->seq + frame->payload_length +
					   ((frame->flags & TCP_SYN) != 0) +
					   ((frame->flags & TCP_FIN) != 0);
			if (frame->flags & TCP_ACK)
				client->heard = frame->ack;
			demand(!client->reset || (frame->flags & TCP_RST) == 0); // RFC 9293, 3.5.2
			demand(frame->sack_count <= 4); // RFC 2018, 3: what 40 bytes hold
		}
	}
}

static void segment(struct play *play, uint8_t flags, uint8_t much)
{
	static const int32_t before[] = {
		0, 0, 0, 0, 1, -1, 7, -7, 536, -536, 1460, 2048, -2048, 3000, 4000, AHEAD};
	static const uint16_t lengths[] = {0, 1, 2, 3, 17, 100, 536, 1400};
	struct client *client = play->current;
	uint8_t payload[1400];
	uint32_t length = flags & TCP_RST ? 0 : lengths[much >> 4 & 7];
	uint32_t seq = client->peer.seq + (uint32_t)before[much & 15];
	if (flags & TCP_SYN) {
		length = 0;
		seq = client->peer.seq;
	}
	for (uint32_t i = 0; i < length; i++)
		payload[i] = said(seq + i);
	struct wire_bytes out;
	struct wire_peer sender = client->peer; // a packet's own number can't be 0
	sender.seq = seq;
	sender.ack = flags & TCP_ACK ? client->peer.ack : 0;
	wire_build_ip(&sender, 6,
		&(struct wire_packet){.flags = flags,
			.payload = length > 0 ? payload : NULL,
			.payload_length = length,
			.window = (uint16_t)(much & 0x80 ? 200 : 0),
			.mss = flags & TCP_SYN ? (uint16_t)(much & 0x10 ? 1460 : 64) : 0,
			.has_window_scale = flags & TCP_SYN && much & 0x20,
			.window_scale = 2,
			.sack_permitted = flags & TCP_SYN && much & 0x40},
		&out);
	if (seq == client->peer.seq)
		client->peer.seq += length + ((flags & (TCP_SYN | TCP_FIN)) != 0);
	wire_queue(wire, out.byte, out.length, 0);
	client->reset = (flags & TCP_RST) != 0;
	wire_poll(wire);
	hear(play);
	client->reset = false;
}

static void odd(struct play *play, uint8_t what, uint8_t much)
{
	static const uint8_t flags[] = {
		TCP_SYN | TCP_ACK, TCP_ACK | TCP_PSH, TCP_ACK | TCP_URG, TCP_PSH};
	struct client *client = play->current;
	struct wire_bytes out;
	wire_build_ip(&client->peer, 6,
		&(struct wire_packet){.flags = flags[what & 3],
			.seq = client->peer.seq + (uint32_t)(int8_t)much * 997u,
			.ack = client->peer.ack + (uint32_t)(int8_t)much,
			.zero_window = what & 4},
		&out);
	wire_queue(wire, out.byte, out.length, 0);
	wire_poll(wire);
	hear(play);
}

static void events(struct play *play)
{
	uint32_t number, what;
	while (wire_event(wire, &number, &what)) {
		demand(number < STREAMS);
		if (what & BS_EVENT_OPEN) {
			play->stream[number].held = true;
			play->stream[number].asked = false;
			play->stream[number].read = 0;
		}
		if (what & BS_EVENT_GROWN)
			play->stream[number].asked = false;
		if (what & BS_EVENT_DEAD && play->stream[number].held) {
			play->stream[number].held = false;
			bs_stream_wish(wire->dataplane->streams, number, BS_WISH_CLOSE);
		}
	}
}

// The oracle: the bytes in their order.
static void reads(struct play *play, uint32_t number)
{
	struct bs_stream *stream = wire_stream(wire, number);
	const uint8_t *bytes;
	uint32_t count = bs_stream_peek(stream, &bytes);
	uint32_t place = block_talk(stream)->rx_base + play->stream[number].read;
	demand(count <= stream->rx_mask + 1);
	for (uint32_t i = 0; i < count; i++)
		demand(bytes[i] == said(place + i));
	bs_stream_consume(stream, count);
	play->stream[number].read += count;
}

static void worker(struct play *play, uint8_t what, uint8_t much)
{
	static const char reply[255] = "250 ok";
	uint32_t number = much % STREAMS, wishes = 0;
	events(play);
	if (!play->stream[number].held || play->stream[number].asked)
		return;
	switch (what) {
	case 0:
		reads(play, number);
		wishes = BS_WISH_WINDOW;
		break;
	case 1:
		if (bs_stream_write(wire_stream(wire, number), reply, much) > 0)
			wishes = BS_WISH_SEND;
		break;
	case 2:
		if (wire_stream(wire, number)->rx_mask == BS_STREAM_RX - 1) {
			wishes = BS_WISH_GROW;
			play->stream[number].asked = true;
		}
		break;
	default:
		wishes = much & 0x80 ? BS_WISH_ABORT : BS_WISH_CLOSE;
		play->stream[number].held = false;
		break;
	}
	if (wishes != 0)
		wire_wish(wire, number, wishes);
	hear(play);
}

static void elapse(uint32_t ms)
{
	wire->now_ns += (uint64_t)ms * 1000000;
	wire_poll(wire);
}

static void pass(struct play *play, uint32_t ms)
{
	while (ms > 0) {
		uint32_t step = ms < 200 ? ms : 200;
		elapse(step);
		hear(play);
		ms -= step;
	}
}

static void step(struct play *play, uint8_t what, uint8_t much)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_FIN, TCP_RST,
		TCP_RST | TCP_ACK, TCP_SYN, TCP_ACK};
	play->current = &play->client[what >> 6];
	switch (what & 15) {
	case 8:
		odd(play, much & 7, what);
		break;
	case 9:
		pass(play, much * 4u);
		break;
	case 10:
		pass(play, much * 100u);
		break;
	case 11: // goes on where barscreen is
		play->current->peer.seq = play->current->heard;
		break;
	case 12:
	case 13:
	case 14:
	case 15:
		worker(play, (what & 15) - 12, much);
		break;
	default:
		segment(play, flags[what & 7], much);
	}
}

static void end(struct play *play)
{
	for (unsigned turn = 0; turn < 60; turn++) {
		events(play);
		for (uint32_t i = 0; i < STREAMS; i++) {
			if (play->stream[i].held)
				bs_stream_wish(wire->dataplane->streams, i, BS_WISH_CLOSE);
			play->stream[i].held = false;
		}
		elapse(10000);
		hear(play);
	}
	struct bs_notice notice;
	while (wire_notice(wire, &notice))
		;
	uint64_t counted = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++) {
		if (i != BS_REASON_NO_MBUF && i != BS_REASON_TX_FULL)
			counted += wire->counters.reason[i];
	}
	demand(counted == wire->counters.rx_packets);
	demand(wire->counters.records == 0 && wire->counters.half_open == 0);
	demand(wire->counters.waiting == 0 && wire->counters.time_wait == 0);
	demand(wire->counters.blocks == 0 && wire->counters.data_rings == 0);
	demand(wire_open_connections(wire) == 0);
	wire_no_leak(wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	struct play play = {0};
	if (count < 1)
		return 0;
	if (wire == NULL) {
		// It is kept, and some of it hangs on memory of DPDK, which the leak checker does not see.
		__lsan_disable();
		wire = wire_new(&(struct wire_settings){
			.connections = 16, .half_open = 8, .talking = STREAMS, .wait_ms = 100});
		__lsan_enable();
	}
	play.wire = wire;
	wire->policy.wait_ms = bytes[0] & 1 ? 100 : 0;
	wire->policy.checks.mode[BS_CHECK_EARLY_TALK] = bytes[0] & 2 ? BS_MODE_OBSERVE
								     : BS_MODE_ENFORCE;
	for (unsigned i = 0; i < CLIENTS; i++) {
		play.client[i].peer = wire_peer(wire, i & 1);
		play.client[i].peer.port = (uint16_t)(2000 + i);
		// Near the end of the numbers, so that they come round.
		play.client[i].peer.seq = bytes[0] & 4 ? (uint32_t)-500 : 1000;
	}
	for (size_t i = 1; i + 1 < count; i += 2)
		step(&play, bytes[i], bytes[i + 1]);
	end(&play);
	return 0;
}
