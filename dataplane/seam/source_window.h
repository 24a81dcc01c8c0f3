// SPDX-License-Identifier: BSD-3-Clause
//
// A window of a source: three counts since a moment, in one word, so that one compare-and-swap keeps them together. 28 bits of
// seconds when it began, three counts of 12 bits that stop at 4095. For dataplane/seam/source*.c and verdict.c only.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define WINDOW_COUNTS 3u
#define WINDOW_MOST   4095u
#define WINDOW_CLOCK  ((UINT32_C(1) << 28) - 1) // wraps after eight years and a half

// Places in struct bs_source's words.
enum { WINDOW_SESSIONS, WINDOW_REFUSED, WINDOW_EARLY };
enum { WINDOW_UNKNOWN, WINDOW_KNOWN, WINDOW_HANGUPS };

struct window {
	uint32_t start;
	uint32_t count[WINDOW_COUNTS];
};

static inline struct window window_unpack(uint64_t word)
{
	struct window window = {.start = (uint32_t)(word >> 36)};
	for (unsigned i = 0; i < WINDOW_COUNTS; i++)
		window.count[i] = word >> (12 * i) & WINDOW_MOST;
	return window;
}

static inline uint64_t window_pack(const struct window *window)
{
	uint64_t word = (uint64_t)window->start << 36;
	for (unsigned i = 0; i < WINDOW_COUNTS; i++)
		word |= (uint64_t)window->count[i] << (12 * i);
	return word;
}

// The window as it is now; one that is over is a new, empty one.
static inline struct window window_now(uint64_t word, uint32_t length_s, uint32_t now_s)
{
	struct window window = window_unpack(word);
	uint32_t age = (now_s - window.start) & WINDOW_CLOCK;
	// Beyond half of the clock: begun by an lcore whose turn began a moment later than ours.
	if (word == 0 || (age >= length_s && age <= WINDOW_CLOCK / 2))
		window = (struct window){.start = now_s & WINDOW_CLOCK};
	return window;
}

static inline struct window window_read(
	const _Atomic uint64_t *word, uint32_t length_s, uint32_t now_s)
{
	return window_now(atomic_load_explicit(word, memory_order_relaxed), length_s, now_s);
}

// Tries against other lcores that teach the same source at the same time. A lesson lost is a false negative.
#define LEARN_TRIES 64u

static inline struct window window_add(_Atomic uint64_t *word, const uint16_t add[WINDOW_COUNTS],
	uint32_t length_s, uint32_t now_s)
{
	uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
	struct window window = {0};
	for (unsigned try = 0; try < LEARN_TRIES; try++) {
		window = window_now(before, length_s, now_s);
		for (unsigned i = 0; i < WINDOW_COUNTS; i++) {
			uint32_t sum = window.count[i] + add[i];
			window.count[i] = sum < WINDOW_MOST ? sum : WINDOW_MOST;
		}
		if (atomic_compare_exchange_weak_explicit(word, &before, window_pack(&window),
			    memory_order_relaxed, memory_order_relaxed))
			return window;
	}
	return window_now(before, length_s, now_s);
}
