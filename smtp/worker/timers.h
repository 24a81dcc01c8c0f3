// SPDX-License-Identifier: BSD-3-Clause
//
// Deadlines of a worker's sessions: a timing wheel that is re-checked lazily. A session's deadline moves with every
// command, nearly always later; then only a number is written, and the wheel looks at it again when the old
// time has come. Setting, removing and finding are O(1).
//
// Owner: one worker. Times are milliseconds of any monotonic clock, the same in all calls.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIMERS_NEVER UINT64_MAX

#define TIMERS_TICK_MS 64u  // a deadline is met at most this much late; the shortest are seconds
#define TIMERS_SLOTS   512u // 32 s; what is due later is looked at once in that time

struct timer {
	struct timer *next, **previous; // in its slot; previous is NULL when in none
	uint64_t deadline_ms;
	uint64_t tick; // when it is looked at
};

struct timers {
	uint64_t tick; // the next to be looked at
	uint32_t count;
	uint64_t used[TIMERS_SLOTS / 64]; // a bit a slot that is not empty
	struct timer *slot[TIMERS_SLOTS];
};

void timers_init(struct timers *timers, uint64_t now_ms);
// Sets, moves or (TIMERS_NEVER) removes. A timer starts as zero bytes. Never early.
void timers_set(struct timers *timers, struct timer *timer, uint64_t deadline_ms);
void timers_remove(struct timers *timers, struct timer *timer);
// A timer whose deadline has come, taken out; NULL when there is none, or when `budget` timers were looked at:
// then the next call goes on.
struct timer *timers_pop(struct timers *timers, uint64_t now_ms, unsigned *budget);
// When timers_pop() wants to be called next, or TIMERS_NEVER.
uint64_t timers_next(const struct timers *timers);
