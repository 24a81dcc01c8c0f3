// SPDX-License-Identifier: BSD-3-Clause
//
// The ranges lie as in the wide form (class_wide.c): a part's list holds only those that begin in it. The index is in two steps, since
// its words are half of what is left when a range takes two bytes: how many begin before a group of parts takes 32 bits, how
// many of the group begin before a part takes 16.

#include "control/class/class_narrow.h"
#include "control/class/class_memory.h"

#include <stdlib.h>
#include <string.h>

#define PART_BITS  20u
#define START_BITS (32u - PART_BITS)
#define CODE_BITS  (16u - START_BITS)
#define PARTS      ((size_t)1 << PART_BITS)
#define GROUP_BITS 4u
#define GROUPS     (PARTS >> GROUP_BITS)
_Static_assert(1u << CODE_BITS == CLASS_NARROW_CLASSES, "a code fits its bits");
_Static_assert((((1u << GROUP_BITS) - 1) << START_BITS) <= UINT16_MAX,
	"a range each address: so many begin before the last part of a group");

// With fewer the wide form has fewer parts and takes less.
#define RANGES_MIN ((size_t)1 << (PART_BITS - 1))

// As in class_wide.c: the last step of a search looks at so many words, whether they belong to the part or not.
#define WINDOW 8u

// The code of a class; CLASS_NARROW_CLASSES: it has none. New ones are put down as they come.
struct codes {
	uint8_t of[BS_CLASSES_MAX]; // 1 more than the code
	unsigned count;
};

static unsigned code_of(struct codes *codes, uint8_t class)
{
	if (codes->of[class] == 0) {
		if (codes->count == CLASS_NARROW_CLASSES)
			return CLASS_NARROW_CLASSES;
		codes->of[class] = (uint8_t)++codes->count;
	}
	return codes->of[class] - 1u;
}

bool class_narrow_suits(const struct class_ranges *ranges)
{
	struct codes codes = {0};

	if (ranges->count < RANGES_MIN)
		return false;
	for (size_t i = 0; i < ranges->count; i++)
		if (code_of(&codes, ranges->range[i].class) == CLASS_NARROW_CLASSES)
			return false;
	return true;
}

// Part `part` is the first after a range that begins before it: `count` do.
static void put_index(struct class_narrow *table, size_t part, size_t count)
{
	if (part % (1u << GROUP_BITS) == 0)
		table->base[part >> GROUP_BITS] = (uint32_t)count;
	table->before[part] = (uint16_t)(count - table->base[part >> GROUP_BITS]);
}

static void fill(struct class_narrow *table, const struct class_range *range)
{
	const uint32_t within = (1u << START_BITS) - 1;
	struct codes codes = {0};
	size_t next = 0;

	for (size_t i = 0; i < table->count; i++) {
		uint32_t start = class_range_ipv4(&range[i]);
		unsigned code = code_of(&codes, range[i].class);
		for (; next <= start >> START_BITS; next++)
			put_index(table, next, i);
		table->range[i] = (uint16_t)((start & within) << CODE_BITS | code);
		table->class[code] = range[i].class;
	}
	for (; next <= PARTS; next++)
		put_index(table, next, table->count);
	memset(table->range + table->count, 0, WINDOW * sizeof(*table->range));
}

bool class_narrow_build(struct class_narrow *table, const struct class_ranges *ranges)
{
	table->count = ranges->count;
	table->base = class_memory((GROUPS + 1) * sizeof(*table->base));
	table->before = class_memory((PARTS + 1) * sizeof(*table->before));
	table->range = class_memory((table->count + WINDOW) * sizeof(*table->range));
	if (table->base == NULL || table->before == NULL || table->range == NULL) {
		class_narrow_free(table);
		return false;
	}
	fill(table, ranges->range);
	return true;
}

void class_narrow_free(struct class_narrow *table)
{
	free(table->base);
	free(table->before);
	free(table->range);
	*table = (struct class_narrow){0};
}

size_t class_narrow_size(const struct class_narrow *table)
{
	return (GROUPS + 1) * sizeof(*table->base) + (PARTS + 1) * sizeof(*table->before) +
	       (table->count + WINDOW) * sizeof(*table->range);
}

struct bs_class_fetch class_narrow_fetch(const struct class_narrow *table)
{
	return (struct bs_class_fetch){table->before, START_BITS, sizeof(*table->before)};
}

typedef uint16_t words __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));
_Static_assert(WINDOW == sizeof(words) / sizeof(uint16_t), "a window is a vector");

// How many of the first `count` words of a window, at most WINDOW, begin at or before `wanted`.
static inline uint32_t begun_in_window(const uint16_t *from, uint32_t count, uint16_t wanted)
{
	const words place = {0, 1, 2, 3, 4, 5, 6, 7};
	words word;

	memcpy(&word, from, sizeof(word));
	word = (words)(word <= wanted) & (words)(place < (uint16_t)count) & 1;
	halves sum = (halves)word;
	return (uint32_t)((sum[0] + sum[1]) * 0x0001000100010001u >> 48);
}

// How many of the `count` words from there on begin at or before `wanted`.
static inline uint32_t begun(const uint16_t *range, uint32_t count, uint16_t wanted)
{
	const uint16_t *from = range;

	while (__builtin_expect(count > WINDOW, 0)) { // rare: many ranges in one part
		uint32_t half = count / 2;
		from += from[half - 1] <= wanted ? half : 0;
		count -= half;
	}
	return (uint32_t)(from - range) + begun_in_window(from, count, wanted);
}

static inline uint32_t ranges_before(const struct class_narrow *table, uint32_t part)
{
	return table->base[part >> GROUP_BITS] + table->before[part];
}

void class_narrow_lookup(const struct class_narrow *table, const uint32_t *addresses,
	uint8_t *classes, unsigned count)
{
	uint32_t first[BS_CLASS_BURST], many[BS_CLASS_BURST];

	for (unsigned i = 0; i < count; i++) {
		__builtin_prefetch(&table->before[addresses[i] >> START_BITS]);
		__builtin_prefetch(&table->base[addresses[i] >> (START_BITS + GROUP_BITS)]);
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t part = addresses[i] >> START_BITS;
		first[i] = ranges_before(table, part);
		many[i] = ranges_before(table, part + 1) - first[i];
		// The range that reaches in from before, and the window's end.
		__builtin_prefetch(&table->range[first[i] - (first[i] > 0)]);
		__builtin_prefetch(&table->range[first[i] + WINDOW - 1]);
	}
	for (unsigned i = 0; i < count; i++) {
		uint16_t wanted = (uint16_t)(addresses[i] << CODE_BITS | ((1u << CODE_BITS) - 1));
		uint32_t upto = first[i] + begun(&table->range[first[i]], many[i], wanted);
		classes[i] = table->class[table->range[upto - 1] % CLASS_NARROW_CLASSES];
	}
}
