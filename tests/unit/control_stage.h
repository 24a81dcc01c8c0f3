// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket on a real Unix socket in a folder of its own, for the tests of its commands. Server and clients take
// turns in one thread, so that nothing depends on who is faster.
#pragma once

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control/counter_rows.h"
#include "control/socket/desk.h"
#include "control/socket/socket.h"

static char folder[] = "/tmp/barscreen-test-control-XXXXXX";
static char path[100];
static struct daemon program;
static struct ports ports;
static struct config config;
static struct bs_dataplane_counters dataplane[2];
static struct bs_worker_counters worker[2];
static struct control_socket *server;

__attribute__((unused)) static void add_local(const char *text, uint8_t length, uint8_t state)
{
	struct local *local = &ports.local[ports.local_count++];
	cr_assert(bs_address_parse(text, &local->address));
	local->on_link.length = length;
	local->state = state;
}

__attribute__((unused)) static void fill_program(void)
{
	static int core[2] = {1, 2};
	static struct config_port port = {.name = "mx0", .device = DEVICE_AF_PACKET};
	ports.port_count = 1;
	ports.port[0] = (struct port){.name = "mx0",
		.mac = {0x52, 0x54, 0, 0xab, 0xcd, 0xef},
		.mtu = 1500,
		.vlan = 7,
		.queues = 2,
		.gateway4 = {.configured = true, .mac = GATEWAY_RESOLVED | 0x0200c0a80001},
		.link_up = true};
	cr_assert(bs_address_parse("192.0.2.1", &ports.port[0].gateway4.address));
	add_local("192.0.2.25", 96 + 24, LOCAL_READY);
	add_local("2001:db8::25", 64, LOCAL_DUPLICATE);
	config = (struct config){.dataplane_cores = core,
		.dataplane_core_count = 1,
		.worker_cores = core,
		.worker_core_count = 2,
		.port = &port,
		.port_count = 1,
		.hostname = "mx1.example.org"};
	program = (struct daemon){.config = &config,
		.ports = &ports,
		.dataplane = {&dataplane[0], &dataplane[1]},
		.dataplane_count = 2,
		.worker = {&worker[0], &worker[1]},
		.worker_count = 2,
		.started = 1,
		.limitation = {"port mx0: no checksum offload", "not \xff UTF-8"},
		.limitation_count = 2};
}

__attribute__((unused)) static void open_server(void)
{
	char error[256] = "";
	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/control", folder);
	fill_program();
	server = control_socket_new(&program, path, error);
	cr_assert(server != NULL, "%s", error);
}

__attribute__((unused)) static void close_server(void)
{
	control_socket_free(server);
	unlink(path);
	cr_expect_eq(rmdir(folder), 0, "something was left in %s", folder);
}

__attribute__((unused)) static struct sockaddr_un address_of(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%.107s", name);
	return address;
}

__attribute__((unused)) static int call(void)
{
	struct sockaddr_un address = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	control_socket_turn(server);
	return fd;
}

// One line of an answer without its newline, or NULL when the server closed. The caller's, free().
__attribute__((unused)) static char *answer(int fd)
{
	size_t length = 0;
	char *line = malloc(1 << 20);
	for (int turns = 0; turns < 10000 && length < (1 << 20); turns++) {
		ssize_t count = recv(fd, line + length, 1, 0);
		if (count < 0 && errno == EAGAIN) {
			control_socket_turn(server);
			continue;
		}
		if (count <= 0)
			break;
		if (line[length] == '\n') {
			line[length] = '\0';
			return line;
		}
		length++;
		turns = 0;
	}
	free(line);
	return NULL;
}

__attribute__((unused)) static void say(int fd, const void *bytes, size_t count)
{
	for (int turns = 0; count > 0; turns++) {
		ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
		cr_assert(sent > 0 || errno == EAGAIN);
		cr_assert_lt(turns, 10000);
		control_socket_turn(server);
		if (sent > 0) {
			bytes = (const char *)bytes + sent;
			count -= (size_t)sent;
		}
	}
}

// The answer to a request, parsed; the caller's.
__attribute__((unused)) static json_t *ask_on(int fd, const char *request)
{
	say(fd, request, strlen(request));
	say(fd, "\n", 1);
	char *line = answer(fd);
	cr_assert(line != NULL);
	json_t *object = json_loads(line, 0, NULL);
	cr_assert(json_is_object(object), "%s", line);
	free(line);
	return object;
}

__attribute__((unused)) static json_t *ask(const char *request)
{
	int fd = call();
	json_t *object = ask_on(fd, request);
	close(fd);
	control_socket_turn(server);
	return object;
}

__attribute__((unused)) static bool is_closed(int fd)
{
	char byte;
	control_socket_turn(server);
	return recv(fd, &byte, 1, 0) == 0;
}

__attribute__((unused)) static void expect_served(void)
{
	json_t *object = ask("{\"command\":\"help\"}");
	cr_expect(json_is_true(json_object_get(object, "ok")));
	json_decref(object);
}

__attribute__((unused)) static void expect_error(const char *request, const char *error)
{
	json_t *object = ask(request);
	cr_expect(json_is_false(json_object_get(object, "ok")));
	cr_expect_str_eq(json_string_value(json_object_get(object, "error")), error);
	json_decref(object);
}

__attribute__((unused)) static void expect_json(const json_t *object, const char *wanted)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY);
	cr_expect_str_eq(text, wanted);
	free(text);
}
