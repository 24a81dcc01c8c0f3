// SPDX-License-Identifier: BSD-3-Clause
//
// What control asks a worker: its sessions, and to end one.
#include "worker_stage.h"

TestSuite(worker_inquiry, .init = stage_begin_held, .fini = stage_end);

static struct bs_bell asker;
static struct bs_view views[STREAMS];

static void open_door(void)
{
	cr_assert(bs_bell_open(&asker));
}

static struct bs_inquiry inquire(struct bs_question question)
{
	struct bs_inquiry inquiry = {
		.question = question, .asker = &asker, .view = views, .room = STREAMS};
	atomic_store(&stage.door.inquiry, &inquiry);
	cr_assert(worker_ready(stage.worker));
	for (int turns = 0; turns < 10 && bs_door_look(&stage.door) != NULL; turns++)
		worker_poll(stage.worker, stage.now_ms * 1000000);
	cr_assert_null(bs_door_look(&stage.door));
	run();
	return inquiry;
}

static const struct bs_question all = {.kind = BS_QUESTION_LIST, .states = 1u << BS_VIEW_TALKING};

Test(worker_inquiry, shows_its_sessions)
{
	open_door();
	cr_assert_eq(inquire(all).count, 0);
	hello(2);
	to_data(2);
	client_say(2, "Subject: x\r\n");
	hello(5);
	run();
	cr_assert_eq(inquire(all).count, 2);
	cr_assert_eq(views[0].state, BS_VIEW_TALKING);
	cr_assert_eq(views[0].phase, BS_VIEW_PHASE_DATA);
	cr_assert_str_eq(views[0].helo, "client.example");
	cr_assert_str_eq(views[0].from, "a@example.net");
	cr_assert_eq(views[0].recipients, 1);
	cr_assert_eq(views[0].bytes, 12);
	cr_assert_eq(views[1].phase, BS_VIEW_PHASE_HELO);
	cr_assert_str_eq(views[1].from, "");
	struct bs_question question = all;
	strcpy(question.from, "EXAMPLE.NET");
	cr_assert_eq(inquire(question).count, 1);
	question.states = 1u << BS_VIEW_WAITING;
	cr_assert_eq(inquire(question).count, 0);
	raise_event(2, BS_EVENT_DEAD);
	raise_event(5, BS_EVENT_DEAD);
	run();
}

static bool kills(uint32_t serial)
{
	return inquire((struct bs_question){.kind = BS_QUESTION_KILL,
			       .dataplane = stream(0)->client.dataplane,
			       .serial = serial})
		.found;
}

Test(worker_inquiry, kills_a_session_between_commands)
{
	open_door();
	hello(1);
	cr_assert_not(kills(99999));
	cr_assert(kills(stream(1)->client.serial));
	cr_assert(replied(1, "421 4.7.0 "), "%s", stage.peer[1].reply);
	cr_assert(over(1));
	cr_assert_not(kills(stream(1)->client.serial));
}

Test(worker_inquiry, kills_a_session_in_a_mail_and_nothing_is_left_of_it)
{
	open_door();
	hello(1);
	to_data(1);
	client_say(1, "Subject: x\r\n");
	run();
	cr_assert(kills(stream(1)->client.serial));
	cr_assert(replied(1, "421 4.7.0 "), "%s", stage.peer[1].reply);
	cr_assert(over(1));
	cr_assert_eq(stage.abandoned, 1);
	cr_assert_eq(stage.committed, 0);
}

Test(worker_inquiry, kills_a_session_after_the_backend_has_answered)
{
	open_door();
	hello(1);
	to_data(1);
	stage.hold = true;
	client_say(1, "Subject: x\r\n\r\nx\r\n.\r\n");
	run();
	cr_assert(kills(stream(1)->client.serial));
	cr_assert_not(over(1));
	stage.hold = false;
	release_held();
	run();
	cr_assert(replied(1, "250 2.0.0"), "%s", stage.peer[1].reply);
	cr_assert(over(1));
}
