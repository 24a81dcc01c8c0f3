// SPDX-License-Identifier: BSD-3-Clause
//
// Who works with the dataplane does not take his part, or too much of it comes at once: it receives on, sheds what it can't serve, and
// counts that. (Rings and pools that are full by themselves: test_exhausted.c.)
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/tcp/block.h"
#include "tests/wire/crowd.h"
#include "tests/wire/talk_case.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"

static void expect_echo(struct wire_peer *peer)
{
	wire_icmp(peer, .type = peer->ipv6 ? 128 : 8);
	wire_expect_icmp(peer->wire, peer->ipv6 ? 129 : 0);
}

// Of 256 sources, and of as many of others.
static struct wire_peer numbered(const struct wire_peer *peer, unsigned number)
{
	struct wire_peer one = stranger(peer, (uint8_t)number);
	one.port = (uint16_t)(peer->port + number / 256);
	return one;
}

// --- a worker that takes nothing from any of its rings ---

#define CROWD 2000u

// Greeted on time are all; as many talk as there are blocks for strangers; the others' bytes come again and again, and they are told 421.
WIRE_TEST(stalled, a_worker, .no_wait = true, .connections = 4096, .half_open = 4096, .talking = 64,
	.sources = 4096)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < CROWD; i++) {
		struct wire_peer one = numbered(peer, i);
		wire_connect(&one);
		wire_expect_text(&one, GREETING);
		wire_tcp(&one, .flags = TCP_ACK);
		wire_say(&one, "EHLO a\r\n");
		wire_forget(wire);
	}
	cr_assert_eq(wire->counters.greeted, CROWD);
	cr_assert_eq(wire->counters.blocks, 60, "a sixteenth is for the good");
	cr_assert_eq(wire->counters.reason[BS_REASON_TCP_NO_ROOM], CROWD - 60);
	expect_echo(peer);
	for (unsigned i = 0; i < 9;
		i++) { // more are under way in a time than a test may leave unread
		wire_advance(wire, 1000);
		wire_forget(wire);
	}
	cr_assert_eq(wire->counters.busy, CROWD - 60);
	cr_assert_eq(wire->counters.talking, 60);
	expect_echo(peer);
	// Then it goes on, and finds what they said.
	for (unsigned i = 0; i < 60; i++) {
		uint32_t number, events;
		cr_assert(wire_event(wire, &number, &events));
		cr_assert_eq(events, BS_EVENT_OPEN | BS_EVENT_READABLE);
		expect_read(wire, number, "EHLO a\r\n");
		wire_wish(wire, number, BS_WISH_ABORT);
	}
	cr_assert_eq(wire->counters.blocks, 0);
	wire_forget(wire);
}

// One of two: its clients are the other's as soon as it has no block left, and nobody is refused.
WIRE_TEST(stalled, one_of_two_workers, .no_wait = true, .talking = 32, .workers = 2)
{
	struct wire *wire = peer->wire;
	uint32_t stands = block_worker(wire->dataplane, &peer->address);
	unsigned served = 0;
	for (uint16_t i = 0; i < 48; i++) {
		struct wire_peer one = *peer;
		uint32_t number, events;
		one.port = (uint16_t)(2000 + i);
		wire_connect(&one);
		wire_expect_text(&one, GREETING);
		wire_tcp(&one, .flags = TCP_ACK);
		wire_say(&one, "QUIT\r\n");
		wire_forget(wire);
		if (!bs_ring_pop(
			    wire->dataplane->streams->events[1 - stands], &number, sizeof(number)))
			continue;
		events = atomic_exchange(&wire_stream(wire, number)->events, 0);
		cr_assert(events & BS_EVENT_READABLE);
		wire_reply(wire, number, "221 bye\r\n");
		wire_wish(wire, number, BS_WISH_ABORT);
		wire_forget(wire);
		served++;
	}
	cr_assert_geq(served, 48 - 16);
	cr_assert_eq(wire->counters.busy, 0);
	cr_assert_eq(wire->counters.reason[BS_REASON_TCP_NO_ROOM], 0);
	wire_forget(wire);
}

// A worker that stops in the middle of a mail closes that client's window, and holds up nobody else's.
WIRE_TEST(stalled, a_worker_in_a_mail, .no_wait = true, .talking = 4)
{
	struct wire *wire = peer->wire;
	char text[BS_STREAM_RX];
	memset(text, 'm', sizeof(text));
	uint32_t number = talk(peer, "x");
	for (unsigned i = 0; i < 64; i++)
		wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq, .payload = text,
			.payload_length = 1024);
	peer->seq += 1024;
	wire_forget(wire);
	wire_tcp(peer, .flags = TCP_ACK, .payload = text, .payload_length = 1023);
	wire_advance(wire, 1000);
	const struct wire_frame *frame = NULL, *next;
	while ((next = wire_next(wire)) != NULL)
		frame = next;
	cr_assert_not_null(frame);
	cr_assert_eq(frame->window, 0);
	uint64_t before = wire->counters.reason[BS_REASON_TCP_WINDOW] +
			  wire->counters.reason[BS_REASON_TCP_NO_ROOM];
	for (unsigned i = 0; i < 100; i++)
		wire_tcp(peer, .flags = TCP_ACK, .seq = peer->seq, .payload = "?");
	cr_assert_eq(wire->counters.reason[BS_REASON_TCP_WINDOW] +
			     wire->counters.reason[BS_REASON_TCP_NO_ROOM] - before,
		100);
	wire_forget(wire);
	expect_echo(peer);
	struct wire_peer other = stranger(peer, 9);
	expect_events(wire, number, BS_EVENT_READABLE);
	wire_forget(wire);
	cr_assert_neq(talk(&other, "y"), number);
	struct bs_stream *stream = wire_stream(wire, number);
	cr_assert_eq(atomic_load(&stream->rx_head) - atomic_load(&stream->rx_tail), BS_STREAM_RX);
	wire_forget(wire);
}

// --- more greetings than a turn may make ---

// A worker that fills its ring: each turn makes a bounded number of them and takes a burst of what came in, however many are left.
WIRE_TEST(
	stalled, a_full_ring_of_greetings, .connections = 2048, .half_open = 2048, .sources = 4096)
{
	struct wire *wire = peer->wire;
	struct bs_streams *streams = wire->dataplane->streams;
	struct bs_greet what[BS_EARLY_ROOM];
	struct wire_bytes echo;
	for (unsigned i = 0; i < BS_EARLY_ROOM; i++) {
		struct wire_peer one = numbered(peer, i);
		struct bs_early early;
		wire_connect(&one);
		if (i >= 256) // the source has another connection: nobody is told
			early.connection = (struct bs_greet){
				what[i - 1].record + 1, what[i - 1].serial + 1};
		else
			cr_assert(bs_ring_pop(streams->early[0], &early, sizeof(early)));
		what[i] = early.connection;
		wire_forget(wire);
	}
	for (unsigned i = 0; i < BS_EARLY_ROOM; i++)
		cr_assert(bs_ring_push(streams->greet[0], &what[i], sizeof(what[i])));
	cr_assert_not(bs_ring_push(streams->greet[0], &what[0], sizeof(what[0])));
	wire_build_ip(peer, peer->ipv6 ? 58 : 1,
		&(struct wire_packet){.type = peer->ipv6 ? 128 : 8}, &echo);
	for (unsigned i = 0; i < 512; i++)
		wire_queue(wire, echo.byte, echo.length, 0);
	uint64_t begun = wire->counters.rx_packets;
	while (rte_ring_count(wire->receive[0]) > 0) {
		uint64_t greeted = wire->counters.greeted, received = wire->counters.rx_packets;
		dataplane_poll(wire->dataplane, wire->now_ns);
		cr_assert_geq(wire->counters.rx_packets - received, BURST);
		cr_assert_leq(wire->counters.greeted - greeted, BURST);
	}
	cr_assert_eq(wire->counters.rx_packets - begun, 512);
	cr_assert_lt(wire->counters.greeted, BS_EARLY_ROOM / 2, "it greeted first");
	wire_poll(wire);
	wire_forget(wire);
	for (unsigned turn = 0; turn < 64; turn++) {
		wire_poll(wire);
		wire_forget(wire);
	}
	cr_assert_eq(wire->counters.greeted, BS_EARLY_ROOM);
}

// --- no packet buffer ---

static unsigned take_all(struct wire *wire, struct rte_mbuf **held, unsigned room)
{
	unsigned count = 0;
	while (count < room && (held[count] = rte_pktmbuf_alloc(wire->pool)) != NULL)
		count++;
	return count;
}

// What comes in is taken, judged and counted; a SYN and an echo are answered in the buffer they came in. What is said without one waits
// for its timer.
WIRE_TEST(stalled, no_packet_buffer, .no_wait = true, .mbufs = 127)
{
	struct wire *wire = peer->wire;
	struct wire_bytes bytes;
	struct rte_mbuf *held[128];
	for (unsigned i = 0; i < 8; i++) {
		struct wire_packet syn = {.flags = TCP_SYN, .source_port = (uint16_t)(2000 + i)};
		struct wire_packet echo = {.type = peer->ipv6 ? 128 : 8};
		if (i % 2 == 0)
			wire_build_ip(peer, PROTOCOL_TCP, &syn, &bytes);
		else
			wire_build_ip(
				peer, peer->ipv6 ? PROTOCOL_ICMP6 : PROTOCOL_ICMP, &echo, &bytes);
		wire_queue(wire, bytes.byte, bytes.length, 0);
	}
	unsigned count = take_all(wire, held, 128);
	cr_assert_gt(count, 64);
	wire_poll(wire);
	cr_assert_eq(wire->counters.rx_packets, 8);
	cr_assert_eq(wire->counters.syn_received, 4);
	unsigned answers = 0;
	const struct wire_frame *frame;
	while ((frame = wire_next(wire)) != NULL)
		answers++;
	cr_assert_gt(answers, 0, "a SYN-ACK needs no buffer of its own");
	cr_assert_eq(answers + wire->counters.reason[BS_REASON_NO_MBUF], 8);
	rte_pktmbuf_free_bulk(held, count);
	wire_advance(wire, 1010);
	cr_assert_eq(wire->counters.retransmits, 4);
	wire_forget(wire);
}
