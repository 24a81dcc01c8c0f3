// SPDX-License-Identifier: BSD-3-Clause
//
// Verdicts met at the SYN, at the handshake's end and at the wait's end, by each action; the limit of connections a source; and
// counts that are right however a connection ends.
#include "control/class/class.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/window.h"
#include "dataplane/tcp/text.h"
#include "tests/wire/wire.h"

#define HARVEST    "554 harvest\r\n"
#define EARLY_TALK "554 early talk\r\n"
#define CROWDED    "421 4.7.0 too many connections\r\n"
#define SEQUENCE   "503 5.5.1 only QUIT\r\n"
#define BYE        "221 2.0.0 bye\r\n"
#define LINE       "554-slowly\r\n"

// As a worker would, of a source that has been here before.
static void give_verdict(struct wire_peer *peer, enum bs_verdict_action action)
{
	struct wire *wire = peer->wire;
	enum bs_source_opening how;
	wire->policy.verdicts = (struct bs_verdict_rules){.action = (uint8_t)action,
		.lifetime_ms = 3600000,
		.window_ms = 600000,
		.refused_share = 90,
		.unknown_recipients = 1,
		.early_talks = 2};
	struct bs_source *source = bs_source_open(
		wire->sources, &peer->address, wire_seconds(wire), &how);
	cr_assert_not_null(source);
	cr_assert_eq(bs_source_learn(source, &(struct bs_lesson){.unknown = 1},
			     &wire->policy.verdicts, true, wire_seconds(wire)),
		BS_VERDICT_HARVEST);
	bs_source_close(wire->sources, &peer->address, wire_seconds(wire));
}

static void allow(struct wire_peer *peer)
{
	struct bs_policy *policy = &peer->wire->policy;
	struct bs_class_rule rule = {{peer->address, 128}, 1, 1};
	bs_class_table_free(policy->classes);
	policy->classes = bs_class_table_new(&rule, 1);
	policy->class[1].action = BS_ACTION_ALLOW;
	policy->class_count = 2;
}

static uint32_t open_now(struct wire_peer *peer)
{
	struct bs_source_view view;
	if (!bs_source_view(
		    peer->wire->sources, &peer->address, 600, wire_seconds(peer->wire), &view))
		return 0;
	return view.open;
}

WIRE_TEST(source, refused_at_once_with_the_reason)
{
	struct bs_notice notice;
	give_verdict(peer, BS_VERDICT_REFUSE);
	wire_connect(peer);
	wire_expect_text(peer, HARVEST);
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_DENIED, &notice));
	cr_assert_eq(notice.verdict, BS_VERDICT_HARVEST);
	wire_say(peer, "QUIT\r\n");
	wire_expect_text(peer, BYE);
	cr_assert_eq(peer->wire->counters.verdicts_met, 1);
	cr_assert_eq(peer->wire->counters.denied, 1);
	cr_assert_eq(wire_open_connections(peer->wire), 0, "a refused one is not counted");
}

WIRE_TEST(source, refused_though_it_speaks_with_the_handshake)
{
	give_verdict(peer, BS_VERDICT_REFUSE);
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .payload = "EHLO a\r\nQUIT\r\n");
	wire_expect_text(peer, HARVEST);
	wire_expect_text(peer, SEQUENCE BYE);
	cr_assert_eq(peer->wire->counters.pregreets, 0);
}

WIRE_TEST(source, dropped_without_an_answer)
{
	give_verdict(peer, BS_VERDICT_DROP);
	wire_expect_reason(
		peer->wire, BS_REASON_SYN_VERDICT, wire_tcp(peer, .flags = TCP_SYN, .mss = 1460));
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(source, a_verdict_ends)
{
	give_verdict(peer, BS_VERDICT_DROP);
	peer->wire->now_ns += UINT64_C(3601) * 1000000000; // across the wrap of the milliseconds
	wire_connect(peer);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, "220 mx1.example.org ESMTP\r\n");
}

WIRE_TEST(source, observed_only)
{
	give_verdict(peer, BS_VERDICT_OBSERVE);
	wire_connect(peer);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 50010); // it only waits as suspicious ones do
	wire_expect_text(peer, "220 mx1.example.org ESMTP\r\n");
	cr_assert_eq(peer->wire->counters.verdicts_met, 0);
}

static void allowed(struct wire_peer *peer, enum bs_verdict_action action)
{
	give_verdict(peer, action);
	allow(peer);
	wire_connect(peer);
	wire_expect_text(peer, "220 mx1.example.org ESMTP\r\n");
}
WIRE_TEST(source, allowed_beats_refuse)
{
	allowed(peer, BS_VERDICT_REFUSE);
}
WIRE_TEST(source, allowed_beats_drop)
{
	allowed(peer, BS_VERDICT_DROP);
}
WIRE_TEST(source, allowed_beats_stutter)
{
	allowed(peer, BS_VERDICT_STUTTER);
}

WIRE_TEST(source, a_full_syn_cache_drops_those_with_a_verdict_only, .half_open = 4)
{
	give_verdict(peer, BS_VERDICT_REFUSE);
	struct wire_peer other = *peer;
	other.address.octet[peer->ipv6 ? 7 : 15] ^= 1;
	for (uint16_t i = 0; i < 3; i++) {
		other.port = (uint16_t)(1000 + i);
		wire_tcp(&other, .flags = TCP_SYN, .mss = 1460);
	}
	wire_forget(peer->wire);
	wire_expect_reason(
		peer->wire, BS_REASON_SYN_VERDICT, wire_tcp(peer, .flags = TCP_SYN, .mss = 1460));
	wire_expect_nothing(peer->wire);
	other.port = 2000;
	other.ack = 0;
	wire_tcp(&other, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(&other, TCP_SYN | TCP_ACK);
}

// The verdict comes from another connection of the source while this one waits.
WIRE_TEST(source, met_when_the_wait_is_over)
{
	wire_connect(peer);
	give_verdict(peer, BS_VERDICT_REFUSE);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, HARVEST);
}

WIRE_TEST(source, early_talkers_get_a_verdict)
{
	struct bs_notice notice;
	peer->wire->policy.verdicts = (struct bs_verdict_rules){.action = BS_VERDICT_REFUSE,
		.lifetime_ms = 60000,
		.window_ms = 600000,
		.early_talks = 2};
	for (uint16_t i = 0; i < 2; i++) {
		struct wire_peer one = *peer;
		one.port = (uint16_t)(1000 + i);
		wire_connect(&one);
		cr_assert_not(wire_find_notice(peer->wire, BS_NOTICE_VERDICT, &notice));
		wire_say(&one, "EHLO\r\n");
		wire_forget(peer->wire);
	}
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_VERDICT, &notice));
	cr_assert_eq(notice.verdict, BS_VERDICT_EARLY_TALK);
	cr_assert_eq(notice.lifetime_s, 60);
	cr_assert_eq(peer->wire->counters.verdicts_given, 1);
	struct wire_peer third = *peer;
	wire_connect(&third);
	wire_expect_text(&third, EARLY_TALK);
	// another address of the same /64 is the same source, of IPv4's neighbourhood it is not
	peer->address.octet[15] ^= 1;
	wire_connect(peer);
	if (peer->ipv6)
		wire_expect_text(peer, EARLY_TALK);
	else
		wire_expect_nothing(peer->wire);
}

WIRE_TEST(source, hangups_are_counted)
{
	struct bs_source_view view;
	peer->wire->policy.verdicts.window_ms = 600000;
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	peer->port++;
	wire_connect(peer);
	wire_tcp(peer, .flags = TCP_RST);
	cr_assert(bs_source_view(
		peer->wire->sources, &peer->address, 600, wire_seconds(peer->wire), &view));
	cr_assert_eq(view.hangups, 2);
	cr_assert_eq(view.connections, 2);
	cr_assert_eq(view.open, 0);
}

// --- stutter ---

// One byte; the test stands at the moment it is due.
static char next_byte(struct wire_peer *peer)
{
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(frame->payload_length, 1);
	cr_assert_leq((unsigned)frame->window << RECEIVE_SHIFT, STUTTER_WINDOW << RECEIVE_SHIFT);
	return (char)frame->payload[0];
}

WIRE_TEST(source, stutters_byte_for_byte_to_the_554)
{
	static const char text[] = LINE LINE LINE LINE LINE LINE HARVEST;
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		cr_assert_eq(next_byte(peer), text[i], "byte %zu", i);
		wire_tcp(peer, .flags = TCP_ACK);
		wire_advance(peer->wire, 980);
		wire_expect_nothing(peer->wire);
		wire_advance(peer->wire, 20);
	}
	cr_assert_eq(peer->wire->counters.stutters, 1);
	cr_assert_eq(peer->wire->counters.stuttering, 0);
	wire_forget(peer->wire);
	wire_say(peer, "EHLO\r\nQUIT\r\n");
	wire_expect_text(peer, SEQUENCE BYE);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(source, stutters_on_while_the_client_talks)
{
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	cr_assert_eq(next_byte(peer), '5');
	uint32_t ack = peer->ack;
	wire_say(peer, "EHLO early\r\nMAIL FROM:<>\r\n");
	wire_expect_tcp(peer, TCP_ACK);
	wire_advance(peer->wire, 1010);
	cr_assert_eq(next_byte(peer), '5');
	wire_advance(peer->wire, 1010); // lost: again
	cr_assert_eq(next_byte(peer), '5');
	cr_assert_eq(peer->ack, ack + 1);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 1010);
	cr_assert_eq(next_byte(peer), '4');
}

WIRE_TEST(source, a_stutter_is_over_after_its_time)
{
	static const char text[] = LINE LINE LINE LINE LINE LINE HARVEST;
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	uint32_t begin = peer->ack;
	for (unsigned i = 0; i < 399; i++) { // a client that acknowledges each byte the tenth time
		wire_forget(peer->wire);
		wire_advance(peer->wire, 1000);
		if (i % 10 == 9)
			wire_tcp(peer, .flags = TCP_ACK, .ack = ++peer->ack);
	}
	cr_assert_eq(peer->wire->counters.stuttering, 1);
	peer->ack = begin + 39;
	wire_forget(peer->wire);
	wire_advance(peer->wire, 2000);
	cr_assert_eq(peer->wire->counters.stuttering, 0);
	// What was under way comes from the retransmission; the rest came at once.
	peer->ack = begin;
	const struct wire_frame *frame = wire_next(peer->wire), *last = NULL;
	for (; frame != NULL; frame = wire_next(peer->wire))
		if (frame->payload_length > 1)
			last = frame;
	cr_assert_not_null(last);
	uint32_t at = last->seq - begin;
	cr_assert_eq(at + last->payload_length, sizeof(text) - 1);
	cr_assert(memcmp(last->payload, text + at, last->payload_length) == 0);
}

WIRE_TEST(source, who_stops_acknowledging_a_stutter_is_given_up)
{
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	wire_advance(peer->wire, 12000);
	wire_forget(peer->wire);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.timeouts, 1);
}

WIRE_TEST(source, who_leaves_a_stutter_is_let_go)
{
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	cr_assert_eq(next_byte(peer), '5');
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	const struct wire_frame *rest = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_gt(rest->payload_length, 10);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
	peer->port++;
	wire_connect(peer);
	wire_forget(peer->wire);
	wire_tcp(peer, .flags = TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(peer->wire->counters.stuttering, 0);
}

WIRE_TEST(source, stops_stuttering_when_we_stop)
{
	give_verdict(peer, BS_VERDICT_STUTTER);
	wire_connect(peer);
	wire_forget(peer->wire);
	peer->wire->draining = true;
	wire_advance(peer->wire, 1010);
	cr_assert_eq(peer->wire->counters.stuttering, 0);
	wire_forget(peer->wire);
}

WIRE_TEST(source, stutters_to_a_tenth_of_the_records, .connections = 40)
{
	give_verdict(peer, BS_VERDICT_STUTTER);
	for (uint16_t i = 0; i < 5; i++) {
		struct wire_peer one = *peer;
		one.port = (uint16_t)(1000 + i);
		wire_connect(&one);
		if (i < 4)
			cr_assert_eq(next_byte(&one), '5');
		else
			wire_expect_text(&one, HARVEST);
	}
	cr_assert_eq(peer->wire->counters.stutters, 4);
}

// --- how many at once ---

WIRE_TEST(source, only_so_many_connections)
{
	struct wire_peer one[4];
	struct bs_notice notice;
	peer->wire->policy.connections_per_source = 2;
	for (uint16_t i = 0; i < 3; i++) {
		one[i] = *peer;
		one[i].port = (uint16_t)(1000 + i);
		wire_connect(&one[i]);
	}
	cr_assert(wire_find_notice(peer->wire, BS_NOTICE_CROWDED, &notice));
	cr_assert_eq(notice.client.port, 1002);
	wire_expect_text(&one[2], CROWDED);
	cr_assert_eq(peer->wire->counters.crowded, 1);
	cr_assert_eq(open_now(peer), 2);
	wire_tcp(&one[2], .flags = TCP_ACK);
	wire_tcp(&one[0], .flags = TCP_RST);
	one[3] = *peer;
	one[3].port = 1003;
	wire_connect(&one[3]); // there is room again
	wire_expect_nothing(peer->wire);
	cr_assert_eq(open_now(peer), 2);
	allow(peer);
	peer->port = 1004;
	wire_connect(peer); // and no limit for the allowed
	wire_expect_text(peer, "220 mx1.example.org ESMTP\r\n");
	cr_assert_eq(open_now(peer), 3);
}

// Each way a connection can end, its count right before and after.
typedef void way(struct wire_peer *peer);

static void resets(struct wire_peer *peer)
{
	wire_tcp(peer, .flags = TCP_RST);
}
static void leaves(struct wire_peer *peer)
{
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
}
static void early(struct wire_peer *peer)
{
	wire_say(peer, "EHLO\r\n");
}
static void greeting_lost(struct wire_peer *peer)
{
	wire_advance(peer->wire, 25000 + 128000);
}
static void greet_one(struct wire_peer *peer)
{
	wire_advance(peer->wire, 25010);
	wire_expect_tcp(peer, TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(open_now(peer), 1);
}
static void greeted_resets(struct wire_peer *peer)
{
	greet_one(peer);
	resets(peer);
}
static void greeted_leaves(struct wire_peer *peer)
{
	greet_one(peer);
	leaves(peer);
}
static void greeted_silent(struct wire_peer *peer)
{
	greet_one(peer);
	wire_advance(peer->wire, 300100);
}
static void drained(struct wire_peer *peer)
{
	peer->wire->draining = true;
	wire_poll(peer->wire);
	peer->wire->draining = false;
}
static uint32_t talk_one(struct wire_peer *peer)
{
	uint32_t number, events;
	greet_one(peer);
	wire_say(peer, "EHLO\r\n");
	cr_assert(wire_event(peer->wire, &number, &events));
	cr_assert_eq(open_now(peer), 1);
	return number;
}
static void talks_and_is_closed(struct wire_peer *peer)
{
	uint32_t number = talk_one(peer);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
}
static void talks_and_is_aborted(struct wire_peer *peer)
{
	uint32_t number = talk_one(peer);
	wire_wish(peer->wire, number, BS_WISH_ABORT);
}
static void talks_and_resets(struct wire_peer *peer)
{
	uint32_t number = talk_one(peer);
	resets(peer);
	cr_assert_eq(open_now(peer), 1, "the worker may still look at the entry");
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
}
static void talks_and_leaves(struct wire_peer *peer)
{
	uint32_t number = talk_one(peer);
	leaves(peer);
	cr_assert_eq(open_now(peer), 1);
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
}

WIRE_TEST(source, counts_are_right_however_a_connection_ends)
{
	static way *const ways[] = {resets, leaves, early, greeting_lost, greeted_resets,
		greeted_leaves, greeted_silent, drained, talks_and_is_closed, talks_and_is_aborted,
		talks_and_resets, talks_and_leaves};
	for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		peer->port++;
		wire_connect(peer);
		cr_assert_eq(open_now(peer), 1, "way %u", i);
		ways[i](peer);
		cr_assert_eq(open_now(peer), 0, "way %u", i);
		wire_advance(peer->wire, 200000);
		wire_forget(peer->wire);
		cr_assert_eq(open_now(peer), 0, "way %u", i);
		struct bs_notice notice;
		while (wire_notice(peer->wire, &notice))
			;
	}
	cr_assert_eq(peer->wire->counters.records, 0);
}

// A full neighbourhood serves on, uncounted; who is counted stays.
WIRE_TEST(source, a_full_table_refuses_nobody, .sources = 14)
{
	uint8_t *octet = &peer->address.octet[peer->ipv6 ? 7 : 15];
	for (uint16_t i = 0; i < 18; i++) {
		struct wire_peer one = *peer;
		*octet = (uint8_t)(100 + i);
		one.address = peer->address;
		wire_connect(&one);
	}
	cr_assert_eq(bs_sources_count(peer->wire->sources), 14);
	cr_assert_eq(peer->wire->counters.sources_no_room, 4);
	cr_assert_eq(wire_open_connections(peer->wire), 14);
	wire_advance(peer->wire, 25010);
	for (unsigned i = 0; i < 18; i++)
		cr_assert_eq(wire_expect(peer->wire)->payload_length,
			strlen("220 mx1.example.org ESMTP\r\n"));
}

// Spoofed SYNs, and ACKs of nothing, make no entries.
WIRE_TEST(source, only_a_completed_handshake_makes_an_entry)
{
	wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .ack = peer->ack + 1);
	wire_forget(peer->wire);
	cr_assert_eq(bs_sources_count(peer->wire->sources), 0);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(bs_sources_count(peer->wire->sources), 1);
}

WIRE_TEST(source, a_flood_of_spoofed_syns_makes_none)
{
	uint8_t *octet = &peer->address.octet[peer->ipv6 ? 4 : 13];
	for (uint32_t i = 0; i < 30000; i++) {
		struct wire_peer one = *peer;
		octet[0] = (uint8_t)(i >> 8);
		octet[1] = (uint8_t)i;
		one.address = peer->address;
		wire_tcp(&one, .flags = TCP_SYN, .mss = 1460);
		wire_forget(peer->wire);
	}
	cr_assert_eq(peer->wire->counters.syn_received, 30000);
	cr_assert_eq(bs_sources_count(peer->wire->sources), 0);
	cr_assert_eq(peer->wire->counters.accepted, 0);
}
