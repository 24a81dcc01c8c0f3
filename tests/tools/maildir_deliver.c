// SPDX-License-Identifier: BSD-3-Clause
//
// Delivers one mail through the backend's own calls, with one helper thread, so that a tracer sees each system call of a
// delivery and can make it fail (tests/e2e/fsync_order.py).
//
//   maildir_deliver maildir:/path LOCAL@DOMAIN...
//
// Prints "ready", waits for a line, delivers, prints "answer CODE ENHANCED DETAIL". Its own output goes by writev(), so
// that every write() under trace is the delivery's.
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "smtp/backend.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/helper.h"

#define PART 20000

struct outcome {
	struct session_answer answer;
	bool given;
};

static struct bs_bell bell;
static struct helper_queue *helpers;

static void take_answer(void *context, const struct session_answer *answer)
{
	struct outcome *outcome = context;
	outcome->answer = *answer;
	outcome->given = true;
}

static void say(const char *text)
{
	struct iovec piece = {(void *)text, strlen(text)};
	if (writev(STDOUT_FILENO, &piece, 1) < 0)
		exit(2);
}

// The timeout: a tracer may have failed the write that rings the bell.
static void run_dry(void)
{
	while (helper_under_way(helpers) != 0) {
		if (helper_turn(helpers) != 0)
			continue;
		bs_bell_sleep(&bell);
		struct pollfd wait = {.fd = bell.fd, .events = POLLIN};
		if (!helper_ready(helpers))
			poll(&wait, 1, 50);
		bs_bell_awake(&bell);
	}
}

static bool went_well(struct outcome *outcome)
{
	run_dry();
	bool well = outcome->given && outcome->answer.code == 250;
	outcome->given = false;
	return well;
}

static void deliver(struct backend *backend, struct delivery *delivery,
	const struct session_envelope *envelope, struct outcome *outcome)
{
	static uint8_t part[PART];
	memset(part, 'x', sizeof(part));
	backend->operations->begin(delivery, envelope);
	if (!went_well(outcome))
		return;
	backend->operations->write(delivery, part, sizeof(part));
	if (!went_well(outcome))
		return;
	backend->operations->commit(delivery, part, sizeof(part));
	went_well(outcome);
}

static bool parse(int count, char **text, struct mailbox *list)
{
	for (int i = 0; i < count; i++) {
		char *at = strrchr(text[i], '@');
		if (at == NULL)
			return false;
		*at = '\0';
		snprintf(list[i].local, sizeof(list[i].local), "%s", text[i]);
		snprintf(list[i].domain, sizeof(list[i].domain), "%s", at + 1);
	}
	return true;
}

int main(int argc, char **argv)
{
	char error[256] = "", line[500];
	struct mailbox *list = calloc((size_t)argc, sizeof(*list));
	if (argc < 3 || list == NULL || !parse(argc - 2, argv + 2, list)) {
		fprintf(stderr, "usage: maildir_deliver maildir:/path LOCAL@DOMAIN...\n");
		return 2;
	}
	struct session_envelope envelope = {
		.recipient = list, .recipient_count = (uint32_t)argc - 2};
	struct backend *backend = backend_new(
		argv[1], "localhost", &(struct backend_settings){0}, error);
	struct heap *heap = heap_new();
	struct helper_pool *pool = helper_pool_new(1);
	if (backend == NULL || heap == NULL || pool == NULL || !bs_bell_open(&bell)) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	helpers = helper_queue_new(pool, &bell);
	struct delivery_surroundings around = {heap, helpers};
	struct outcome outcome = {0};
	struct delivery *delivery = backend->operations->open(
		backend, &around, "test", take_answer, &outcome);
	say("ready\n");
	if (delivery == NULL || fgets(line, sizeof(line), stdin) == NULL)
		return 2;
	deliver(backend, delivery, &envelope, &outcome);
	snprintf(line, sizeof(line), "answer %u %s %s\n", outcome.answer.code,
		outcome.answer.enhanced, outcome.answer.detail);
	say(line);
	backend->operations->close(delivery);
	run_dry();
	helper_queue_free(helpers);
	helper_pool_free(pool);
	heap_free(heap);
	backend_free(backend);
	free(list);
	return 0;
}
