// SPDX-License-Identifier: BSD-3-Clause
//
// What control sees of connections, and how it ends them.
#include "tests/wire/wire.h"

#include "dataplane/seam/inquiry.h"

#define GREETING_LENGTH (sizeof("220 mx1.example.org ESMTP\r\n") - 1)
#define KILLED          "421 4.7.0 killed\r\n"
#define ALL             ((1u << BS_VIEW_STATES) - 1)

static struct bs_door door;
static struct bs_bell asker;
static struct bs_view view[8];

static void open_door(struct wire *wire)
{
	cr_assert(bs_bell_open(&asker));
	bs_bell_sleep(&asker);
	wire->dataplane->door = &door;
}

static struct bs_inquiry ask(struct wire *wire, struct bs_question question, uint32_t room)
{
	struct bs_inquiry inquiry = {
		.question = question, .asker = &asker, .view = view, .room = room};
	uint64_t rings;
	cr_assert(bs_door_look(&door) == NULL);
	atomic_store(&door.inquiry, &inquiry);
	cr_assert(dataplane_ready(wire->dataplane));
	for (int turns = 0; bs_door_look(&door) != NULL; turns++) {
		cr_assert_lt(turns, 1000, "no answer");
		wire_poll(wire);
	}
	cr_assert_eq(read(asker.fd, &rings, sizeof(rings)), sizeof(rings), "the asker sleeps on");
	bs_bell_sleep(&asker);
	return inquiry;
}

static struct bs_inquiry list(struct wire *wire, uint32_t room)
{
	return ask(wire, (struct bs_question){.kind = BS_QUESTION_LIST, .states = ALL}, room);
}

static bool kill_it(struct wire *wire, uint32_t serial)
{
	return ask(wire, (struct bs_question){.kind = BS_QUESTION_KILL, .serial = serial}, 0).found;
}

static void greeted(struct wire_peer *peer)
{
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	peer->ack += GREETING_LENGTH;
	wire_tcp(peer, .flags = TCP_ACK);
}

static void expect_killed_text(struct wire_peer *peer)
{
	const struct wire_frame *frame = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(frame->payload_length, sizeof(KILLED) - 1);
	cr_assert_eq(memcmp(frame->payload, KILLED, sizeof(KILLED) - 1), 0);
}

WIRE_TEST(inquiry, nobody_is_there)
{
	open_door(peer->wire);
	cr_assert_eq(list(peer->wire, 8).count, 0);
	cr_assert_not(kill_it(peer->wire, 1));
	cr_assert_not(dataplane_ready(peer->wire->dataplane));
}

WIRE_TEST(inquiry, shows_who_waits_and_who_was_greeted)
{
	struct wire_peer other = *peer;
	other.port = 1000;
	open_door(peer->wire);
	greeted(&other);
	wire_connect(peer);
	wire_advance(peer->wire, 300);
	cr_assert_eq(list(peer->wire, 8).count, 2);
	cr_assert_eq(view[0].state, BS_VIEW_GREETED);
	cr_assert_eq(view[0].port, 1000);
	cr_assert_eq(view[1].state, BS_VIEW_WAITING);
	cr_assert_eq(view[1].age_ms, 300);
	cr_assert_eq(view[1].serial, 2);
	cr_assert(bs_address_equal(&view[1].address, &peer->address));
	struct bs_question question = {.kind = BS_QUESTION_LIST, .states = 1u << BS_VIEW_WAITING};
	cr_assert_eq(ask(peer->wire, question, 8).count, 1);
	cr_assert(list(peer->wire, 1).more);
	cr_assert_not(list(peer->wire, 2).more);
	question = (struct bs_question){.kind = BS_QUESTION_LIST, .states = ALL};
	cr_assert_eq(bs_prefix_parse("203.0.113.0/24", &question.prefix, NULL), BS_PREFIX_OK);
	cr_assert_eq(ask(peer->wire, question, 8).count, 0);
}

WIRE_TEST(inquiry, those_who_talk_are_the_workers)
{
	uint32_t number, events;
	open_door(peer->wire);
	greeted(peer);
	wire_say(peer, "EHLO a\r\n");
	cr_assert_eq(list(peer->wire, 8).count, 0);
	cr_assert_not(kill_it(peer->wire, 1));
	cr_assert(wire_event(peer->wire, &number, &events));
	wire_wish(peer->wire, number, BS_WISH_CLOSE);
	cr_assert_eq(list(peer->wire, 8).count, 1);
	cr_assert_eq(view[0].state, BS_VIEW_CLOSING);
	wire_forget(peer->wire);
}

WIRE_TEST(inquiry, kills_one_that_waits)
{
	open_door(peer->wire);
	wire_connect(peer);
	cr_assert(kill_it(peer->wire, 1));
	wire_expect_tcp(peer, TCP_RST | TCP_ACK);
	cr_assert_eq(peer->wire->counters.records, 0);
	cr_assert_not(kill_it(peer->wire, 1));
}

WIRE_TEST(inquiry, kills_one_that_was_greeted)
{
	struct bs_notice notice;
	open_door(peer->wire);
	greeted(peer);
	cr_assert(kill_it(peer->wire, 1));
	expect_killed_text(peer);
	cr_assert(wire_notice(peer->wire, &notice));
	cr_assert(wire_notice(peer->wire, &notice));
	cr_assert_eq(notice.kind, BS_NOTICE_KILLED);
	cr_assert_eq(list(peer->wire, 8).count, 1);
	cr_assert_eq(view[0].state, BS_VIEW_REFUSED);
	wire_tcp(peer, .flags = TCP_FIN | TCP_ACK);
	wire_forget(peer->wire);
}

WIRE_TEST(inquiry, kills_one_that_has_not_read_the_greeting)
{
	open_door(peer->wire);
	wire_connect(peer);
	wire_advance(peer->wire, 25010);
	wire_forget(peer->wire);
	cr_assert(kill_it(peer->wire, 1));
	cr_assert(wire_next(peer->wire)->flags & TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(inquiry, kills_one_that_was_refused)
{
	open_door(peer->wire);
	wire_connect(peer);
	wire_say(peer, "EHLO early\r\n");
	wire_forget(peer->wire);
	cr_assert(kill_it(peer->wire, 1));
	cr_assert(wire_next(peer->wire)->flags & TCP_RST);
	cr_assert_eq(peer->wire->counters.records, 0);
}

WIRE_TEST(inquiry, another_lcores_connection_is_not_ours)
{
	open_door(peer->wire);
	wire_connect(peer);
	struct bs_question question = {.kind = BS_QUESTION_KILL, .dataplane = 1, .serial = 1};
	cr_assert_not(ask(peer->wire, question, 0).found);
	cr_assert_eq(peer->wire->counters.waiting, 1);
}

static void answer_takes_turns(struct wire *wire, struct wire_peer *peer)
{
	struct bs_inquiry inquiry = {.question = {.kind = BS_QUESTION_LIST, .states = ALL},
		.asker = &asker,
		.view = view,
		.room = 0};
	open_door(wire);
	for (uint16_t i = 0; i < 1000; i++) {
		struct wire_peer one = *peer;
		one.port = (uint16_t)(2000 + i);
		wire_connect(&one);
		wire_forget(wire);
	}
	inquiry.question.states = 1u << BS_VIEW_CLOSING; // none of them
	atomic_store(&door.inquiry, &inquiry);
	wire_poll(wire);
	cr_assert_not_null(bs_door_look(&door), "a turn looked at all of them");
	wire_poll(wire);
	cr_assert_null(bs_door_look(&door));
}

WIRE_TEST4(inquiry, a_turn_is_bounded, .connections = 2048, .half_open = 1024)
{
	answer_takes_turns(wire, peer);
}
