// SPDX-License-Identifier: BSD-3-Clause
//
// Rates of connections, verdicts that a worker gives while a client waits, and what becomes of a verdict when its source is
// allowed.
#include "control/class/class.h"
#include "tests/wire/wire.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define LISTED   "554 listed\r\n"
#define TOO_FAST "421 too many connections, try again later\r\n"

static void classed(struct wire_peer *peer, uint8_t action)
{
	struct bs_policy *policy = &peer->wire->policy;
	struct bs_class_rule rule = {{peer->address, 128}, 1, 1};
	bs_class_table_free(policy->classes);
	policy->classes = bs_class_table_new(&rule, 1);
	policy->class[1].action = action;
	policy->class_count = 2;
}

static struct wire_peer numbered(const struct wire_peer *peer, uint16_t number)
{
	struct wire_peer one = *peer;
	one.port = (uint16_t)(1000 + number);
	return one;
}

WIRE_TEST(judge, only_so_many_connections_in_a_time)
{
	struct bs_notice notice;
	peer->wire->policy.rates = (struct bs_rates){.window_ms = 60000, .connections = 3};
	for (uint16_t i = 0; i < 3; i++) {
		struct wire_peer one = numbered(peer, i);
		wire_connect(&one);
		wire_expect_nothing(peer->wire);
		wire_tcp(&one, .flags = TCP_RST); // they need not be there at once
	}
	struct wire_peer fourth = numbered(peer, 3), fifth = numbered(peer, 4);
	wire_connect(&fourth);
	wire_expect_text(&fourth, TOO_FAST);
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_RATE, &notice));
	cr_assert_eq(notice.total, 4);
	cr_assert_eq(notice.sample_length, 0);
	cr_assert_eq(peer->wire->counters.too_fast, 1);
	wire_tcp(&fourth, .flags = TCP_ACK);
	wire_advance(peer->wire, 1020);
	wire_expect_tcp(&fourth, TCP_FIN | TCP_ACK);
	wire_advance(peer->wire, 50000);
	wire_forget(peer->wire);
	wire_connect(&fifth);
	wire_expect_text(&fifth, TOO_FAST);
	wire_advance(peer->wire, 12000); // the window is over
	wire_forget(peer->wire);
	*peer = numbered(peer, 5);
	wire_connect(peer);
	wire_expect_nothing(peer->wire);
}

static void not_limited(struct wire_peer *peer, uint8_t action)
{
	peer->wire->policy.rates = (struct bs_rates){.window_ms = 60000, .connections = 1};
	classed(peer, action);
	for (uint16_t i = 0; i < 4; i++) {
		struct wire_peer one = numbered(peer, i);
		wire_connect(&one);
		wire_expect_text(&one, GREETING);
	}
	cr_assert_eq(peer->wire->counters.too_fast, 0);
}
WIRE_TEST(judge, the_allowed_have_no_rate)
{
	not_limited(peer, BS_ACTION_ALLOW);
}
WIRE_TEST(judge, relays_have_no_rate)
{
	not_limited(peer, BS_ACTION_RELAY);
}

// As a worker does whom the dataplane told of the source.
static void convict(struct wire_peer *peer)
{
	struct bs_source *source = bs_source_hold(peer->wire->sources, &peer->address);
	cr_assert_not_null(source);
	cr_assert(bs_source_convict(source, BS_VERDICT_LISTED, 600, wire_seconds(peer->wire)));
	bs_source_let_go(source);
}

static void listed(struct wire_peer *peer, enum bs_verdict_action action)
{
	struct bs_notice notice;
	peer->wire->policy.verdicts.action = (uint8_t)action;
	wire_connect(peer);
	convict(peer);
	wire_advance(peer->wire, 24000);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 1010);
	wire_expect_text(peer, LISTED);
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_DENIED, &notice));
	cr_assert_eq(notice.verdict, BS_VERDICT_LISTED);
}
WIRE_TEST(judge, the_listed_are_refused_at_the_waits_end)
{
	listed(peer, BS_VERDICT_REFUSE);
}
WIRE_TEST(judge, the_listed_are_refused_where_verdicts_are_only_observed)
{
	listed(peer, BS_VERDICT_OBSERVE);
}

WIRE_TEST(judge, no_verdict_outlives_an_allow_entry)
{
	struct wire_peer second = numbered(peer, 0), third = numbered(peer, 1);
	peer->wire->policy.verdicts.action = BS_VERDICT_REFUSE;
	wire_connect(peer);
	convict(peer);
	classed(&second, BS_ACTION_ALLOW);
	wire_connect(&second);
	wire_expect_text(&second, GREETING);
	classed(&third, BS_ACTION_NONE);
	wire_connect(&third);
	wire_expect_nothing(peer->wire);
	wire_tcp(&third, .flags = TCP_RST);
	wire_tcp(peer, .flags = TCP_RST);
}
