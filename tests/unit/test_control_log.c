// SPDX-License-Identifier: BSD-3-Clause
//
// The log through the control socket: the last lines, those that come, and who is too slow.
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/socket/socket.h"

#define ID "1mzkv3r20c000001"

static char folder[] = "/tmp/barscreen-test-log-XXXXXX";
static char path[100], target[100];
static struct daemon program;
static struct control_socket *server;
static struct bs_log *ring;

static void begin(void)
{
	char error[256] = "";
	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/control", folder);
	snprintf(target, sizeof(target), "file:%s/log", folder);
	program.log = log_writer_new(target, "name", error);
	cr_assert(program.log != NULL, "%s", error);
	ring = log_writer_ring(program.log, BS_LOG_SMALL);
	cr_assert(log_writer_start(program.log));
	server = control_socket_new(&program, path, error);
	cr_assert(server != NULL, "%s", error);
}

static void end(void)
{
	control_socket_free(server);
	log_writer_free(program.log);
	unlink(target + 5);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(control_log, .init = begin, .fini = end);

static uint64_t lines_now(void)
{
	return log_tail_next(log_writer_tail(program.log));
}

// Says these lines and waits until the writer has them.
static void log_lines(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		bs_log(ring, i % 2 == 0 ? BS_LOG_INFO : BS_LOG_WARNING, "line %u; session=" ID, i);
	cr_assert_eq(log_writer_lost(program.log), 0);
	while (lines_now() < first + count)
		usleep(1000);
}

static int call(const char *request)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(send(fd, request, strlen(request), 0), strlen(request));
	cr_assert_eq(send(fd, "\n", 1, 0), 1);
	return fd;
}

static void wait_for_server(void)
{
	fd_set set;
	struct timeval most = {.tv_sec = 1};
	FD_ZERO(&set);
	FD_SET(control_socket_fd(server), &set);
	select(control_socket_fd(server) + 1, &set, NULL, NULL, &most);
	control_socket_turn(server);
}

// The next answer; the caller's.
static json_t *answer(int fd)
{
	static char line[1 << 20];
	size_t length = 0;
	for (int turns = 0; turns < 20; turns++) {
		while (length < sizeof(line) && recv(fd, line + length, 1, 0) == 1) {
			if (line[length++] != '\n')
				continue;
			json_t *object = json_loadb(line, length, 0, NULL);
			cr_assert(json_is_true(json_object_get(object, "ok")), "%.*s", (int)length,
				line);
			return object;
		}
		wait_for_server();
	}
	cr_assert(false, "no answer");
	return NULL;
}

static size_t lines_in(const json_t *object)
{
	return json_array_size(json_object_get(object, "lines"));
}

static const char *text_of(const json_t *object, size_t number)
{
	const json_t *line = json_array_get(json_object_get(object, "lines"), number);
	return json_string_value(json_object_get(line, "text"));
}

static void expect_last(const char *request, size_t count, const char *first)
{
	int fd = call(request);
	json_t *object = answer(fd);
	cr_expect_eq(lines_in(object), count, "%s: %zu", request, lines_in(object));
	if (count > 0)
		cr_expect_str_eq(text_of(object, 0), first);
	json_decref(object);
	close(fd);
}

Test(control_log, the_last_lines)
{
	expect_last("{\"command\":\"log\"}", 0, "");
	log_lines(0, 20);
	expect_last("{\"command\":\"log\"}", 10, "line 10; session=" ID);
	expect_last("{\"command\":\"log\",\"lines\":1000}", 20, "line 0; session=" ID);
	expect_last(
		"{\"command\":\"log\",\"lines\":2,\"grep\":\"LINE 1\"}", 2, "line 18; session=" ID);
	expect_last("{\"command\":\"log\",\"severity\":\"warning\",\"lines\":3}", 3,
		"line 15; session=" ID);
	int fd = call("{\"command\":\"log\",\"lines\":1}");
	json_t *object = answer(fd);
	const json_t *line = json_array_get(json_object_get(object, "lines"), 0);
	cr_expect_str_eq(json_string_value(json_object_get(line, "session")), ID);
	cr_expect_str_eq(json_string_value(json_object_get(line, "severity")), "warning");
	cr_expect_gt(json_integer_value(json_object_get(line, "time-us")), 0);
	json_decref(object);
	close(fd);
}

Test(control_log, follows)
{
	log_lines(0, 3);
	int fd = call("{\"command\":\"log\",\"lines\":1,\"follow\":true,\"id\":9}");
	json_t *object = answer(fd);
	cr_expect_eq(lines_in(object), 1);
	json_decref(object);
	for (unsigned i = 3; i < 6; i++) {
		log_lines(i, 1);
		object = answer(fd); // the writer's bell wakes the server
		cr_expect_eq(lines_in(object), 1);
		cr_expect_eq(strtoul(text_of(object, 0) + 5, NULL, 10), i);
		cr_expect_eq(json_integer_value(json_object_get(object, "id")), 9);
		json_decref(object);
	}
	close(fd);
	wait_for_server();
	log_lines(6, 1);
	expect_last("{\"command\":\"log\",\"lines\":1}", 1, "line 6; session=" ID);
}

Test(control_log, filters_what_follows)
{
	int fd = call("{\"command\":\"log\",\"follow\":true,\"grep\":\"line 7\"}");
	control_socket_turn(server);
	control_socket_turn(server);
	log_lines(0, 10);
	json_t *object = answer(fd);
	cr_expect_eq(lines_in(object), 1);
	cr_expect_str_eq(text_of(object, 0), "line 7; session=" ID);
	json_decref(object);
	close(fd);
}

// Who does not read gets what fits into the socket, then what is left in the ring, and the number of those between.
Test(control_log, a_slow_follower_loses_lines_and_is_told)
{
	int fd = call("{\"command\":\"log\",\"follow\":true,\"lines\":0}");
	unsigned said = 0;
	control_socket_turn(server);
	control_socket_turn(server);
	for (; said < 20000; said += 500) {
		log_lines(said, 500);
		control_socket_turn(server);
	}
	json_int_t seen = 0, lost = 0;
	while (seen + lost < said) {
		json_t *object = answer(fd);
		seen += (json_int_t)lines_in(object);
		lost += json_integer_value(json_object_get(object, "lost"));
		json_decref(object);
	}
	cr_expect_eq(seen + lost, said, "%lld seen, %lld lost", seen, lost);
	cr_expect_gt(lost, 0);
	cr_expect_gt(seen, 0);
	close(fd);
}
