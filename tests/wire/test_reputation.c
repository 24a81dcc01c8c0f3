// SPDX-License-Identifier: BSD-3-Clause
//
// How long the wait is: none for sources that behaved, longer for those that did not.
#include "dataplane/tcp/connection.h"
#include "tests/wire/wire.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define PREGREET "554 5.5.0 you spoke before the greeting\r\n"

// The entry of a source that was here before.
static struct bs_source *known_as(struct wire_peer *peer, struct bs_lesson lesson)
{
	struct wire *wire = peer->wire;
	enum bs_source_opening how;
	wire->policy.verdicts = (struct bs_verdict_rules){.action = BS_VERDICT_REFUSE,
		.lifetime_ms = 3600000,
		.window_ms = 600000,
		.refused_share = 90,
		.forgiven_ms = 604800000};
	struct bs_source *source = bs_source_open(
		wire->sources, &peer->address, wire_seconds(wire), &how);
	cr_assert_not_null(source);
	bs_source_learn(source, &lesson, &wire->policy.verdicts, true, wire_seconds(wire));
	bs_source_close(wire->sources, &peer->address, wire_seconds(wire));
	return source;
}

static const struct bs_lesson bad = {.sessions = 2, .refused = 2};

static void waits(struct wire_peer *peer, uint32_t ms)
{
	wire_connect(peer);
	wire_advance(peer->wire, ms - 20);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 40);
	wire_expect_text(peer, GREETING);
}

WIRE_TEST(reputation, who_behaved_does_not_wait)
{
	struct bs_source *source = known_as(peer, (struct bs_lesson){0});
	bs_source_remember(source, wire_seconds(peer->wire) + 60);
	wire_connect(peer);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_RST);
	wire_advance(peer->wire, 61000);
	peer->port++;
	waits(peer, 25000); // it was remembered for a minute
}

WIRE_TEST(reputation, who_behaved_must_not_speak_early_either)
{
	struct bs_source *source = known_as(peer, (struct bs_lesson){0});
	bs_source_remember(source, wire_seconds(peer->wire) + 60);
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .payload = "EHLO a\r\n");
	wire_expect_text(peer, PREGREET);
}

WIRE_TEST(reputation, the_suspicious_wait_twice_as_long)
{
	known_as(peer, bad);
	waits(peer, 50000);
}

WIRE_TEST(reputation, the_suspicious_wait_as_long_as_they_shall)
{
	known_as(peer, bad);
	peer->wire->policy.suspicious_wait_ms = 90000;
	waits(peer, 90000);
}

WIRE_TEST(reputation, nobody_waits_longer_than_a_client_may_bear, .wait_ms = 200000)
{
	known_as(peer, bad);
	waits(peer, 240000);
}

WIRE_TEST(reputation, an_early_talker_waits_longer_the_next_time)
{
	known_as(peer, (struct bs_lesson){0});
	for (uint16_t i = 0; i < 2; i++) {
		peer->port++;
		wire_connect(peer);
		wire_say(peer, "EHLO a\r\n");
		wire_forget(peer->wire);
		wire_tcp(peer, .flags = TCP_RST);
	}
	peer->port++;
	waits(peer, 50000);
}

WIRE_TEST(reputation, the_suspicious_are_caught_early_as_any)
{
	known_as(peer, bad);
	wire_connect(peer);
	wire_advance(peer->wire, 30000);
	wire_say(peer, "EHLO a\r\n");
	wire_expect_text(peer, PREGREET);
}

WIRE_TEST(reputation, nobody_waits_where_there_is_no_wait, .no_wait = true)
{
	known_as(peer, bad);
	wire_connect(peer);
	wire_expect_text(peer, GREETING);
}

WIRE_TEST(reputation, once_is_not_suspicious)
{
	known_as(peer, (struct bs_lesson){.sessions = 1, .refused = 1});
	waits(peer, 25000);
}

WIRE_TEST(reputation, both_classes_are_told_when_we_stop)
{
	struct wire_peer other = *peer;
	other.address.octet[peer->ipv6 ? 7 : 15] ^= 1;
	known_as(peer, bad);
	wire_connect(peer);
	wire_connect(&other);
	cr_assert_eq(peer->wire->dataplane->connections->queue[DELAY_WAIT_LONG].count, 1);
	peer->wire->draining = true;
	wire_poll(peer->wire);
	wire_expect_text(&other, "421 4.3.2 stopping\r\n");
	wire_expect_text(peer, "421 4.3.2 stopping\r\n");
}
