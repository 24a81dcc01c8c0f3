// SPDX-License-Identifier: BSD-3-Clause
//
// Overload: when it begins and ends, and who goes without before the good clients do.
#include "control/class/class.h"
#include "tests/wire/crowd.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define BUSY     "421 4.3.2 busy\r\n"

WIRE_TEST(overload, begins_high_and_ends_low, .connections = 20)
{
	struct wire *wire = peer->wire;
	struct wire_peer one[16];
	struct bs_notice notice;
	crowd(peer, one, 0, 15);
	cr_assert_eq(wire->counters.stress, 0);
	crowd(peer, one, 15, 16);
	wire_poll(wire);
	cr_assert_eq(wire->counters.stress, 1);
	cr_assert(wire_find_notice(wire, BS_NOTICE_STRESS, &notice));
	cr_assert_eq(notice.total, 16);
	leave(one, 0, 4);
	cr_assert_eq(wire->counters.stress, 1, "12 of 20: not yet");
	leave(one, 4, 5);
	cr_assert_eq(wire->counters.stress, 0);
	cr_assert(wire_find_notice(wire, BS_NOTICE_STRESS_OVER, &notice));
	cr_assert_eq(notice.total, 11);
	crowd(peer, one, 0, 4);
	wire_poll(wire);
	cr_assert_eq(wire->counters.stress, 0, "15 of 20");
	cr_assert_eq(wire->counters.stressed, 1);
	cr_assert_not(wire_find_notice(wire, BS_NOTICE_STRESS, &notice));
}

WIRE_TEST(overload, what_is_only_remembered_does_not_count, .connections = 20)
{
	struct wire_peer one[14];
	for (unsigned i = 0; i < 5; i++) { // TIME_WAIT: refused, we closed first
		struct wire_peer early = stranger(peer, (uint8_t)(100 + i));
		wire_connect(&early);
		wire_say(&early, "QUIT\r\nQUIT\r\n");
		wire_expect_tcp(&early, TCP_ACK);
		wire_tcp(&early, .flags = TCP_ACK);
		wire_say(&early, "QUIT\r\n");
		wire_expect_tcp(&early, TCP_ACK);
		wire_tcp(&early, .flags = TCP_ACK);
		wire_advance(peer->wire, 1010);
		wire_expect_tcp(&early, TCP_FIN | TCP_ACK);
		wire_tcp(&early, .flags = TCP_FIN | TCP_ACK);
		wire_forget(peer->wire);
	}
	cr_assert_eq(peer->wire->counters.time_wait, 5);
	crowd(peer, one, 0, 14);
	wire_poll(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 19);
	cr_assert_eq(peer->wire->counters.stress, 0);
}

WIRE_TEST(overload, plain_clients_wait_shorter, .connections = 20)
{
	struct wire_peer one[16];
	crowd(peer, one, 0, 16);
	wire_advance(peer->wire, 1900);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 120);
	cr_assert_eq(peer->wire->counters.greeted, 16);
	for (unsigned i = 0; i < 16; i++)
		wire_expect_text(&one[i], GREETING);
}

WIRE_TEST(overload, a_short_wait_stays, .connections = 20, .wait_ms = 500)
{
	struct wire_peer one[16];
	crowd(peer, one, 0, 16);
	wire_advance(peer->wire, 510);
	cr_assert_eq(peer->wire->counters.greeted, 16);
	wire_forget(peer->wire);
}

WIRE_TEST(overload, the_suspicious_are_shed_first, .connections = 20)
{
	struct wire_peer one[16], before = stranger(peer, 101), after = stranger(peer, 102),
				  good = stranger(peer, 103);
	struct bs_notice notice;
	const struct bs_lesson bad = {.sessions = 2, .refused = 2};
	met_before(&before, bad);
	met_before(&after, bad);
	struct bs_source *source = met_before(&good, (struct bs_lesson){0});
	bs_source_remember(source, wire_seconds(peer->wire) + 600);
	wire_connect(&before);
	crowd(peer, one, 0, 14);
	wire_expect_nothing(peer->wire);
	crowd(peer, one, 14, 15);
	wire_expect_text(&before, BUSY);
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_BUSY, &notice));
	wire_tcp(&before, .flags = TCP_ACK);
	wire_connect(&after);
	wire_expect_text(&after, BUSY);
	wire_tcp(&after, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.shed, 2);
	wire_connect(&good); // notices nothing
	wire_expect_text(&good, GREETING);
	wire_forget(peer->wire);
}

static void classed(const struct wire_peer *peer, uint8_t action)
{
	struct bs_policy *policy = &peer->wire->policy;
	struct bs_class_rule rule = {{peer->address, 128}, 1, 1};
	bs_class_table_free(policy->classes);
	policy->classes = bs_class_table_new(&rule, 1);
	policy->class[1] = (struct bs_class){.action = action};
	policy->class_count = 2;
}

WIRE_TEST(overload, stutters_end, .connections = 20)
{
	struct wire_peer one[16], slow = stranger(peer, 101), second;
	classed(&slow, BS_ACTION_STUTTER);
	wire_connect(&slow);
	cr_assert_eq(wire_expect_tcp(&slow, TCP_ACK)->payload_length, 1);
	wire_tcp(&slow, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.stuttering, 1);
	crowd(peer, one, 0, 15);
	wire_advance(peer->wire, 1010);
	cr_assert_eq(peer->wire->counters.stuttering, 0);
	cr_assert_gt(wire_expect_tcp(&slow, TCP_ACK)->payload_length, 60, "all the rest");
	second = slow;
	second.port++;
	second.ack = 0;
	wire_connect(&second); // and none begins
	wire_expect_text(&second, "554 5.7.1 denied\r\n");
	cr_assert_eq(peer->wire->counters.stutters, 1);
	wire_forget(peer->wire);
}

WIRE_TEST(overload, blocks_too, .no_wait = true, .talking = 10)
{
	struct wire *wire = peer->wire;
	struct wire_peer one[10];
	struct bs_notice notice;
	uint32_t number[10], events;
	for (unsigned i = 0; i < 9; i++) {
		cr_assert_eq(wire->counters.stress, 0);
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_connect(&one[i]);
		wire_forget(wire);
		one[i].ack += sizeof(GREETING) - 1;
		wire_tcp(&one[i], .flags = TCP_ACK);
		wire_say(&one[i], "EHLO a\r\n");
		cr_assert(wire_event(wire, &number[i], &events));
	}
	cr_assert_eq(wire->counters.stress, 1);
	cr_assert(wire_find_notice(wire, BS_NOTICE_STRESS, &notice));
	wire->policy.wait_ms = 25000;
	wire_forget(wire);
	wire_connect(peer);
	wire_advance(wire, 3000);
	cr_assert_eq(wire->counters.waiting, 1, "a shorter wait would not free a block");
	for (unsigned i = 0; i < 9; i++)
		wire_wish(wire, number[i], BS_WISH_ABORT);
	wire_poll(wire);
	cr_assert_eq(wire->counters.stress, 0);
	wire_forget(wire);
}

// --- the stutter's own bounds ---

WIRE_TEST(overload, only_so_many_stutters)
{
	struct wire_peer one = *peer;
	classed(peer, BS_ACTION_STUTTER);
	peer->wire->policy.stutters = 2;
	for (uint16_t i = 0; i < 3; i++) {
		one = *peer;
		one.port = (uint16_t)(1000 + i);
		wire_connect(&one);
		cr_assert_eq(wire_expect_tcp(&one, TCP_ACK)->payload_length,
			i < 2 ? 1 : strlen("554 5.7.1 denied\r\n"));
	}
	cr_assert_eq(peer->wire->counters.stuttering, 2);
	cr_assert_eq(peer->wire->counters.denied, 3);
}

WIRE_TEST(overload, a_stutter_by_list_ends_in_the_denial)
{
	static const char line[] = "554-slowly\r\n";
	classed(peer, BS_ACTION_STUTTER);
	peer->wire->policy.stutter_ms = 5000;
	wire_connect(peer);
	for (unsigned i = 0; i < 5; i++) {
		const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
		cr_assert_eq(frame->payload_length, 1);
		cr_assert_eq(frame->payload[0], line[i]);
		wire_tcp(peer, .flags = TCP_ACK);
		wire_advance(peer->wire, 1000);
	}
	const struct wire_frame *rest = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(rest->payload_length, 6 * (sizeof(line) - 1) + 18 - 5);
	cr_assert(
		memcmp(rest->payload + rest->payload_length - 18, "554 5.7.1 denied\r\n", 18) == 0);
	cr_assert_eq(peer->wire->counters.blocks, 0);
}
