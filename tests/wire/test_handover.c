// SPDX-License-Identifier: BSD-3-Clause
//
// The software hand-over: a port with several queues on which each frame of a connection may come in by another queue.
#include <rte_ring.h>

#include "dataplane/handover.h"
#include "dataplane/tcp/syn_rate.h"

#include "tests/wire/wire.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"

static uint64_t sum(const struct wire *wire, size_t offset)
{
	uint64_t total = *(const uint64_t *)((const char *)&wire->counters + offset);
	for (unsigned i = 1; i < wire->lcores; i++)
		total += *(const uint64_t *)((const char *)&wire->more[i] + offset);
	return total;
}
#define SUM(wire, counter) sum((wire), offsetof(struct bs_dataplane_counters, counter))
#define SUM_REASON(wire, number) \
	sum((wire), offsetof(struct bs_dataplane_counters, reason) + (number) * sizeof(uint64_t))

static const struct bs_dataplane_counters *counters(const struct wire *wire, unsigned lcore)
{
	return lcore == 0 ? &wire->counters : &wire->more[lcore];
}

static struct wire_peer client(const struct wire_peer *peer, unsigned number)
{
	struct wire_peer one = *peer;
	one.port = (uint16_t)(peer->port + number);
	return one;
}

// What came in is counted once, by whoever had the last word.
static void check_sums(const struct wire *wire)
{
	uint64_t reasons = 0;
	for (unsigned i = 0; i < BS_REASON_COUNT; i++) {
		if (i != BS_REASON_NO_MBUF && i != BS_REASON_TX_FULL) // what was not sent
			reasons += SUM_REASON(wire, i);
	}
	cr_assert_eq(SUM(wire, rx_packets), reasons);
}

// The lcore that has the connection's next event, made the one that the harness speaks for.
static uint32_t side(struct wire *wire)
{
	uint32_t number, events;
	for (unsigned i = 0; i < wire->lcores; i++) {
		wire->dataplane = wire->lcore[i];
		if (wire_event(wire, &number, &events))
			return number;
	}
	cr_assert_fail("no lcore has an event");
	return 0;
}

// Each session's frames come in by both queues in turn, and all of it is done by one lcore.
WIRE_TEST(handover, sessions_whose_frames_alternate, .lcores = 2, .no_wait = true, .talking = 64)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < 16; i++) {
		struct wire_peer one = client(peer, i);
		wire->next_queue = i;
		wire_connect(&one);
		wire_expect_tcp(&one, TCP_ACK);
		wire_tcp(&one, .flags = TCP_ACK);
		wire_say(&one, "EHLO a\r\n");
		uint32_t number = side(wire);
		struct bs_stream *stream = wire_stream(wire, number);
		cr_assert_eq(stream->client.port, one.port);
		const uint8_t *bytes;
		cr_assert_eq(bs_stream_peek(stream, &bytes), 8u);
		wire_reply(wire, number, "250 b\r\n");
		const struct wire_frame *frame = wire_expect_tcp(&one, TCP_ACK);
		cr_assert_eq(frame->payload_length, 7u);
		wire_tcp(&one, .flags = TCP_ACK);
		wire_forget(wire);
	}
	cr_assert_eq(SUM(wire, accepted), 16u);
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_gt(counters(wire, i)->accepted, 0u, "all connections fell to one lcore");
		cr_assert_gt(counters(wire, i)->handed_over, 0u);
	}
	cr_assert_eq(SUM(wire, records), 16u);
	check_sums(wire);
	wire->dataplane = wire->lcore[0];
}

// The SYN-ACK is sent again by the owner, whose timer it is, whatever queue the SYN came in by; once.
WIRE_TEST(handover, syn_ack_again, .lcores = 2)
{
	for (unsigned queue = 0; queue < 2; queue++) {
		struct wire_peer one = client(peer, 0);
		peer->wire->next_queue = queue;
		wire_tcp(&one, .flags = TCP_SYN, .mss = 1460);
		wire_expect_tcp(&one, TCP_SYN | TCP_ACK);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 1000);
		wire_expect_tcp(&one, TCP_SYN | TCP_ACK);
		wire_expect_nothing(peer->wire);
		peer->wire->next_queue = queue + 1;
		wire_tcp(&one, .seq = one.seq, .flags = TCP_RST);
		cr_assert_eq(SUM(peer->wire, records), 0u);
		peer->wire->next_queue = queue + 1;
	}
	check_sums(peer->wire);
}

// A SYN that comes twice, by either queue, is of one connection.
WIRE_TEST(handover, one_record_for_a_syn_by_both_queues, .lcores = 2)
{
	struct wire_peer one = client(peer, 3), two = one;
	wire_tcp(&one, .flags = TCP_SYN, .mss = 1460);
	wire_tcp(&two, .flags = TCP_SYN, .mss = 1460);
	cr_assert_eq(SUM(peer->wire, half_open), 1u);
	cr_assert_eq(SUM(peer->wire, handed_over), 1u);
	wire_forget(peer->wire);
}

// Limits are of the source: whatever lcores its connections are on.
WIRE_TEST(handover, connections_of_a_source_are_counted_over_all_lcores, .lcores = 4)
{
	struct wire *wire = peer->wire;
	wire->policy.connections_per_source = 10;
	for (unsigned i = 0; i < 20; i++) {
		struct wire_peer one = client(peer, i);
		wire_connect(&one);
		wire_forget(wire);
	}
	cr_assert_eq(SUM(wire, accepted), 20u);
	cr_assert_eq(SUM(wire, crowded), 10u);
	cr_assert_eq(SUM(wire, waiting), 10u);
	unsigned used = 0;
	for (unsigned i = 0; i < 4; i++)
		used += counters(wire, i)->waiting > 0;
	cr_assert_gt(used, 1u, "all connections fell to one lcore");
	check_sums(wire);
}

// A source that sends SYNs by all queues gets no more records for it than by one.
WIRE_TEST(handover, syns_of_a_source_have_one_rate, .lcores = 4, .half_open = 1024)
{
	struct wire *wire = peer->wire;
	for (unsigned i = 0; i < 400; i++) {
		struct wire_peer one = client(peer, i);
		wire_tcp(&one, .flags = TCP_SYN, .mss = 1460);
		wire_forget(wire);
	}
	cr_assert_eq(SUM(wire, half_open), SYN_RATE_BURST);
	cr_assert_eq(SUM(wire, syn_cookies), 400u - SYN_RATE_BURST);
	check_sums(wire);
}

// What one lcore learnt is met on all.
WIRE_TEST(handover, a_verdict_is_met_on_every_lcore, .lcores = 4)
{
	struct wire *wire = peer->wire;
	wire->policy.verdicts = (struct bs_verdict_rules){.action = BS_VERDICT_REFUSE,
		.lifetime_ms = 3600000,
		.window_ms = 600000,
		.early_talks = 1};
	struct wire_peer rude = client(peer, 0);
	wire_connect(&rude);
	wire_say(&rude, "HELO x\r\n");
	wire_forget(wire);
	cr_assert_eq(SUM(wire, verdicts_given), 1u);
	for (unsigned i = 1; i < 13; i++) {
		struct wire_peer one = client(peer, i);
		wire_connect(&one);
		wire_forget(wire);
	}
	cr_assert_eq(SUM(wire, verdicts_met), 12u);
	unsigned lcores = 0;
	for (unsigned i = 0; i < 4; i++)
		lcores += counters(wire, i)->verdicts_met > 0;
	cr_assert_gt(lcores, 1u, "all connections fell to one lcore");
}

// What needs no connection is answered where it comes in.
WIRE_TEST4(handover, echo_is_not_handed_over, .lcores = 2)
{
	for (unsigned i = 0; i < 4; i++) {
		wire_icmp(peer, .type = 8);
		wire_expect_icmp(wire, 0);
	}
	cr_assert_eq(wire->counters.echo_replies, 2u);
	cr_assert_eq(wire->more[1].echo_replies, 2u);
	cr_assert_eq(SUM(wire, handed_over), 0u);
}

// The owner does not run: the ring fills, what does not fit is dropped and counted, SYNs first; nothing is held.
WIRE_TEST4(handover, full_ring, .lcores = 2)
{
	struct wire_bytes bytes;
	unsigned sent = 0;
	uint64_t given_syns;
	for (unsigned i = 0; i < 3000; i++) {
		struct wire_peer one = client(peer, i);
		wire_build_ip(
			&one, 6, &(struct wire_packet){.flags = TCP_SYN, .mss = 1460}, &bytes);
		wire->next_queue = 0;
		wire_queue(wire, bytes.byte, bytes.length, 0);
		sent++;
		if (i % 16 == 15)
			dataplane_poll(wire->lcore[0], wire->now_ns);
	}
	while (rte_ring_count(wire->receive[0]) > 0)
		dataplane_poll(wire->lcore[0], wire->now_ns);
	given_syns = wire->counters.handed_over;
	cr_assert_gt(wire->counters.reason[BS_REASON_HANDOVER_FULL], 1000u);
	// There is room yet for segments, which may be of connections.
	for (unsigned i = 0; i < 64; i++) {
		struct wire_peer one = client(peer, i);
		wire_build_ip(&one, 6, &(struct wire_packet){.flags = TCP_ACK}, &bytes);
		wire->next_queue = 0;
		wire_queue(wire, bytes.byte, bytes.length, 0);
		sent++;
		dataplane_poll(wire->lcore[0], wire->now_ns);
	}
	cr_assert_gt(wire->counters.handed_over, given_syns + 16);
	cr_assert(dataplane_ready(wire->lcore[1]), "it would sleep on what was handed to it");
	wire_poll(wire);
	cr_assert_not(dataplane_ready(wire->lcore[1]));
	cr_assert_eq(SUM(wire, rx_packets), sent);
	check_sums(wire);
	wire_forget(wire);
}

// The longest frame that a port takes fits a slot as it is.
WIRE_TEST(handover, whole_segments, .lcores = 2, .no_wait = true)
{
	struct wire *wire = peer->wire;
	char text[1400];
	memset(text, 'x', sizeof(text));
	for (unsigned queue = 0; queue < 2; queue++) {
		struct wire_peer one = client(peer, queue);
		wire->next_queue = queue;
		wire_connect(&one);
		wire_expect_tcp(&one, TCP_ACK);
		wire_tcp(&one, .flags = TCP_ACK);
		wire->next_queue = queue;
		wire_tcp(&one, .flags = TCP_ACK, .payload = text, .payload_length = sizeof(text));
		struct bs_stream *stream = wire_stream(wire, side(wire));
		const uint8_t *bytes;
		cr_assert_eq(bs_stream_peek(stream, &bytes), sizeof(text));
		cr_assert(memcmp(bytes, text, sizeof(text)) == 0);
		wire_forget(wire);
	}
	wire->dataplane = wire->lcore[0];
}
