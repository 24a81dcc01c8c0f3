// SPDX-License-Identifier: BSD-3-Clause
//
// Segments at random into live connections, a worker that does anything at any time, and a clock that jumps: whatever
// happens, at the end nothing is held: no record, no block, no ring, no packet buffer, and every packet was counted once.
#include "tests/wire/wire.h"

#define PEERS  6
#define ROUNDS 60000

static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static void segment(struct wire_peer *peer)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH,
		TCP_ACK | TCP_FIN, TCP_SYN, TCP_SYN, TCP_RST, TCP_RST | TCP_ACK, TCP_SYN | TCP_ACK};
	static const int32_t offset[] = {0, 0, 0, 0, 0, 0, 1, -1, 7, -7, 700, 2047, 2048, 100000};
	static char text[1400];
	memset(text, "QUIT\r\n"[any(6)], sizeof(text));
	memcpy(text, "QUIT\r\nQUIT\r\n", 12);
	uint8_t f = flags[any(sizeof(flags))];
	int32_t seq_off = offset[any(14)], ack_off = offset[any(14)];
	size_t length = any(3) == 0 ? any(sizeof(text)) : any(8);
	struct wire_packet packet = {
		.flags = f,
		.seq = peer->seq + (uint32_t)seq_off,
		.ack = f & TCP_ACK ? peer->ack + (uint32_t)ack_off : 0,
		.payload = text,
		.payload_length = length,
		.zero_window = any(10) == 0,
		.window = (uint16_t)any(4) == 0 ? (uint16_t)any(3000) : 0,
		.mss = f & TCP_SYN ? 536 : 0,
		.sack_permitted = f & TCP_SYN && any(2),
	};
	struct wire_bytes bytes;
	if (length == 0)
		packet.payload = NULL;
	wire_build_ip(peer, 6, &packet, &bytes);
	wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	if (seq_off == 0 && f & TCP_ACK && !(f & TCP_SYN))
		peer->seq += (uint32_t)length + ((f & TCP_FIN) != 0);
	if (f == TCP_SYN && seq_off == 0)
		peer->seq += 1;
}

// What barscreen sent moves the peer's view, as a real one's would mostly.
static void hear(struct wire *wire, struct wire_peer *peers)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(wire)) != NULL) {
		for (unsigned i = 0; i < PEERS; i++) {
			struct wire_peer *peer = &peers[i];
			if (frame->destination_port != peer->port || any(10) == 0)
				continue;
			peer->ack = frame->seq + frame->payload_length +
				    ((frame->flags & TCP_SYN) != 0) +
				    ((frame->flags & TCP_FIN) != 0);
			if (frame->flags & TCP_ACK && any(4) != 0)
				peer->seq = frame->ack;
		}
	}
}

// Streams that the worker holds, as smtp/worker/worker.c would know them.
static bool held[64];

static void work(struct wire *wire)
{
	uint32_t number, events;
	while (any(4) != 0 && wire_event(wire, &number, &events)) {
		if (events & BS_EVENT_OPEN)
			held[number] = true;
		if (held[number] && events & BS_EVENT_DEAD) {
			held[number] = false;
			bs_stream_wish(wire->dataplane->streams, number, BS_WISH_CLOSE);
		}
	}
	number = any(wire->dataplane->streams->count);
	if (!held[number])
		return;
	struct bs_stream *stream = wire_stream(wire, number);
	const uint8_t *bytes;
	uint32_t wishes = 0, what = any(12);
	if (what < 4) {
		uint32_t count = bs_stream_peek(stream, &bytes);
		cr_assert_leq(count, stream->rx_mask + 1);
		bs_stream_consume(stream, count > 0 ? any(count + 1) : 0);
		wishes = BS_WISH_WINDOW;
	} else if (what < 8) {
		static const char text[600];
		bs_stream_write(stream, text, any(sizeof(text)));
		wishes = BS_WISH_SEND | (any(2) ? BS_WISH_ROOM : 0);
	} else if (what < 10) {
		// A worker asks once, and leaves the ring alone until it is answered.
		if (stream->rx_mask == BS_STREAM_RX - 1)
			wishes = BS_WISH_GROW;
	} else {
		held[number] = false;
		wishes = any(2) ? BS_WISH_CLOSE : BS_WISH_ABORT;
	}
	if (wishes != 0)
		bs_stream_wish(wire->dataplane->streams, number, wishes);
	if (wishes & BS_WISH_GROW)
		wire_poll(wire);
}

static void calm(struct wire *wire)
{
	uint32_t number, events;
	for (unsigned i = 0; i < 40; i++) {
		while (wire_event(wire, &number, &events))
			held[number] |= (events & BS_EVENT_OPEN) != 0;
		for (uint32_t n = 0; n < wire->dataplane->streams->count; n++) {
			if (held[n])
				bs_stream_wish(wire->dataplane->streams, n, BS_WISH_CLOSE);
			held[n] = false;
		}
		wire_advance(wire, 10000);
		wire_forget(wire);
	}
}

// Verdicts come and go, and so does what they lead to.
static void judge(struct wire *wire)
{
	struct bs_verdict_rules *rules = &wire->policy.verdicts;
	rules->action = (uint8_t)any(4);
	rules->lifetime_ms = 1000 * (1 + any(20));
	rules->window_ms = 60000;
	rules->early_talks = any(3);
	wire->policy.connections_per_source = any(4);
}

// And a bad network, on purpose. Sent packets stay whole: the harness wants them so.
static void impair(struct wire *wire)
{
	struct bs_impairment *impairment = &wire->policy.impairment;
	impairment->on = any(3) == 0;
	impairment->receive = (struct bs_impairment_shares){.loss = any(100000),
		.reorder = any(300000),
		.duplicate = any(300000),
		.corrupt = any(300000)};
	impairment->send = impairment->receive;
	impairment->send.corrupt = 0;
}

static void storm(struct wire_peer *first, uint64_t seed)
{
	struct wire *wire = first->wire;
	struct wire_peer peers[PEERS];
	state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	for (unsigned i = 0; i < PEERS; i++) {
		peers[i] = *first;
		peers[i].port = (uint16_t)(2000 + i);
		peers[i].seq = any(UINT32_MAX);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (any(1000) == 0)
			judge(wire);
		if (any(1000) == 0)
			impair(wire);
		for (unsigned i = any(8); i > 0; i--)
			segment(&peers[any(PEERS)]);
		wire_poll(wire);
		hear(wire, peers);
		work(wire);
		if (any(3) == 0)
			wire_advance(wire, any(60) == 0 ? any(20000) : any(40));
		struct bs_notice notice;
		while (wire_notice(wire, &notice))
			;
	}
	wire->policy.impairment.on = false;
	wire->policy.impairment.receive = wire->policy.impairment.send =
		(struct bs_impairment_shares){0};
	calm(wire);
	cr_assert_eq(wire->counters.records, 0);
	cr_assert_eq(wire->counters.blocks, 0);
	cr_assert_eq(wire->counters.data_rings, 0);
	cr_assert_eq(wire->counters.half_open, 0);
	cr_assert_eq(wire->counters.waiting, 0);
	cr_assert_eq(wire->counters.time_wait, 0);
	cr_assert_eq(wire->counters.stuttering, 0);
	cr_assert_eq(wire_open_connections(wire), 0);
	uint64_t counted = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++) {
		if (i != BS_REASON_NO_MBUF && i != BS_REASON_TX_FULL)
			counted += wire->counters.reason[i];
	}
	cr_assert_eq(counted, wire->counters.rx_packets);
	cr_assert(wire->counters.talking > 100, "the storm reached no worker");
	cr_assert(wire->counters.verdicts_met > 0 && wire->counters.crowded > 0);
}

WIRE_TEST(storm, leaves_nothing, .wait_ms = 10, .connections = 32, .half_open = 8, .talking = 4)
{
	storm(peer, 1);
	cr_assert(peer->wire->counters.stutters > 0);
}

WIRE_TEST(storm, leaves_nothing_without_a_wait, .no_wait = true, .connections = 8, .half_open = 4,
	.talking = 3)
{
	storm(peer, 2);
}

WIRE_TEST(storm, leaves_nothing_with_few_buffers, .no_wait = true, .connections = 32,
	.half_open = 8, .talking = 4, .mbufs = 127, .transmit_room = 32)
{
	storm(peer, 3);
}
