// SPDX-License-Identifier: BSD-3-Clause
//
// The wheel: slot (tick modulo TIMERS_SLOTS), a bit a slot to skip the empty ones.
#include "smtp/worker/timers.h"

#include <string.h>

void timers_init(struct timers *timers, uint64_t now_ms)
{
	memset(timers, 0, sizeof(*timers));
	timers->tick = now_ms / TIMERS_TICK_MS;
}

void timers_remove(struct timers *timers, struct timer *timer)
{
	if (timer->previous == NULL)
		return;
	*timer->previous = timer->next;
	if (timer->next != NULL)
		timer->next->previous = timer->previous;
	uint32_t slot = timer->tick % TIMERS_SLOTS;
	if (timers->slot[slot] == NULL)
		timers->used[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	timer->previous = NULL;
	timers->count--;
}

static void insert(struct timers *timers, struct timer *timer)
{
	uint64_t tick = timer->deadline_ms / TIMERS_TICK_MS;
	tick += timer->deadline_ms % TIMERS_TICK_MS != 0; // rounded up: never early
	if (tick < timers->tick)
		tick = timers->tick;
	if (tick > timers->tick + TIMERS_SLOTS - 1)
		tick = timers->tick + TIMERS_SLOTS - 1;
	uint32_t slot = tick % TIMERS_SLOTS;
	timer->tick = tick;
	timer->previous = &timers->slot[slot];
	timer->next = timers->slot[slot];
	if (timer->next != NULL)
		timer->next->previous = &timer->next;
	timers->slot[slot] = timer;
	timers->used[slot / 64] |= UINT64_C(1) << (slot % 64);
	timers->count++;
}

void timers_set(struct timers *timers, struct timer *timer, uint64_t deadline_ms)
{
	timer->deadline_ms = deadline_ms;
	if (deadline_ms == TIMERS_NEVER) {
		timers_remove(timers, timer);
		return;
	}
	// looked at in time anyway: the lazy case
	if (timer->previous != NULL && timer->tick * TIMERS_TICK_MS <= deadline_ms)
		return;
	timers_remove(timers, timer);
	insert(timers, timer);
}

// The first tick from timers->tick on whose slot is not empty. There is one.
static uint64_t next_used(const struct timers *timers)
{
	uint32_t from = timers->tick % TIMERS_SLOTS;
	uint32_t words = TIMERS_SLOTS / 64;
	uint64_t bits = timers->used[from / 64] >> (from % 64);
	if (bits != 0)
		return timers->tick + (uint32_t)__builtin_ctzll(bits);
	uint64_t tick = timers->tick + 64 - from % 64;
	for (uint32_t i = 1; i <= words; i++, tick += 64) {
		bits = timers->used[(from / 64 + i) % words];
		if (bits != 0)
			return tick + (uint32_t)__builtin_ctzll(bits);
	}
	return tick;
}

struct timer *timers_pop(struct timers *timers, uint64_t now_ms, unsigned *budget)
{
	uint64_t now_tick = now_ms / TIMERS_TICK_MS;
	while (timers->count != 0 && *budget != 0) {
		uint64_t tick = next_used(timers);
		if (tick > now_tick)
			break;
		timers->tick = tick;
		struct timer *timer = timers->slot[tick % TIMERS_SLOTS];
		(*budget)--;
		timers_remove(timers, timer);
		if (timer->deadline_ms <= now_ms)
			return timer;
		// its deadline is beyond this tick, so it comes into another slot
		insert(timers, timer);
	}
	if (timers->count == 0 && timers->tick < now_tick)
		timers->tick = now_tick;
	return NULL;
}

uint64_t timers_next(const struct timers *timers)
{
	return timers->count == 0 ? TIMERS_NEVER : next_used(timers) * TIMERS_TICK_MS;
}
