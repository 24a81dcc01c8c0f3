// SPDX-License-Identifier: BSD-3-Clause
//
// Waits that end together: greetings that are copied from each other are those that each client would have had alone. The harness looks at
// lengths and checksums.
#include <rte_mbuf.h>

#include "control/class/class.h"
#include "dataplane/tcp/window.h"
#include "tests/wire/crowd.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define CROWD    40u // more than one batch

// The handshake of a client of one of several kinds.
static void connect_as(struct wire_peer *peer, unsigned kind)
{
	bool scales = kind % 2 == 1;
	uint16_t vlan = peer->wire->ports.port[0].vlan, mss = kind % 3 == 0 ? 1460 : 536;
	peer->seq = kind * 0x01234567u;
	if (kind % 5 == 4) { // a neighbour: the gateway has nothing to do with him
		peer->address.octet[0] = peer->local.octet[0];
		if (peer->ipv6)
			memcpy(peer->address.octet, peer->local.octet, 8);
		else
			memcpy(peer->address.octet + 12, peer->local.octet + 12, 3);
		peer->address.octet[15] = (uint8_t)(100 + kind);
		peer->mac[5] = (uint8_t)kind;
	}
	wire_tcp(peer, .flags = TCP_SYN, .mss = mss, .window_scale = scales ? 7 : 0,
		.sack_permitted = kind % 4 == 2, .tagged = vlan != 0, .vlan = vlan);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .tagged = vlan != 0, .vlan = vlan);
}

static void expect_greeting(struct wire_peer *peer, unsigned kind, const char *text)
{
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert(frame->flags & TCP_PSH);
	cr_assert_eq(frame->seq, peer->ack - (uint32_t)strlen(text));
	cr_assert_eq(frame->ack, peer->seq);
	unsigned window = kind % 2 == 1 ? RECORD_WINDOW >> RECEIVE_SHIFT : RECORD_WINDOW;
	cr_assert_eq(
		frame->window, window, "%u instead of %u, client %u", frame->window, window, kind);
	cr_assert_eq(frame->payload_length, strlen(text));
	cr_assert_arr_eq(frame->payload, text, strlen(text));
	cr_assert_arr_eq(frame->to, kind % 5 == 4 ? peer->mac : wire_peer_mac, 6);
	cr_assert_eq(frame->vlan, peer->wire->ports.port[0].vlan);
}

static void all_kinds(struct wire_peer *peer)
{
	struct wire_peer one[CROWD];
	for (unsigned i = 0; i < CROWD; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		connect_as(&one[i], i);
	}
	peer->wire->now_ns += 25000 * UINT64_C(1000000);
	wire_poll(peer->wire);
	for (unsigned i = 0; i < CROWD; i++)
		expect_greeting(&one[i], i, GREETING);
	wire_expect_nothing(peer->wire);
	cr_assert_eq(peer->wire->counters.greeted, CROWD);
	for (unsigned i = 0; i < CROWD; i++)
		wire_tcp(&one[i], .flags = TCP_ACK, .tagged = true,
			.vlan = peer->wire->ports.port[0].vlan);
	wire_advance(peer->wire, 1100); // all arrived: nothing comes again
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(greeting, each_has_its_own, .half_open = 64)
{
	all_kinds(peer);
}

WIRE_TEST(greeting, where_the_port_fills_in_checksums, .half_open = 64, .fills = true)
{
	all_kinds(peer);
}

WIRE_TEST(greeting, in_a_vlan, .half_open = 64, .vlan = 7)
{
	all_kinds(peer);
}

WIRE_TEST4(greeting, both_families_at_once, .half_open = 64)
{
	struct wire_peer one[CROWD], six = wire_peer(wire, true);
	for (unsigned i = 0; i < CROWD; i++) {
		one[i] = stranger(i % 3 == 1 ? &six : peer, (uint8_t)(i + 1));
		connect_as(&one[i], 0);
	}
	wire_advance(wire, 25010);
	for (unsigned i = 0; i < CROWD; i++)
		expect_greeting(&one[i], 0, GREETING);
}

// Who has no room for it in one segment gets it in several, or what his window takes.
WIRE_TEST(greeting, not_all_have_room_for_it)
{
	struct bs_template *text = &peer->wire->texts[0].template[BS_TEMPLATE_GREETING];
	struct wire_peer one[6];
	memset(text->text, 'x', 200);
	text->length = 200;
	for (unsigned i = 0; i < 6; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_tcp(&one[i], .flags = TCP_SYN, .mss = i == 2 ? 64 : 1460);
		wire_expect_tcp(&one[i], TCP_SYN | TCP_ACK);
		wire_tcp(&one[i], .flags = TCP_ACK, .window = i == 4 ? 128 : 0);
	}
	wire_advance(peer->wire, 25010);
	for (unsigned i = 0; i < 6; i++) {
		unsigned said = 0, segments = 0, whole = i == 4 ? 128 : 200;
		for (; said < whole; segments++)
			said += wire_expect_tcp(&one[i], TCP_ACK)->payload_length;
		cr_assert_eq(said, whole);
		cr_assert_eq(segments, i == 2 ? 4 : 1);
	}
	wire_expect_nothing(peer->wire);
}

// Each is judged as the policy is now.
WIRE_TEST(greeting, some_are_told_something_else)
{
	struct wire *wire = peer->wire;
	struct bs_class_rule rule = {.class = 1};
	struct wire_peer one[9];
	crowd(peer, one, 0, 9);
	rule.prefix = (struct bs_prefix){.address = one[3].address, .length = 128};
	bs_class_table_free(wire->policy.classes);
	wire->policy.classes = bs_class_table_new(&rule, 1);
	wire->policy.class[1].action = BS_ACTION_REFUSE;
	wire->policy.class[1].refuse_at = BS_REFUSE_AT_CONNECT;
	wire->policy.class_count = 2;
	struct bs_source *source = bs_source_hold(wire->sources, &one[5].address);
	bs_source_convict(source, BS_VERDICT_LISTED, 3600, wire_seconds(wire));
	bs_source_let_go(source);
	wire_advance(wire, 25010);
	for (unsigned i = 0; i < 9;
		i++) { // refusals go out when they are found, greetings behind them
		const struct wire_frame *frame = wire_expect(wire);
		unsigned reply = i < 2 ? 5 : 2;
		cr_assert_eq(frame->payload[0] - '0', reply, "answer %u", i);
	}
	wire_expect_nothing(wire);
	cr_assert_eq(wire->counters.denied, 2);
	cr_assert_eq(wire->counters.greeted, 7);
}

// Two texts are in force at once after a reload: who had a teaser hears the rest of his.
WIRE_TEST(greeting, each_has_the_text_that_was_begun)
{
	struct wire *wire = peer->wire;
	struct bs_template *teaser = &wire->texts[0].template[BS_TEMPLATE_TEASER];
	struct wire_peer one[6];
	wire->texts[3] = wire->texts[0];
	memcpy(wire->texts[3].template[BS_TEMPLATE_GREETING].text, "220 mx2", 7);
	memcpy(teaser->text, "220-\r\n", 6);
	for (unsigned i = 0; i < 6; i++) {
		teaser->length = i == 1 || i == 4 ? 6 : 0;
		wire->policy.text_set = teaser->length > 0 ? 0 : 3;
		crowd(peer, one, i, i + 1);
		if (teaser->length > 0) {
			wire_expect_text(&one[i], "220-\r\n");
			wire_tcp(&one[i], .flags = TCP_ACK);
		}
	}
	teaser->length = 6;
	wire_advance(wire, 25010);
	for (unsigned i = 0; i < 6; i++)
		expect_greeting(
			&one[i], 0, i == 1 || i == 4 ? GREETING : "220 mx2.example.org ESMTP\r\n");
}

WIRE_TEST(greeting, who_finds_no_buffer_is_greeted_again, .mbufs = 255)
{
	struct wire *wire = peer->wire;
	struct rte_mbuf *held[256];
	struct wire_peer one[8];
	unsigned count = 0;
	crowd(peer, one, 0, 8);
	while (count < 256 && (held[count] = rte_pktmbuf_alloc(wire->pool)) != NULL)
		count++;
	for (unsigned i = 0; i < 3; i++)
		rte_pktmbuf_free(held[--count]);
	wire_advance(wire, 25010);
	cr_assert_eq(wire->counters.reason[BS_REASON_NO_MBUF], 5);
	for (unsigned i = 0; i < 3; i++)
		wire_expect_text(&one[i], GREETING);
	rte_pktmbuf_free_bulk(held, count);
	wire_advance(wire, 1010);
	for (unsigned i = 0; i < 8; i++) // all: nobody acknowledged
		cr_assert_eq(wire_expect(wire)->payload_length, strlen(GREETING));
}
