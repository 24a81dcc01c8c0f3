// SPDX-License-Identifier: BSD-3-Clause
//
// A first line of the greeting before the wait: who speaks after it is an early talker, whatever he acknowledged; and it may be lost.
#include "control/class/class.h"
#include "tests/wire/wire.h"

#define TEASER   "220-mx1.example.org hold the line\r\n"
#define GREETING "220 mx1.example.org ESMTP\r\n"
#define PREGREET "554 5.5.0 you spoke before the greeting\r\n"

static void set_teaser(struct wire_peer *peer, uint8_t set)
{
	struct bs_template *template = &peer->wire->texts[set].template[BS_TEMPLATE_TEASER];
	memcpy(template->text, TEASER, sizeof(TEASER));
	template->length = sizeof(TEASER) - 1;
}

static uint64_t holders(const struct wire_peer *peer)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++)
		sum += peer->wire->counters.text_holders[i];
	return sum;
}

static void teased(struct wire_peer *peer)
{
	set_teaser(peer, 0);
	wire_connect(peer);
	wire_expect_text(peer, TEASER);
}

WIRE_TEST(teaser, comes_at_once_and_the_greeting_after_the_wait)
{
	teased(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(holders(peer), 1);
	wire_advance(peer->wire, 24900);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 120);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, "EHLO a\r\n");
	cr_assert_eq(peer->wire->counters.talking, 1);
	cr_assert_eq(peer->wire->counters.pregreets, 0);
	cr_assert_eq(holders(peer), 0);
}

WIRE_TEST(teaser, who_answers_it_is_an_early_talker)
{
	teased(peer);
	wire_advance(peer->wire, 100);
	wire_say(peer, "EHLO a\r\n"); // acknowledges all that it was sent
	wire_expect_text(peer, PREGREET);
	cr_assert_eq(peer->wire->counters.pregreets, 1);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, "QUIT\r\n");
	wire_expect_text(peer, "221 2.0.0 bye\r\n");
}

WIRE_TEST(teaser, who_speaks_across_it_is_one_too)
{
	teased(peer);
	uint32_t ack = peer->ack - (sizeof(TEASER) - 1);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .ack = ack, .payload = "EHLO a\r\n");
	wire_expect_text(peer, PREGREET);
	wire_advance(peer->wire, 1020); // nothing was acknowledged: both again
	peer->ack = ack;
	wire_expect_text(peer, TEASER PREGREET);
}

WIRE_TEST(teaser, between_the_lines_there_is_no_speaking)
{
	teased(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	uint32_t ack = peer->ack;
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_ACK | TCP_PSH, .ack = ack, .payload = "EHLO a\r\n");
	wire_expect_text(peer, "554 5.5.0 you spoke out of turn\r\n");
}

WIRE_TEST(teaser, a_lost_one_comes_with_the_greeting)
{
	teased(peer);
	uint32_t begin = peer->ack -= sizeof(TEASER) - 1;
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, TEASER GREETING);
	wire_advance(peer->wire, 1020);
	peer->ack = begin;
	wire_expect_text(peer, TEASER GREETING);
	wire_tcp(peer, .flags = TCP_ACK, .ack = begin + sizeof(TEASER) + 3);
	wire_advance(peer->wire, 1020);
	peer->ack = begin + sizeof(TEASER) + 3;
	wire_expect_text(peer, &GREETING[4]);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_say(peer, "EHLO a\r\n");
	cr_assert_eq(peer->wire->counters.talking, 1);
}

WIRE_TEST(teaser, a_part_of_it_acknowledged)
{
	teased(peer);
	uint32_t begin = peer->ack - (sizeof(TEASER) - 1);
	wire_tcp(peer, .flags = TCP_ACK, .ack = begin + 5);
	wire_advance(peer->wire, 25010);
	peer->ack = begin + 5;
	wire_expect_text(peer, &(TEASER GREETING)[5]);
}

WIRE_TEST(teaser, the_texts_of_its_beginning_go_on)
{
	teased(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	peer->wire->texts[3] = peer->wire->texts[0];
	peer->wire->texts[3].template[BS_TEMPLATE_GREETING].length = 3;
	peer->wire->policy.text_set = 3;
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, GREETING);
	wire_tcp(peer, .flags = TCP_RST | TCP_ACK);
	cr_assert_eq(holders(peer), 0);
}

WIRE_TEST(teaser, who_leaves_meanwhile)
{
	teased(peer);
	uint32_t ack = peer->ack - (sizeof(TEASER) - 1);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK, .ack = ack);
	wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(peer->wire->counters.hangups, 1);
	wire_tcp(peer, .flags = TCP_ACK, .ack = ack + sizeof(TEASER) - 1);
	wire_expect_tcp(peer, TCP_FIN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_eq(holders(peer), 0);
}

WIRE_TEST(teaser, refused_after_it)
{
	struct bs_class_rule rule = {{peer->address, 128}, 1, 1};
	bs_class_table_free(peer->wire->policy.classes);
	peer->wire->policy.classes = bs_class_table_new(&rule, 1);
	peer->wire->policy.class[1] = (struct bs_class){
		.action = BS_ACTION_REFUSE, .refuse_at = BS_REFUSE_AT_CONNECT};
	teased(peer);
	wire_tcp(peer, .flags = TCP_ACK);
	wire_advance(peer->wire, 25010);
	wire_expect_text(peer, "554 5.7.1 denied\r\n");
}

WIRE_TEST(teaser, we_stop_though_it_is_under_way)
{
	teased(peer);
	peer->wire->draining = true;
	wire_poll(peer->wire);
	wire_expect_text(peer, "421 4.3.2 stopping\r\n");
}

WIRE_TEST(teaser, none_for_who_does_not_wait, .no_wait = true)
{
	set_teaser(peer, 0);
	wire_connect(peer);
	wire_expect_text(peer, GREETING);
}

WIRE_TEST(teaser, a_closed_window_does_not_hold_up_the_greeting)
{
	set_teaser(peer, 0);
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_tcp(peer, .flags = TCP_ACK, .zero_window = true);
	uint32_t begin = peer->ack;
	cr_assert_eq(wire_expect_tcp(peer, TCP_ACK)->payload_length, 1); // a probe
	wire_tcp(peer, .flags = TCP_ACK, .ack = begin);
	wire_advance(peer->wire, 25010);
	peer->ack = begin;
	wire_expect_text(peer, TEASER GREETING);
}
