// SPDX-License-Identifier: BSD-3-Clause
//
// The timing wheel against a plain list of deadlines: never early, at most a tick late, nothing lost.
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "smtp/worker/timers.h"

static struct timer *pop(struct timers *timers, uint64_t now_ms)
{
	unsigned budget = 1000000;
	return timers_pop(timers, now_ms, &budget);
}

Test(timers, fire_in_time)
{
	struct timers timers;
	struct timer timer = {0};
	timers_init(&timers, 1000000);
	cr_assert_eq(timers_next(&timers), TIMERS_NEVER);
	timers_set(&timers, &timer, 1000500);
	cr_assert_null(pop(&timers, 1000000));
	cr_assert_null(pop(&timers, 1000499));
	uint64_t next = timers_next(&timers);
	cr_assert(next >= 1000500 && next < 1000500 + TIMERS_TICK_MS);
	cr_assert_null(pop(&timers, next - 1));
	cr_assert_eq(pop(&timers, next), &timer);
	cr_assert_null(pop(&timers, next + 100000));
	cr_assert_eq(timers_next(&timers), TIMERS_NEVER);
}

Test(timers, move_later_and_earlier)
{
	struct timers timers;
	struct timer timer = {0};
	timers_init(&timers, 0);
	timers_set(&timers, &timer, 1000);
	timers_set(&timers, &timer, 5000); // lazily: the wheel looks at 1024 and goes on
	cr_assert_null(pop(&timers, 4999));
	timers_set(&timers, &timer, 5001);
	timers_set(&timers, &timer, 5000 - 700); // earlier: must be moved
	cr_assert_eq(pop(&timers, 5000), &timer);
	timers_set(&timers, &timer, 20);
	cr_assert_eq(pop(&timers, 5000), &timer, "a deadline in the past fires");
	timers_set(&timers, &timer, 6000);
	timers_set(&timers, &timer, TIMERS_NEVER);
	cr_assert_null(pop(&timers, 100000));
	timers_remove(&timers, &timer);
	cr_assert_eq(timers.count, 0);
}

Test(timers, reach_beyond_the_wheel_and_bear_a_leap_of_time)
{
	struct timers timers;
	struct timer timer[3] = {0};
	uint64_t day = 86400000;
	timers_init(&timers, 77);
	timers_set(&timers, &timer[0], day);
	timers_set(&timers, &timer[1], 300000);
	timers_set(&timers, &timer[2], UINT64_MAX - 1);
	cr_assert_null(pop(&timers, 299999));
	cr_assert_eq(pop(&timers, 301000), &timer[1]);
	cr_assert_null(pop(&timers, day - 1));
	cr_assert_eq(pop(&timers, 3 * day), &timer[0]);
	cr_assert_null(pop(&timers, 4000 * day));
	cr_assert_eq(timers.count, 1);
}

Test(timers, look_at_no_more_than_the_budget)
{
	struct timers timers;
	static struct timer timer[1000];
	timers_init(&timers, 0);
	for (int i = 0; i < 1000; i++) {
		timers_set(&timers, &timer[i], 100);
		timers_set(&timers, &timer[i], 50000); // each must be looked at and put back
	}
	unsigned budget = 10;
	cr_assert_null(timers_pop(&timers, 1000, &budget));
	cr_assert_eq(budget, 0);
	cr_assert(timers_next(&timers) <= 1000, "more waits");
	budget = 1000;
	cr_assert_null(timers_pop(&timers, 1000, &budget));
	cr_assert_eq(budget, 10);
	cr_assert_gt(timers_next(&timers), 1000);
	for (int i = 0; i < 1000; i++)
		cr_assert_not_null(pop(&timers, 60000));
	cr_assert_null(pop(&timers, 60000));
}

#define MANY 200

Test(timers, agree_with_a_plain_list)
{
	struct timers timers;
	static struct timer timer[MANY];
	uint64_t deadline[MANY];
	uint64_t now = 123456;
	srand(7);
	timers_init(&timers, now);
	for (int i = 0; i < MANY; i++)
		deadline[i] = TIMERS_NEVER;
	for (int step = 0; step < 20000; step++) {
		int i = rand() % MANY;
		uint64_t ahead = (uint64_t)rand() % (rand() % 2 ? 2000 : 100000);
		deadline[i] = rand() % 8 ? now + ahead : TIMERS_NEVER;
		timers_set(&timers, &timer[i], deadline[i]);
		now += (uint64_t)rand() % (rand() % 50 ? 40 : 40000);
		struct timer *due;
		while ((due = pop(&timers, now)) != NULL) {
			long which = due - timer;
			cr_assert_leq(deadline[which], now, "early");
			deadline[which] = TIMERS_NEVER;
		}
		uint64_t first = TIMERS_NEVER;
		for (int j = 0; j < MANY; j++) {
			cr_assert(deadline[j] == TIMERS_NEVER || deadline[j] + TIMERS_TICK_MS > now,
				"overlooked");
			if (deadline[j] < first)
				first = deadline[j];
		}
		if (first != TIMERS_NEVER)
			cr_assert_lt(timers_next(&timers), first + 2 * TIMERS_TICK_MS);
		else
			cr_assert_eq(timers.count, 0);
	}
}
