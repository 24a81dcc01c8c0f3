// SPDX-License-Identifier: BSD-3-Clause
//
// A range may reach across parts: a part's list holds only those that begin in it, and what lies
// before the first of them belongs to the word just before, which is the end of an earlier part's
// list. So no part stores what it inherits, and an empty one costs its index word alone.

#include "control/class/class_wide.h"
#include "control/class/class_memory.h"

#include <stdlib.h>
#include <string.h>

// The index grows with the ranges, two to a part. At most 2^20 parts, 4 MB: twice that would
// save less than it misses. At least 2^8, so that a start within a part fits 24 bits.
#define INDEX_BITS_MIN 8u
#define INDEX_BITS_MAX 20u

// The last step of a search looks at this many words whether they belong to the part or not:
// a fixed count has no branch to mispredict. So many words follow the last range.
#define WINDOW 8u

static unsigned index_bits(size_t count)
{
	unsigned bits = INDEX_BITS_MIN;

	while (bits < INDEX_BITS_MAX && ((size_t)2 << bits) < count)
		bits++;
	return bits;
}

static void fill(struct class_wide *table, const struct class_range *range)
{
	size_t parts = (size_t)1 << (32 - table->shift), next = 0;
	uint32_t within = ((uint32_t)1 << table->shift) - 1;

	for (size_t i = 0; i < table->count; i++) {
		uint32_t start = class_range_ipv4(&range[i]);
		for (; next <= start >> table->shift; next++)
			table->index[next] = (uint32_t)i;
		table->range[i] = (start & within) << 8 | range[i].class;
	}
	for (; next <= parts; next++)
		table->index[next] = (uint32_t)table->count;
	for (unsigned i = 0; i < WINDOW; i++)
		table->range[table->count + i] = 0;
}

bool class_wide_build(struct class_wide *table, const struct class_ranges *ranges)
{
	unsigned bits = index_bits(ranges->count);

	table->shift = 32 - bits;
	table->count = ranges->count;
	table->index = class_memory((((size_t)1 << bits) + 1) * sizeof(*table->index));
	table->range = class_memory((ranges->count + WINDOW) * sizeof(*table->range));
	if (table->index == NULL || table->range == NULL) {
		class_wide_free(table);
		return false;
	}
	fill(table, ranges->range);
	return true;
}

void class_wide_free(struct class_wide *table)
{
	free(table->index);
	free(table->range);
	*table = (struct class_wide){0};
}

size_t class_wide_size(const struct class_wide *table)
{
	size_t parts = (size_t)1 << (32 - table->shift);
	return (parts + 1) * sizeof(*table->index) +
	       (table->count + WINDOW) * sizeof(*table->range);
}

struct bs_class_fetch class_wide_fetch(const struct class_wide *table)
{
	return (struct bs_class_fetch){table->index, table->shift, sizeof(*table->index)};
}

typedef uint32_t words __attribute__((vector_size(16)));
_Static_assert(WINDOW == 2 * sizeof(words) / sizeof(uint32_t), "a window is two vectors");

// How many of the first `count` words of a window, at most WINDOW, begin at or before `wanted`. They are in order: so it is how many
// of all do, if not more than `count`.
static inline uint32_t begun_in_window(const uint32_t *from, uint32_t count, uint32_t wanted)
{
	words low, high;
	memcpy(&low, from, sizeof(low));
	memcpy(&high, from + 4, sizeof(high));
	words place = {0, 1, 2, 3};
	// each comparison gives -1 where it holds
	words sum = ((words)(low <= wanted) & (words)(place < count)) +
		    ((words)(high <= wanted) & (words)(place + 4 < count));
	return 0 - (sum[0] + sum[1] + sum[2] + sum[3]);
}

// How many of range[first] to range[first + count - 1] begin at or before `wanted`.
static inline uint32_t begun(const uint32_t *range, uint32_t first, uint32_t count, uint32_t wanted)
{
	const uint32_t *from = range + first;

	while (__builtin_expect(count > WINDOW, 0)) { // rare: many ranges in one part
		uint32_t half = count / 2;
		from += from[half - 1] <= wanted ? half : 0;
		count -= half;
	}
	return (uint32_t)(from - (range + first)) + begun_in_window(from, count, wanted);
}

void class_wide_lookup(
	const struct class_wide *table, const uint32_t *addresses, uint8_t *classes, unsigned count)
{
	uint32_t within = ((uint32_t)1 << table->shift) - 1;
	uint32_t first[BS_CLASS_BURST], many[BS_CLASS_BURST];

	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&table->index[addresses[i] >> table->shift]);
	for (unsigned i = 0; i < count; i++) {
		const uint32_t *index = &table->index[addresses[i] >> table->shift];
		first[i] = index[0];
		many[i] = index[1] - index[0];
		// The range that reaches in from before, and the window's end: it is read whether it belongs here or not, and
		// lies in the next line nearly every second time.
		__builtin_prefetch(&table->range[first[i] - (first[i] > 0)]);
		__builtin_prefetch(&table->range[first[i] + WINDOW - 1]);
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t wanted = (addresses[i] & within) << 8 | 0xff;
		uint32_t upto = first[i] + begun(table->range, first[i], many[i], wanted);
		classes[i] = (uint8_t)table->range[upto - 1];
	}
}
