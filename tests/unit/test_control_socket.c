// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket's own duties: answers, rights, and bad company.
#include "tests/unit/control_stage.h"

TestSuite(control_socket, .init = open_server, .fini = close_server);

Test(control_socket, status_says_what_is)
{
	worker[0].sessions_now = 3;
	worker[1].sessions_now = 4;
	dataplane[0].waiting = 10;
	dataplane[1].waiting = 1;
	program.draining = true;
	program.losses[0].now.rx_missed = 5;
	json_t *status = ask("{\"command\":\"status\"}");
	cr_expect(json_is_true(json_object_get(status, "ok")));
	expect_json(json_object_get(status, "sessions"), "7");
	expect_json(json_object_get(status, "draining"), "true");
	expect_json(json_object_get(status, "hostname"), "\"mx1.example.org\"");
	cr_expect_eq(json_integer_value(json_object_get(status, "pid")), getpid());
	expect_json(json_object_get(status, "cores"), "{\"dataplane\":[1],\"worker\":[1,2]}");
	expect_json(json_object_get(status, "limitations"),
		"[\"port mx0: no checksum offload\",\"not ? UTF-8\"]");
	expect_json(json_object_get(json_object_get(status, "connections"), "waiting"), "11");
	expect_json(json_object_get(status, "ports"),
		"[{\"name\":\"mx0\",\"device\":\"net_af_packet\",\"link\":\"up\","
		"\"mac\":\"52:54:00:ab:cd:ef\",\"mtu\":1500,\"vlan\":7,\"queues\":2,"
		"\"addresses\":[{\"address\":\"192.0.2.25/24\",\"state\":\"ready\"},"
		"{\"address\":\"2001:db8::25/64\",\"state\":\"duplicate\"}],"
		"\"gateways\":[{\"address\":\"192.0.2.1\",\"resolved\":true,"
		"\"mac\":\"02:00:c0:a8:00:01\"}],\"losses\":{\"rx-missed\":5,\"rx-errors\":0,"
		"\"rx-no-buffer\":0,\"tx-errors\":0}}]");
	json_decref(status);
}

Test(control_socket, status_before_anything_is_there)
{
	program = (struct daemon){0};
	json_t *status = ask("{\"command\":\"status\"}");
	cr_expect(json_is_true(json_object_get(status, "ok")));
	expect_json(json_object_get(status, "ports"), "[]");
	json_decref(status);
	json_decref(ask("{\"command\":\"stats\"}"));
}

static void expect_sums(
	const json_t *part, const char *member, const struct counter_table *table, uint64_t factor)
{
	const json_t *total = json_object_get(json_object_get(part, "total"), member);
	const json_t *first = json_object_get(
		json_array_get(json_object_get(part, "lcores"), 0), member);
	cr_expect_eq(json_object_size(total), table->count);
	for (size_t i = 0; i < table->count; i++) {
		const char *name = table->row[i].name;
		uint64_t value = table->row[i].offset / 8 + 1;
		cr_expect_eq((uint64_t)json_integer_value(json_object_get(total, name)),
			table->row[i].maximum ? value * (factor - 1) : value * factor, "%s", name);
		cr_expect_eq((uint64_t)json_integer_value(json_object_get(first, name)), value,
			"%s", name);
	}
}

Test(control_socket, stats_add_up_every_counter)
{
	for (size_t i = 0; i < sizeof(dataplane[0]) / 8; i++) {
		((uint64_t *)&dataplane[0])[i] = i + 1;
		((uint64_t *)&dataplane[1])[i] = 2 * (i + 1);
	}
	for (size_t i = 0; i < sizeof(worker[0]) / 8; i++) {
		((uint64_t *)&worker[0])[i] = i + 1;
		((uint64_t *)&worker[1])[i] = 4 * (i + 1);
	}
	json_t *stats = ask("{\"command\":\"stats\"}");
	const json_t *part = json_object_get(stats, "dataplane");
	cr_expect_eq(json_array_size(json_object_get(part, "lcores")), 2);
	expect_sums(part, "counters", &dataplane_counter_rows, 3);
	expect_sums(part, "reasons", &reason_rows, 3);
	expect_sums(part, "gauges", &dataplane_gauge_rows, 3);
	cr_expect_eq(reason_rows.count, BS_REASON_COUNT);
	part = json_object_get(stats, "worker");
	expect_sums(part, "counters", &worker_counter_rows, 5);
	expect_json(json_object_get(stats, "log"),
		"{\"lines-lost\":0,\"failed-writes\":0,\"lines-summed\":0}");
	json_decref(stats);
}

Test(control_socket, our_own_user_may_stop)
{
	cr_expect(!control_socket_stop_asked(server));
	json_t *object = ask("{\"command\":\"stop\"}");
	expect_json(object, "{\"ok\":true,\"stopping\":true}");
	json_decref(object);
	cr_expect(control_socket_stop_asked(server));
}

// What a client of another user gets, who may open the socket: 0 when it is as it should be.
static int stranger(void)
{
	static const char requests[] = "{\"command\":\"stop\"}\n{\"command\":\"help\"}\n";
	struct sockaddr_un address = address_of(path);
	char bytes[4096];
	size_t length = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (setgid(65534) != 0 || setuid(65534) != 0 ||
		connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		send(fd, requests, sizeof(requests) - 1, 0) < 0)
		return 2;
	shutdown(fd, SHUT_WR);
	for (ssize_t count; length < sizeof(bytes) - 1; length += (size_t)count) {
		count = recv(fd, bytes + length, sizeof(bytes) - 1 - length, 0);
		if (count <= 0)
			break;
	}
	bytes[length] = '\0';
	return strstr(bytes, "{\"ok\":false,\"error\":\"\\\"stop\\\" is for root") == bytes &&
			       strstr(bytes, "}\n{\"ok\":true,\"commands\":") != NULL
		       ? 0
		       : 1;
}

Test(control_socket, a_stranger_may_read_and_not_stop)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert_eq(chmod(folder, 0755), 0);
	cr_assert_eq(chmod(path, 0666), 0); // as if the operator had let everybody in
	pid_t child = fork();
	if (child == 0)
		_exit(stranger());
	int status;
	while (waitpid(child, &status, WNOHANG) == 0) {
		control_socket_turn(server);
		usleep(1000);
	}
	cr_expect(WIFEXITED(status));
	cr_expect_eq(WEXITSTATUS(status), 0);
	cr_expect(!control_socket_stop_asked(server));
}

Test(control_socket, wrong_requests_are_named)
{
	expect_error(
		"{\"command\":\"stauts\"}", "unknown command \"stauts\"; did you mean \"status\"?");
	expect_error("{\"command\":\"frobnicate\"}",
		"unknown command \"frobnicate\"; the command \"help\" lists them");
	expect_error("{\"command\":\"\"}", "unknown command \"\"; the command \"help\" lists them");
	expect_error("{\"command\":\"st\\u00e4tus\\n\"}",
		"unknown command \"st??tus?\"; the command \"help\" lists them");
	expect_error("{\"command\":7}", "member \"command\" is missing or no string");
	expect_error("{}", "member \"command\" is missing or no string");
	expect_error("[\"status\"]", "a request is a JSON object like {\"command\": \"status\"}");
	expect_error("{\"command\":\"stop\",\"when\":\"later\"}", "unknown member \"when\"");
}

Test(control_socket, garbage_gets_an_error_and_the_next_request_its_answer)
{
	static const struct {
		const char *bytes;
		size_t length;
	} garbage[] = {{"", 0}, {"GET / HTTP/1.1\r", 15}, {"{\"command\":\"status\"", 19},
		{"{\"command\":\"sta\0tus\"}", 21}, {"\0\0\0", 3}, {"\xff\xfe{}", 4},
		{"{\"command\":\"\xc3\x28\"}", 16}, {"{\"command\":\"status\\u0000\"}", 26},
		{"{\"command\":\"help\",\"command\":\"stop\"}", 35}, {"{} {}", 5}, {"1e999999", 8},
		{"{\"command\":\"help\"}x", 19}};
	int fd = call();
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		say(fd, garbage[i].bytes, garbage[i].length);
		json_t *object = ask_on(fd, "");
		cr_expect(json_is_false(json_object_get(object, "ok")), "case %zu", i);
		cr_expect(json_is_string(json_object_get(object, "error")), "case %zu", i);
		json_decref(object);
	}
	json_t *object = ask_on(fd, "  {\"command\" : \"help\"}\r");
	cr_expect(json_is_true(json_object_get(object, "ok")));
	json_decref(object);
	cr_expect(!control_socket_stop_asked(server));
	close(fd);
}

Test(control_socket, deep_nesting)
{
	static char deep[60001];
	memset(deep, '[', sizeof(deep) - 1);
	json_t *object = ask(deep);
	cr_expect(json_is_false(json_object_get(object, "ok")));
	json_decref(object);
	for (size_t i = 0; i + 5 < sizeof(deep); i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	object = ask(deep);
	cr_expect(json_is_false(json_object_get(object, "ok")));
	json_decref(object);
}

// Milliseconds far beyond anybody's patience.
static void let_time_pass(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	control_socket_turn_at(server, (uint64_t)now.tv_sec * 1000 + 3600000);
}

Test(control_socket, half_a_line_is_cut_off)
{
	int half = call(), silent = call();
	say(half, "{\"command\":", 11);
	expect_served();
	cr_expect(!is_closed(half));
	let_time_pass();
	cr_expect(is_closed(half));
	cr_expect(is_closed(silent));
	close(half);
	close(silent);
	half = call();
	say(half, "{\"command\":\"stop\"}", 18);
	shutdown(half, SHUT_WR);
	cr_expect(is_closed(half));
	cr_expect(!control_socket_stop_asked(server));
	close(half);
	expect_served();
}

// Byte after byte does not buy time.
Test(control_socket, dripping_is_no_way_to_stay)
{
	struct timespec now;
	int fd = call();
	clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t then = (uint64_t)now.tv_sec * 1000;
	bool open = true;
	for (int i = 0; i < 300 && open; i++) {
		open = send(fd, " ", 1, MSG_NOSIGNAL) == 1;
		then += 1000;
		control_socket_turn_at(server, then);
	}
	cr_expect(!open);
	close(fd);
}

Test(control_socket, a_pipe_of_requests_that_ends_gets_all_its_answers)
{
	int fd = call();
	for (int i = 0; i < 50; i++)
		say(fd, "{\"command\":\"help\"}\n", 19);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 50; i++) {
		char *line = answer(fd);
		cr_assert(line != NULL, "answer %d", i);
		free(line);
	}
	cr_expect(answer(fd) == NULL);
	close(fd);
}

Test(control_socket, the_longest_line_and_one_more)
{
	static char bytes[65537];
	int fd = call();
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, "{\"command\":\"help\"}", 18);
	bytes[65535] = '\n';
	say(fd, bytes, 65536);
	char *line = answer(fd);
	cr_assert(line != NULL);
	cr_expect(strncmp(line, "{\"ok\":true", 10) == 0, "%s", line);
	free(line);
	bytes[65535] = ' ';
	say(fd, bytes, 65536);
	line = answer(fd);
	cr_assert(line != NULL);
	cr_expect_str_eq(
		line, "{\"ok\":false,\"error\":\"a request is at most 65536 bytes long\"}");
	free(line);
	cr_expect(is_closed(fd));
	close(fd);
	expect_served();
}

// Asks without end and reads nothing: the server stops reading from it, serves others, and loses no request
// when it begins to read.
Test(control_socket, a_flood)
{
	static const char request[] = "{\"command\":\"stats\"}\n";
	unsigned asked = 0, answered = 0, stuck = 0;
	size_t part = 0;
	int fd = call();
	while (stuck < 100 && asked < 1000000) {
		ssize_t sent = send(fd, request + part, sizeof(request) - 1 - part, MSG_NOSIGNAL);
		stuck = sent > 0 ? 0 : stuck + 1;
		if (sent > 0)
			part += (size_t)sent;
		if (part == sizeof(request) - 1) {
			part = 0;
			asked++;
		}
		control_socket_turn(server);
	}
	cr_assert_eq(stuck, 100, "the server reads without bound");
	expect_served();
	for (char *line; answered < asked && (line = answer(fd)) != NULL; free(line))
		answered++;
	cr_expect_eq(answered, asked);
	close(fd);
	control_socket_turn(server);
	expect_served();
}

Test(control_socket, who_does_not_read_is_cut_off)
{
	int fd = call();
	for (int i = 0; i < 3000; i++) {
		if (send(fd, "{\"command\":\"stats\"}\n", 20, MSG_NOSIGNAL) < 0)
			break;
		control_socket_turn(server);
	}
	expect_served();
	let_time_pass();
	control_socket_turn(server);
	cr_expect_eq(send(fd, "x", 1, MSG_NOSIGNAL), -1);
	cr_expect_eq(errno, EPIPE);
	close(fd);
	expect_served();
}

Test(control_socket, a_crowd)
{
	int fd[40];
	unsigned refused = 0;
	for (int i = 0; i < 40; i++)
		fd[i] = call();
	for (int i = 32; i < 40; i++) {
		char *line = answer(fd[i]);
		refused += line != NULL && strstr(line, "too many clients") != NULL;
		cr_expect(is_closed(fd[i]));
		free(line);
	}
	cr_expect_eq(refused, 8);
	json_t *object = ask_on(fd[31], "{\"command\":\"help\"}");
	cr_expect(json_is_true(json_object_get(object, "ok")));
	json_decref(object);
	for (int i = 0; i < 40; i++)
		close(fd[i]);
	control_socket_turn(server);
	control_socket_turn(server);
	expect_served();
}

// The loop that waits on our descriptor sleeps when there is nothing to do.
Test(control_socket, a_client_that_only_sits_there_makes_no_work)
{
	int fd = call();
	bool slept = false;
	json_decref(ask_on(fd, "{\"command\":\"help\"}"));
	// Several tries: the tick for deadlines may come in between.
	for (int i = 0; i < 10 && !slept; i++) {
		fd_set ready;
		struct timeval none = {0};
		control_socket_turn(server);
		FD_ZERO(&ready);
		FD_SET(control_socket_fd(server), &ready);
		slept = select(control_socket_fd(server) + 1, &ready, NULL, NULL, &none) == 0;
	}
	cr_expect(slept);
	close(fd);
}

Test(control_socket, only_owner_and_group_may_connect)
{
	struct stat status;
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0660);
}

Test(control_socket, a_living_socket_is_not_taken)
{
	char error[256] = "";
	cr_expect(control_socket_new(&program, path, error) == NULL);
	cr_expect(strstr(error, "already running") != NULL, "%s", error);
	expect_served();
}

Test(control_socket, a_dead_socket_is_replaced)
{
	char error[256] = "", dead[110];
	snprintf(dead, sizeof(dead), "%s/dead", folder);
	struct sockaddr_un address = address_of(dead);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	close(fd);
	struct control_socket *other = control_socket_new(&program, dead, error);
	cr_assert(other != NULL, "%s", error);
	control_socket_free(other);
	cr_expect_eq(access(dead, F_OK), -1);
}

Test(control_socket, what_is_no_socket_stays)
{
	char error[256] = "", file[110];
	snprintf(file, sizeof(file), "%s/file", folder);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	cr_expect(control_socket_new(&program, file, error) == NULL);
	cr_expect(strstr(error, "no socket") != NULL, "%s", error);
	cr_expect_eq(access(file, F_OK), 0);
	unlink(file);
}

Test(control_socket, anothers_file_is_not_removed)
{
	char error[256] = "", name[110];
	snprintf(name, sizeof(name), "%s/other", folder);
	struct control_socket *first = control_socket_new(&program, name, error);
	cr_assert_eq(unlink(name), 0);
	struct control_socket *second = control_socket_new(&program, name, error);
	cr_assert(first != NULL && second != NULL);
	control_socket_free(first);
	cr_expect_eq(access(name, F_OK), 0);
	control_socket_free(second);
	cr_expect_eq(access(name, F_OK), -1);
}

Test(control_socket, places_that_can_not_be)
{
	char error[256] = "", name[300];
	snprintf(name, sizeof(name), "%s/new/control", folder);
	struct control_socket *other = control_socket_new(&program, name, error);
	cr_expect(other != NULL, "%s", error); // one folder is made
	control_socket_free(other);
	snprintf(name, sizeof(name), "%s/new", folder);
	rmdir(name);
	snprintf(name, sizeof(name), "%s/a/b/control", folder);
	cr_expect(control_socket_new(&program, name, error) == NULL);
	cr_expect(strstr(error, "folder") != NULL, "%s", error);
	memset(name, 'x', 200);
	name[200] = '\0';
	cr_expect(control_socket_new(&program, name, error) == NULL);
	cr_expect(strstr(error, "107 bytes") != NULL, "%s", error);
	cr_expect(control_socket_new(&program, "", error) == NULL);
	control_socket_free(NULL);
}

Test(control_socket, an_id_comes_back)
{
	json_t *object = ask("{\"command\":\"help\",\"id\":\"a \\u00e9\"}");
	expect_json(json_object_get(object, "id"), "\"a é\"");
	json_decref(object);
	object = ask("{\"command\":\"halp\",\"id\":-7}");
	cr_expect(json_is_false(json_object_get(object, "ok")));
	expect_json(json_object_get(object, "id"), "-7");
	json_decref(object);
	expect_error("{\"command\":\"help\",\"id\":[]}",
		"\"id\" must be an integer or a string of at most 128 bytes");
}
