// SPDX-License-Identifier: BSD-3-Clause
//
// A policy that changes under connections: texts that are being said, denied clients, another wait.
#include "tests/wire/wire.h"

#define GREETING "220 mx1.example.org ESMTP\r\n"
#define SHORT    "220 a\r\n"
#define PREGREET "554 5.5.0 you spoke before the greeting\r\n"
#define SEQUENCE "503 5.5.1 only QUIT\r\n"
#define DENIED   "554 5.7.1 denied\r\n"

// As a reload does: other texts in another set.
static void reload_texts(struct wire *wire, uint8_t set)
{
	wire->texts[set] = wire->texts[0];
	for (unsigned i = BS_TEMPLATE_GREETING; i < BS_TEMPLATES; i++) {
		struct bs_template *template = &wire->texts[set].template[i];
		memcpy(template->text, SHORT, sizeof(SHORT));
		template->length = sizeof(SHORT) - 1;
	}
	wire->policy.text_set = set;
}

static uint64_t holders(const struct wire *wire)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++)
		sum += wire->counters.text_holders[i];
	return sum;
}

// What is sent again after the reload is what was sent before it, byte by byte.
WIRE_TEST(reload, a_greeting_under_way_stays)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	cr_expect_eq(peer->wire->counters.text_holders[0], 1);
	reload_texts(peer->wire, 15);
	wire_advance(peer->wire, 1020);
	const struct wire_frame *again = wire_next(peer->wire);
	cr_assert_eq(again->payload_length, strlen(GREETING));
	cr_assert(memcmp(again->payload, GREETING, strlen(GREETING)) == 0);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 100);
	wire_expect_nothing(peer->wire); // all is acknowledged, the shorter text notwithstanding
	wire_say(peer, "EHLO a\r\n");
	cr_expect_eq(peer->wire->counters.talking, 1);
	cr_expect_eq(holders(peer->wire), 0);
}

WIRE_TEST(reload, a_refusal_goes_on_in_its_words)
{
	wire_connect(peer);
	wire_say(peer, "EHLO early\r\n");
	wire_expect_text(peer, PREGREET);
	reload_texts(peer->wire, 3);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, "MAIL FROM:<a@b>\r\n");
	wire_expect_text(peer, SEQUENCE);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_expect_eq(peer->wire->counters.text_holders[0], 1);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	cr_expect_eq(holders(peer->wire), 0);
}

WIRE_TEST(reload, who_still_waits_gets_the_new_greeting)
{
	wire_connect(peer);
	reload_texts(peer->wire, 7);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, SHORT);
	cr_expect_eq(peer->wire->counters.text_holders[7], 1);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	cr_expect_eq(holders(peer->wire), 0);
}

// Runtime entries as control makes them.
static void runtime(struct wire *wire, uint8_t verdict, const struct bs_address *address)
{
	struct bs_overlay_entry entry = {{*address, 128}, verdict};
	bs_overlay_free(wire->policy.overlay);
	wire->policy.overlay = bs_overlay_new(&entry, 1);
	cr_assert_not_null(wire->policy.overlay);
	wire->policy.class[BS_CLASS_RUNTIME_ALLOW] = (struct bs_class){
		"runtime-allow", BS_ACTION_ALLOW, BS_REFUSE_AT_RCPT};
	wire->policy.class[BS_CLASS_RUNTIME_DENY] = (struct bs_class){
		"runtime-deny", BS_ACTION_REFUSE, BS_REFUSE_AT_CONNECT};
	wire->policy.class_count = BS_CLASS_LISTS;
}

static void forget(struct wire *wire)
{
	bs_overlay_free(wire->policy.overlay);
	wire->policy.overlay = NULL;
}

WIRE_TEST(reload, denied_while_waiting)
{
	wire_connect(peer);
	wire_advance(peer->wire, 10000);
	runtime(peer->wire, BS_OVERLAY_DENY, &peer->address);
	wire_advance(peer->wire, 10000);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 5010);
	wire_expect_text(peer, DENIED);
	cr_expect_eq(peer->wire->counters.denied, 1);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	forget(peer->wire);
}

WIRE_TEST(reload, denied_before_the_syn)
{
	runtime(peer->wire, BS_OVERLAY_DENY, &peer->address);
	wire_connect(peer);
	wire_expect_text(peer, DENIED);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	forget(peer->wire);
}

WIRE_TEST(reload, allowed_while_waiting)
{
	wire_connect(peer);
	runtime(peer->wire, BS_OVERLAY_ALLOW, &peer->address);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	wire_connect(peer);
	wire_expect_text(peer, GREETING); // at once
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	forget(peer->wire);
}

// A shorter wait holds for those who wait already; a longer one, too.
WIRE_TEST(reload, another_wait)
{
	wire_connect(peer);
	wire_advance(peer->wire, 2000);
	peer->wire->policy.wait_ms = 60000;
	wire_advance(peer->wire, 30000);
	wire_expect_nothing(peer->wire);
	peer->wire->policy.wait_ms = 5000;
	wire_advance(peer->wire, 10);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
}
