// SPDX-License-Identifier: BSD-3-Clause
//
// The command "sessions" over a real control socket, with lcores that answer when they are told to.
#include "tests/unit/control_stage.h"

TestSuite(control_sessions, .init = open_server, .fini = close_server);

// Two lcores that answer when they are told to.
static struct bs_door *door[2];
static struct bs_bell lcore_bell[2];

static void open_desk(void)
{
	program.desk = desk_new(control_socket_bell(server));
	cr_assert(program.desk != NULL);
	for (int i = 0; i < 2; i++) {
		cr_assert(bs_bell_open(&lcore_bell[i]));
		door[i] = desk_door(program.desk, &lcore_bell[i]);
	}
}

static void close_desk(void)
{
	control_socket_turn(server);
	desk_free(program.desk);
	program.desk = NULL;
	for (int i = 0; i < 2; i++)
		bs_bell_close(&lcore_bell[i]);
}

static void answer_door(int number, uint32_t serial)
{
	struct bs_view view = {.state = number == 0 ? BS_VIEW_WAITING : BS_VIEW_TALKING,
		.port = 4000,
		.serial = serial,
		.phase = BS_VIEW_PHASE_RCPT,
		.recipients = 2,
		.age_ms = 1500,
		.helo = "client.example",
		.from = "a@example.net"};
	struct bs_inquiry *inquiry = bs_door_look(door[number]);
	cr_assert(inquiry != NULL);
	cr_assert(bs_address_parse("192.0.2.7", &view.address));
	if (inquiry->question.kind == BS_QUESTION_KILL)
		inquiry->found = inquiry->question.serial == serial;
	else
		bs_inquiry_add(inquiry, &view);
	bs_door_answer(door[number], inquiry);
}

static json_t *parsed_answer(int fd)
{
	char *line = answer(fd);
	cr_assert(line != NULL);
	json_t *object = json_loads(line, 0, NULL);
	free(line);
	cr_assert(object != NULL);
	return object;
}

static void ask_only(int fd, const char *request)
{
	say(fd, request, strlen(request));
	say(fd, "\n", 1);
	control_socket_turn(server);
}

Test(control_sessions, sessions_come_from_all_lcores)
{
	open_desk();
	int fd = call();
	ask_only(fd, "{\"command\":\"sessions\",\"id\":5}");
	cr_expect_eq(
		recv(fd, &(char){0}, 1, 0), -1, "an answer before the lcores have said a word");
	answer_door(0, 1);
	answer_door(1, 2);
	json_t *object = parsed_answer(fd);
	expect_json(json_object_get(object, "id"), "5");
	const json_t *sessions = json_object_get(object, "sessions");
	cr_assert_eq(json_array_size(sessions), 2);
	const json_t *talking = json_array_get(sessions, 1);
	expect_json(json_object_get(talking, "phase"), "\"rcpt\"");
	expect_json(json_object_get(talking, "recipients"), "2");
	expect_json(json_object_get(talking, "client"), "\"192.0.2.7\"");
	cr_expect(json_object_get(json_array_get(sessions, 0), "helo") == NULL);
	json_decref(object);
	close(fd);
	close_desk();
}

Test(control_sessions, sessions_are_filtered)
{
	open_desk();
	int fd = call();
	ask_only(fd, "{\"command\":\"sessions\",\"prefix\":\"192.0.2.0/24\",\"helo\":\"CLIENT\","
		     "\"state\":\"talking\",\"limit\":1}");
	answer_door(0, 1);
	answer_door(1, 2);
	json_t *object = parsed_answer(fd);
	cr_expect_eq(json_array_size(json_object_get(object, "sessions")), 1);
	json_decref(object);
	close(fd);
	expect_error("{\"command\":\"sessions\",\"state\":\"asleep\"}",
		"\"state\" must be one of waiting|greeted|talking|refused|closing");
	expect_error("{\"command\":\"sessions\",\"prefix\":\"192.0.2.1/24\"}",
		"\"prefix\": \"192.0.2.1/24\" has bits behind its prefix length; which network is "
		"meant?");
	expect_error("{\"command\":\"sessions\",\"limit\":0}",
		"\"limit\" must be an integer from 1 to 10000");
	expect_error("{\"command\":\"sessions\",\"hello\":\"x\"}",
		"unknown member \"hello\"; did you mean \"helo\"?");
	close_desk();
}

Test(control_sessions, kill_by_session_id)
{
	char id[BS_SESSION_ID], request[100];
	open_desk();
	for (uint32_t serial = 7; serial < 9; serial++) {
		int fd = call();
		snprintf(request, sizeof(request),
			"{\"command\":\"sessions kill\",\"session\":\"%s\"}",
			bs_session_id(id, 0, 7));
		ask_only(fd, request);
		answer_door(0, serial);
		answer_door(1, 99);
		json_t *object = parsed_answer(fd);
		cr_expect_eq(json_is_true(json_object_get(object, "ok")), serial == 7);
		json_decref(object);
		close(fd);
	}
	expect_error("{\"command\":\"sessions kill\",\"session\":\"0123456789abcdef\"}",
		"\"0123456789abcdef\" is no session id of this process");
	expect_error("{\"command\":\"sessions kill\"}",
		"member \"session\" is missing: the session id, as the log and 'sessions' show it");
	close_desk();
}

Test(control_sessions, two_ask_and_one_leaves)
{
	open_desk();
	int first = call(), second = call();
	ask_only(first, "{\"command\":\"sessions\"}");
	ask_only(second, "{\"command\":\"sessions\"}");
	close(first); // its question is under way and stays so
	control_socket_turn(server);
	control_socket_turn(server);
	expect_served();
	answer_door(0, 1);
	answer_door(1, 2);
	control_socket_turn(server);
	cr_expect_eq(recv(second, &(char){0}, 1, 0), -1, "it got the first one's answer");
	answer_door(0, 3);
	answer_door(1, 4);
	json_t *object = parsed_answer(second);
	cr_expect_eq(json_array_size(json_object_get(object, "sessions")), 2);
	json_decref(object);
	close(second);
	close_desk();
}
