// SPDX-License-Identifier: BSD-3-Clause
//
// A stage for the relay: real sockets, a server that says what the test tells it to, a clock that stands still. For
// what no real server does; those that do right are met in tests/e2e.
#pragma once

#include <criterion/criterion.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "smtp/worker/heap.h"
#include "smtp/session/received.h"
#include "smtp/relay/relay_state.h"

#define PATIENCE \
	5000 // turns of a millisecond before a test gives up: only one that fails gets there

static struct stage {
	struct heap *heap;
	struct helper_pool *pool;
	struct helper_queue *helpers;
	struct poller *poller;
	struct bs_bell bell;
	struct bs_log *log;
	struct bs_worker_counters counters;
	struct backend *backend;
	struct backend_settings settings;
	struct delivery *delivery;
	uint64_t now;
	char path[100];
	int listener, server; // descriptors
	bool server_ended;
	char heard[1 << 20]; // by the server
	size_t heard_count, heard_used;
	bool drain; // what is heard is only counted
	size_t drained;
	// what the session sees
	struct session_answer answer;
	unsigned answers;
	struct session_envelope envelope;
	struct mailbox recipient[8];
} stage;

static void take_answer(void *context, const struct session_answer *answer)
{
	stage.answer = *answer;
	stage.answers++;
}

static inline void open_delivery(void)
{
	struct delivery_surroundings around = {.heap = stage.heap,
		.helpers = stage.helpers,
		.poller = stage.poller,
		.log = stage.log,
		.counters = &stage.counters};
	stage.delivery = stage.backend->operations->open(
		stage.backend, &around, "test", take_answer, NULL);
	cr_assert_not_null(stage.delivery);
}

static inline void listen_again(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", stage.path);
	unlink(stage.path);
	stage.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(stage.listener, (struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(stage.listener, 5), 0);
}

static inline void stage_begin(bool lmtp)
{
	char uri[150], error[256];
	stage.now = 1000000;
	stage.server = -1;
	stage.settings = (struct backend_settings){
		10000, 60000, 120000, 180000, 600000, 3600000, 86400000, 1000};
	stage.heap = heap_new();
	stage.pool = helper_pool_new(1);
	cr_assert(bs_bell_open(&stage.bell));
	stage.helpers = helper_queue_new(stage.pool, &stage.bell);
	stage.poller = poller_new(stage.now);
	stage.log = bs_log_new(BS_LOG_SMALL);
	if (lmtp) {
		snprintf(stage.path, sizeof(stage.path), "/tmp/barscreen-relay-%d", getpid());
		snprintf(uri, sizeof(uri), "lmtp://%s", stage.path);
		listen_again();
	} else {
		struct sockaddr_in address = {
			.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t length = sizeof(address);
		stage.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		cr_assert_eq(bind(stage.listener, (struct sockaddr *)&address, length), 0);
		cr_assert_eq(listen(stage.listener, 5), 0);
		getsockname(stage.listener, (struct sockaddr *)&address, &length);
		snprintf(uri, sizeof(uri), "smtp://127.0.0.1:%u", ntohs(address.sin_port));
	}
	stage.backend = backend_new(uri, "mx.example.org", &stage.settings, error);
	cr_assert_not_null(stage.backend, "%s", error);
	stage.envelope = (struct session_envelope){.number = 1,
		.sender = {.local = "from", .domain = "example.net"},
		.recipient = stage.recipient};
	open_delivery();
}

static inline void pass(uint64_t ms)
{
	stage.now += ms;
	poller_turn(stage.poller, stage.now);
}

static inline void turn(void)
{
	poller_turn(stage.poller, stage.now);
	helper_turn(stage.helpers);
	if (stage.server < 0 && stage.listener >= 0) {
		stage.server = accept4(stage.listener, NULL, NULL, SOCK_NONBLOCK);
		if (stage.server >= 0) {
			stage.server_ended = false;
			stage.heard_count = stage.heard_used = 0;
		}
	}
	if (stage.server < 0)
		return;
	ssize_t count = recv(stage.server, stage.heard + stage.heard_count,
		sizeof(stage.heard) - 1 - stage.heard_count, 0);
	if (count > 0 && stage.drain)
		stage.drained += (size_t)count;
	else if (count > 0)
		stage.heard_count += (size_t)count;
	else if (count == 0)
		stage.server_ended = true;
	stage.heard[stage.heard_count] = '\0';
}

// Turns until `condition` holds.
#define UNTIL(condition) \
	do { \
		int turns = 0; \
		for (turn(); !(condition); turn()) { \
			cr_assert_lt(turns++, PATIENCE, "never: %s; heard \"%s\"", #condition, \
				stage.heard + stage.heard_used); \
			if (turns > 20) \
				usleep(1000); \
		} \
	} while (0)

static inline void say(const char *text)
{
	size_t length = strlen(text);
	cr_assert_eq(send(stage.server, text, length, MSG_NOSIGNAL), (ssize_t)length);
}

// What the server said or did is there to be read.
static inline void arrived(void)
{
	struct pollfd wait = {
		.fd = ((struct relay *)stage.delivery)->link.watch.fd, .events = POLLIN};
	cr_assert_eq(poll(&wait, 1, 10000), 1);
}

// The server hears just this.
static inline void hear(const char *text)
{
	size_t length = strlen(text);
	UNTIL(stage.server >= 0 && stage.heard_count - stage.heard_used >= length);
	cr_assert_eq(memcmp(stage.heard + stage.heard_used, text, length), 0,
		"heard \"%s\", not \"%s\"", stage.heard + stage.heard_used, text);
	stage.heard_used += length;
}

static inline void hang_up(bool reset)
{
	struct linger linger = {.l_onoff = 1};
	if (reset)
		setsockopt(stage.server, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(stage.server);
	stage.server = -1;
}

static inline void no_listener(void)
{
	close(stage.listener);
	stage.listener = -1;
}

static inline void expect(unsigned code, const char *enhanced, const char *text)
{
	UNTIL(stage.answers == 1);
	stage.answers = 0;
	cr_assert_eq(stage.answer.code, code, "%u %s %s", stage.answer.code, stage.answer.enhanced,
		stage.answer.text);
	cr_assert_str_eq(stage.answer.enhanced, enhanced, "%s", stage.answer.text);
	cr_assert_not_null(strstr(stage.answer.text, text), "%s", stage.answer.text);
}

static inline void start_recipient(const char *local)
{
	static struct mailbox mailbox; // valid until the answer
	mailbox = (struct mailbox){.domain = "example.org"};
	snprintf(mailbox.local, sizeof(mailbox.local), "%s", local);
	stage.backend->operations->recipient(stage.delivery, &stage.envelope, &mailbox);
	stage.recipient[stage.envelope.recipient_count] = mailbox;
}

static inline void keep_recipient(void)
{
	stage.envelope.recipient_count++;
}

static inline void next_transaction(void)
{
	stage.envelope.number++;
	stage.envelope.recipient_count = 0;
	stage.envelope.trace_bytes = 0;
}

static inline void begin(void)
{
	stage.backend->operations->begin(stage.delivery, &stage.envelope);
}

static inline void write_bytes(const char *text)
{
	stage.backend->operations->write(stage.delivery, (const uint8_t *)text, strlen(text));
}

static inline void commit(const char *text)
{
	stage.backend->operations->commit(stage.delivery, (const uint8_t *)text, strlen(text));
}

static inline void end_session(void)
{
	stage.backend->operations->close(stage.delivery);
	stage.delivery = NULL;
}

static inline void stage_end(void)
{
	if (stage.delivery != NULL)
		end_session();
	while (helper_under_way(stage.helpers) != 0)
		helper_turn(stage.helpers);
	cr_assert_eq(stage.answers, 0, "an answer that nobody waits for");
	poller_free(stage.poller);
	if (stage.server >= 0)
		close(stage.server);
	if (stage.listener >= 0)
		close(stage.listener);
	if (stage.path[0] != '\0')
		unlink(stage.path);
	helper_queue_free(stage.helpers);
	helper_pool_free(stage.pool);
	bs_bell_close(&stage.bell);
	backend_free(stage.backend);
	bs_log_free(stage.log);
	heap_free(stage.heap);
}
