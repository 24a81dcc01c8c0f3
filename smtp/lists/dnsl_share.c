// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/lists/dnsl_share.h"

#include "smtp/lists/dnsl_health.h"

#define COMES_BACK 5u // per cent below the bound

struct counts {
	uint32_t before_asked, before_hits, asked, hits;
};

_Static_assert(
	2 * DNSL_WINDOW <= UINT16_MAX, "16 bits each, and room for those who come while it ends");

static struct counts unpacked(uint64_t word)
{
	return (struct counts){.before_asked = (uint32_t)(word >> 48),
		.before_hits = (uint32_t)(word >> 32) & 0xffff,
		.asked = (uint32_t)(word >> 16) & 0xffff,
		.hits = (uint32_t)word & 0xffff};
}

static uint64_t packed(struct counts counts)
{
	return (uint64_t)counts.before_asked << 48 | (uint64_t)counts.before_hits << 32 |
	       (uint64_t)counts.asked << 16 | counts.hits;
}

// The window's number and the answer are part of what was seen: who is asked about in the next window counts anew, and so
// does who was not listed and now is, or a list that turns would find all its clients counted already.
static bool is_new(struct dnsl_share *share, uint64_t subject, bool hit)
{
	uint32_t window = atomic_load_explicit(&share->window, memory_order_relaxed);
	_Atomic uint32_t *seen = &share->seen[(subject >> 32) % DNSL_SEEN];
	uint32_t mark = ((uint32_t)subject & 0xfffffe00u) | (window & 0x7f) << 2 | 2u | hit;

	if (atomic_load_explicit(seen, memory_order_relaxed) == mark)
		return false;
	atomic_store_explicit(seen, mark, memory_order_relaxed);
	return true;
}

// A window with few in it goes on: after a quiet night the share is still one of many.
static bool window_ends(const struct dnsl_share *share, struct counts counts, uint64_t now_ms)
{
	uint64_t began_ms = atomic_load_explicit(&share->began_ms, memory_order_relaxed);

	return counts.asked >= DNSL_WINDOW ||
	       (counts.asked >= DNSL_LEAST && now_ms >= began_ms + DNSL_WINDOW_MS);
}

static void begin_window(struct dnsl_share *share, uint64_t now_ms)
{
	uint64_t word = atomic_load_explicit(&share->counts, memory_order_relaxed);
	struct counts counts = unpacked(word);

	if (word == 0) // the first of all
		atomic_store_explicit(&share->began_ms, now_ms, memory_order_relaxed);
	if (!window_ends(share, counts, now_ms))
		return;
	counts = (struct counts){counts.asked, counts.hits, 0, 0};
	if (!atomic_compare_exchange_strong_explicit(&share->counts, &word, packed(counts),
		    memory_order_relaxed, memory_order_relaxed))
		return; // another worker counts; the next one begins it
	atomic_store_explicit(&share->began_ms, now_ms, memory_order_relaxed);
	atomic_fetch_add_explicit(&share->window, 1, memory_order_relaxed);
}

bool dnsl_share_add(struct dnsl_share *share, uint64_t subject, bool hit, uint64_t now_ms)
{
	begin_window(share, now_ms);
	if (!is_new(share, subject, hit))
		return false;
	atomic_fetch_add_explicit(
		&share->counts, UINT64_C(1) << 16 | (uint64_t)hit, memory_order_relaxed);
	if (hit)
		atomic_fetch_add_explicit(&share->run, 1, memory_order_relaxed);
	else
		atomic_store_explicit(&share->run, 0, memory_order_relaxed);
	return true;
}

// A run of hits that comes by chance less than once in a million: 14 / -ln(share of hits before it).
static uint32_t longest_run(uint32_t asked, uint32_t hits)
{
	static const struct {
		uint32_t below, run; // share in per mille
	} row[] = {{750, DNSL_RUN}, {800, 63}, {850, 86}, {900, 133}, {950, 273}, {970, 460}};

	if (asked < DNSL_LEAST) // too few to know better
		return DNSL_RUN;
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if (hits * 1000 < row[i].below * asked)
			return row[i].run;
	return 2 * DNSL_WINDOW;
}

static uint32_t less(uint32_t a, uint32_t b)
{
	return a > b ? a - b : 0;
}

enum dnsl_share_state dnsl_share_state(
	const struct dnsl_share *share, uint8_t bound, enum dnsl_share_state was)
{
	uint32_t asked, hits, run = atomic_load_explicit(&share->run, memory_order_relaxed);

	if (bound >= 100)
		return DNSL_SHARE_GOOD;
	dnsl_share_view(share, &asked, &hits);
	if (run >= longest_run(less(asked, run), less(hits, run)))
		return DNSL_SHARE_RUN;
	if (asked < DNSL_LEAST)
		return DNSL_SHARE_GOOD;
	if (was == DNSL_SHARE_OVER)
		bound = (uint8_t)(bound > 2 * COMES_BACK ? bound - COMES_BACK : bound / 2);
	return hits * 100 > bound * asked ? DNSL_SHARE_OVER : DNSL_SHARE_GOOD;
}

void dnsl_share_view(const struct dnsl_share *share, uint32_t *asked, uint32_t *hits)
{
	struct counts counts = unpacked(atomic_load_explicit(&share->counts, memory_order_relaxed));

	*asked = counts.before_asked + counts.asked;
	*hits = counts.before_hits + counts.hits;
}
