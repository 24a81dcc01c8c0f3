// SPDX-License-Identifier: BSD-3-Clause
//
// Packets at random through the real loop: noise, valid frames with a few bytes changed (with and without the checksums
// put right), and segments near the sequence numbers of live connections. Each packet received is counted under one reason,
// and when the last one is gone nothing is held. RANDOM_PACKETS says how many; scripts/prove random takes 10^8.
#include "tests/wire/wire.h"

#include <stdlib.h>

#define PACKETS 500000u // without RANDOM_PACKETS, a family
#define BATCH   8u      // few: who lives has to hear what was said to him
#define MODELS  64u     // valid frames that are varied
#define PEERS   16u

static uint64_t state;

static uint32_t any(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * below >> 32);
}

struct random_run {
	struct wire *wire;
	struct wire_peer peer[PEERS];
	struct wire_bytes model[MODELS];
	bool held[64]; // streams that the worker has
};

// One of each that barscreen has an answer for, and TCP in all shapes.
static void make_model(struct random_run *run, struct wire_bytes *out)
{
	struct wire_peer *peer = &run->peer[any(PEERS)];
	static const uint8_t flags[] = {TCP_SYN, TCP_SYN, TCP_ACK, TCP_ACK, TCP_ACK | TCP_FIN,
		TCP_RST, TCP_RST | TCP_ACK, TCP_ACK | TCP_PSH};
	static const uint8_t types[] = {0, 3, 8, 128, 129, 130, 134, 135, 136, 1, 2};
	struct wire_packet packet = {.seq = any(UINT32_MAX),
		.ack = any(UINT32_MAX),
		.flags = flags[any(sizeof(flags))],
		.payload = "EHLO a\r\nQUIT\r\n",
		.payload_length = any(14) + 1,
		.mss = any(2) ? 1460 : 0,
		.sack_permitted = any(2),
		.extension = any(8) == 0 ? 60 : 0,
		.ip_options = any(8) == 0 ? 4 : 0,
		.fragment = any(8) == 0 ? (uint16_t)any(65536) : 0,
		.ttl = any(3) == 0 ? 255 : 0,
		.type = types[any(sizeof(types))],
		.rest = any(UINT32_MAX),
		.operation = (uint16_t)(1 + any(2)),
		.sender = WIRE_PEER4,
		.target = WIRE_LOCAL4};
	uint32_t what = any(8);
	if (what == 0)
		wire_build_arp(peer, &packet, out);
	else
		wire_build_ip(peer, what < 3 ? (peer->ipv6 ? 58 : 1) : 6, &packet, out);
}

static void varied(struct random_run *run, struct wire_bytes *out)
{
	*out = run->model[any(MODELS)];
	for (uint32_t n = any(4); n > 0; n--)
		out->byte[any(any(2) ? 60 : out->length)] = (uint8_t)any(256);
	if (any(4) == 0)
		out->length = (uint16_t)any(out->length + 1u);
	else if (any(2) && out->l4 > 0)
		wire_repair(out);
}

static void noise(struct wire_bytes *out)
{
	static const uint8_t types[] = {0x08, 0x00, 0x86, 0xdd, 0x08, 0x06, 0x81, 0x00};
	out->length = (uint16_t)(any(3) == 0 ? any(1600) : any(100));
	for (uint32_t i = 0; i < out->length; i += 4)
		store32(out->byte + i, any(UINT32_MAX));
	memcpy(out->byte, wire_mac, 6);
	out->byte[6] &= 0xfe;
	if (any(8) != 0)
		memcpy(out->byte + 12, types + 2 * any(4), 2);
	if (any(2))
		out->byte[14] = any(2) ? 0x45 : 0x60;
}

static void lively(struct random_run *run, struct wire_bytes *out)
{
	static const uint8_t flags[] = {
		TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_PSH, TCP_SYN, TCP_ACK | TCP_FIN, TCP_RST};
	static const int32_t offset[] = {0, 0, 0, 0, 0, 1, -1, 700, 2048, -100000};
	struct wire_peer *peer = &run->peer[any(PEERS)];
	uint8_t f = flags[any(sizeof(flags))];
	uint32_t length = any(30);
	wire_build_ip(peer, 6,
		&(struct wire_packet){.flags = f,
			.seq = peer->seq + (uint32_t)offset[any(10)],
			.ack = f & TCP_ACK ? peer->ack + (uint32_t)offset[any(10)] : 0,
			.mss = f & TCP_SYN ? 536 : 0,
			.payload = length > 0 ? "MAIL FROM:<a@b.example>\r\nRCPT\r\n" : NULL,
			.payload_length = length},
		out);
}

static void hear(struct random_run *run)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(run->wire)) != NULL) {
		if (frame->protocol != PROTOCOL_TCP)
			continue;
		struct wire_peer *peer = &run->peer[frame->destination_port % PEERS];
		peer->ack = frame->seq + frame->payload_length + ((frame->flags & TCP_SYN) != 0) +
			    ((frame->flags & TCP_FIN) != 0);
		if (frame->flags & TCP_ACK)
			peer->seq = frame->ack;
	}
}

// A worker that reads, answers and now and then closes.
static void work(struct random_run *run)
{
	struct bs_streams *streams = run->wire->dataplane->streams;
	uint32_t number, events;
	while (wire_event(run->wire, &number, &events)) {
		struct bs_stream *stream = wire_stream(run->wire, number);
		const uint8_t *bytes;
		run->held[number] |= (events & BS_EVENT_OPEN) != 0;
		if (!run->held[number])
			continue;
		bs_stream_consume(stream, bs_stream_peek(stream, &bytes));
		uint32_t wishes = BS_WISH_WINDOW;
		if (bs_stream_write(stream, "250 2.0.0 ok\r\n", 14) > 0)
			wishes |= BS_WISH_SEND;
		if (events & (BS_EVENT_DEAD | BS_EVENT_EOF) || any(50) == 0) {
			wishes = any(4) == 0 ? BS_WISH_ABORT : BS_WISH_CLOSE;
			run->held[number] = false;
		}
		bs_stream_wish(streams, number, wishes);
	}
}

static void calm(struct random_run *run)
{
	uint32_t number, events;
	for (unsigned i = 0; i < 60; i++) {
		while (wire_event(run->wire, &number, &events))
			run->held[number] |= (events & BS_EVENT_OPEN) != 0;
		for (uint32_t n = 0; n < run->wire->dataplane->streams->count; n++) {
			if (run->held[n])
				bs_stream_wish(run->wire->dataplane->streams, n, BS_WISH_CLOSE);
			run->held[n] = false;
		}
		wire_advance(run->wire, 10000);
		wire_forget(run->wire);
	}
}

static void adds_up(const struct wire *wire, uint64_t sent)
{
	uint64_t counted = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++) {
		if (i != BS_REASON_NO_MBUF && i != BS_REASON_TX_FULL) // of what was to be sent
			counted += wire->counters.reason[i];
	}
	cr_assert_eq(wire->counters.rx_packets, sent, "%lu received of %lu",
		wire->counters.rx_packets, sent);
	cr_assert_eq(counted, sent, "%lu of %lu counted", counted, sent);
}

static void at_random(struct wire_peer *first)
{
	struct random_run *run = calloc(1, sizeof(*run));
	struct wire *wire = first->wire;
	const char *wanted = getenv("RANDOM_PACKETS");
	uint64_t packets = wanted != NULL ? strtoull(wanted, NULL, 10) / 2 : PACKETS, sent = 0;
	struct wire_bytes bytes;
	struct bs_notice notice;

	cr_assert_not_null(run);
	run->wire = wire;
	state = 0x5eed + first->ipv6;
	for (unsigned i = 0; i < PEERS; i++) {
		run->peer[i] = *first;
		run->peer[i].port = (uint16_t)(2048 + i);
	}
	while (sent < packets) {
		for (unsigned i = 0; i < MODELS && sent % (16384 * BATCH) == 0; i++)
			make_model(run, &run->model[i]);
		for (unsigned i = 0; i < BATCH; i++, sent++) {
			uint32_t what = any(4);
			if (what == 0)
				noise(&bytes);
			else if (what == 1)
				lively(run, &bytes);
			else
				varied(run, &bytes);
			wire_queue(wire, bytes.byte, bytes.length, 0);
		}
		wire_poll(wire);
		hear(run);
		work(run);
		if (any(64) == 0)
			wire_advance(wire, any(200) == 0 ? any(5000) : any(20));
		while (wire_notice(wire, &notice))
			;
	}
	adds_up(wire, sent);
	calm(run);
	adds_up(wire, sent);
	cr_assert_eq(wire->counters.records, 0);
	cr_assert_eq(wire->counters.blocks, 0);
	cr_assert_eq(wire->counters.data_rings, 0);
	cr_assert_eq(wire->counters.mbufs, 0);
	cr_assert_eq(wire_open_connections(wire), 0);
	cr_assert_gt(wire->counters.talking, sent / 10000, "only %lu connections came to talk",
		wire->counters.talking);
	unsigned met = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++)
		met += wire->counters.reason[i] > 0;
	cr_assert_gt(met, 20, "only %u reasons were met", met);
	free(run); // wire_free() counts the packet buffers
}

WIRE_TEST(random, adds_up, .no_wait = true, .connections = 64, .half_open = 16, .talking = 8)
{
	at_random(peer);
}
