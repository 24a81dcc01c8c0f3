// SPDX-License-Identifier: BSD-3-Clause
//
// The ring that followers read: no line of two halves, and losses are known.
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log/log_tail.h"

static struct log_tail *tail;

static void begin(void)
{
	tail = log_tail_new();
	cr_assert_not_null(tail);
}

static void end(void)
{
	log_tail_free(tail);
}

TestSuite(log_tail, .init = begin, .fini = end);

Test(log_tail, lines_come_back)
{
	struct bs_log_line line;
	char longest[BS_LOG_TEXT + 100];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_expect_eq(log_tail_get(tail, 0, &line), LOG_TAIL_NOT_YET);
	log_tail_put(tail, 7, BS_LOG_WARNING, "first");
	log_tail_put(tail, 8, BS_LOG_INFO, longest);
	log_tail_put(tail, 9, BS_LOG_INFO, "");
	cr_expect_eq(log_tail_next(tail), 3);
	cr_expect_eq(log_tail_get(tail, 0, &line), LOG_TAIL_LINE);
	cr_expect_str_eq(line.text, "first");
	cr_expect_eq(line.wall_ns, 7);
	cr_expect_eq(line.severity, BS_LOG_WARNING);
	cr_expect_eq(log_tail_get(tail, 1, &line), LOG_TAIL_LINE);
	cr_expect_eq(strlen(line.text), BS_LOG_TEXT);
	cr_expect_eq(log_tail_get(tail, 2, &line), LOG_TAIL_LINE);
	cr_expect_str_eq(line.text, "");
}

Test(log_tail, what_is_overwritten_is_gone)
{
	struct bs_log_line line;
	for (unsigned i = 0; i <= LOG_TAIL_LINES; i++)
		log_tail_put(tail, i, BS_LOG_INFO, "line");
	cr_expect_eq(log_tail_get(tail, 0, &line), LOG_TAIL_GONE);
	cr_expect_eq(log_tail_get(tail, 1, &line), LOG_TAIL_LINE);
	cr_expect_eq(line.wall_ns, 1);
}

Test(log_tail, the_bell_rings_for_followers_only)
{
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	bs_bell_sleep(&bell);
	log_tail_put(tail, 0, BS_LOG_INFO, "unheard");
	log_tail_ring(tail);
	cr_expect(atomic_load(&bell.sleeping));
	log_tail_follow(tail, &bell);
	log_tail_follow(tail, &bell);
	log_tail_leave(tail);
	log_tail_ring(tail); // no news
	cr_expect(atomic_load(&bell.sleeping));
	log_tail_put(tail, 0, BS_LOG_INFO, "heard");
	log_tail_ring(tail);
	cr_expect_not(atomic_load(&bell.sleeping));
	log_tail_leave(tail);
	bs_bell_close(&bell);
}

#define LINES 200000u

static void *write_lines(void *context)
{
	char text[64];
	for (unsigned i = 0; i < LINES; i++) {
		// As long as its number says, so that a mixture shows.
		int length = snprintf(text, sizeof(text), "%u %.*s", i, (int)(i % 40),
			"########################################");
		(void)length;
		log_tail_put(tail, i, BS_LOG_INFO, text);
	}
	return NULL;
}

Test(log_tail, a_race_gives_whole_lines_only)
{
	pthread_t writer;
	struct bs_log_line line;
	uint64_t next = 0, got = 0;
	cr_assert_eq(pthread_create(&writer, NULL, write_lines, NULL), 0);
	while (next < LINES) {
		enum log_tail_result result = log_tail_get(tail, next, &line);
		if (result == LOG_TAIL_GONE)
			next = log_tail_next(tail) - LOG_TAIL_LINES / 2;
		if (result != LOG_TAIL_LINE)
			continue;
		char *rest;
		cr_assert_eq(strtoul(line.text, &rest, 10), next);
		cr_assert_eq(strlen(rest), 1 + next % 40);
		cr_assert_eq(line.wall_ns, next);
		next++;
		got++;
	}
	pthread_join(writer, NULL);
	cr_expect_gt(got, 0);
}
