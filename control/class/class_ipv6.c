// SPDX-License-Identifier: BSD-3-Clause
//
// The search tree has no pointers: node n's children are the nodes 9n to 9n+8 of the level below, so
// that a level is an array and a step is arithmetic, and a burst of lookups goes down level by
// level, each waiting for its line together with the others.

#include "control/class/class_ipv6.h"
#include "control/class/class_memory.h"

#include <stdlib.h>

#define KEYS   8u // a cache line
#define FANOUT (KEYS + 1)

struct class_split_map {
	uint64_t split;  // a bit a key
	uint32_t before; // split keys in the rows before
};

// ---- building

// What the ranges come to.
struct shape {
	size_t keys, splits, split_ranges;
};

static void add_key(struct class_ipv6 *table, struct shape *at, uint64_t high, uint8_t class)
{
	if (table != NULL) {
		table->key[0][at->keys] = high;
		table->class[at->keys] = class;
	}
	at->keys++;
}

// The ranges from `range` to before `end` begin in one /64, some of them inside it.
static void add_split(struct class_ipv6 *table, struct shape *at, const struct class_range *range,
	const struct class_range *end)
{
	if (table != NULL) {
		table->map[at->keys / 64].split |= (uint64_t)1 << at->keys % 64;
		table->split_first[at->splits] = (uint32_t)at->split_ranges;
	}
	at->splits++;
	// ranges differ from their neighbours, and there is one before: the first starts at ::
	add_key(table, at, range->high, range->low == 0 ? range->class : range[-1].class);
	for (range += range->low == 0; range < end; range++, at->split_ranges++) {
		if (table == NULL)
			continue;
		table->split_low[at->split_ranges] = range->low;
		table->split_class[at->split_ranges] = range->class;
	}
}

// With a table, fills it; without, counts.
static struct shape walk(struct class_ipv6 *table, const struct class_ranges *ranges)
{
	const struct class_range *range = ranges->range, *end = range + ranges->count;
	struct shape at = {0};

	while (range < end) {
		const struct class_range *next = range + 1;
		while (next < end && next->high == range->high)
			next++;
		if (next - range == 1 && range->low == 0) {
			add_key(table, &at, range->high, range->class);
		} else {
			uint64_t after = range->high + 1; // whole again; 0: there is none
			add_split(table, &at, range, next);
			if (after != 0 && (next == end || next->high != after))
				add_key(table, &at, after, next[-1].class);
		}
		range = next;
	}
	return at;
}

static void finish_map(struct class_ipv6 *table, const struct shape *shape)
{
	uint32_t before = 0;

	for (size_t row = 0; row <= shape->keys / 64; row++) {
		table->map[row].before = before;
		before += (uint32_t)__builtin_popcountll(table->map[row].split);
	}
	table->split_first[shape->splits] = (uint32_t)shape->split_ranges;
}

static bool allocate(struct class_ipv6 *table, const struct shape *shape)
{
	size_t nodes = (shape->keys + KEYS - 1) / KEYS;

	table->class = class_memory(shape->keys + 1);
	if (table->class == NULL)
		return false;
	for (table->levels = 0; table->levels < CLASS_LEVELS; nodes = (nodes + KEYS) / FANOUT) {
		uint64_t *key = class_memory(nodes * KEYS * sizeof(*key));
		if (key == NULL)
			return false;
		table->nodes[table->levels] = nodes;
		table->key[table->levels++] = key;
		if (nodes == 1)
			break;
	}
	if (shape->splits == 0)
		return true;
	table->map = calloc(shape->keys / 64 + 1, sizeof(*table->map));
	table->split_first = class_memory((shape->splits + 1) * sizeof(*table->split_first));
	table->split_low = class_memory(shape->split_ranges * sizeof(*table->split_low));
	table->split_class = class_memory(shape->split_ranges);
	return table->map != NULL && table->split_first != NULL && table->split_low != NULL &&
	       table->split_class != NULL;
}

static void raise_levels(struct class_ipv6 *table)
{
	size_t reach = 1; // nodes of level 0 under one node of the level below

	for (size_t i = table->count; i < table->nodes[0] * KEYS; i++)
		table->key[0][i] = UINT64_MAX;
	for (unsigned level = 1; level < table->levels; level++, reach *= FANOUT)
		for (size_t i = 0; i < table->nodes[level] * KEYS; i++) {
			size_t leaf = (i / KEYS * FANOUT + i % KEYS + 1) * reach;
			table->key[level][i] = leaf < table->nodes[0] ? table->key[0][leaf * KEYS]
								      : UINT64_MAX;
		}
}

bool class_ipv6_build(struct class_ipv6 *table, const struct class_ranges *ranges)
{
	struct shape shape = walk(NULL, ranges);

	*table = (struct class_ipv6){0};
	if (shape.keys > UINT32_MAX / 2 || shape.split_ranges > UINT32_MAX / 2 ||
		!allocate(table, &shape)) {
		class_ipv6_free(table);
		return false;
	}
	table->count = shape.keys;
	table->split_count = shape.splits;
	table->split_ranges = shape.split_ranges;
	walk(table, ranges);
	if (shape.splits > 0)
		finish_map(table, &shape);
	raise_levels(table);
	return true;
}

void class_ipv6_free(struct class_ipv6 *table)
{
	for (unsigned level = 0; level < CLASS_LEVELS; level++)
		free(table->key[level]);
	free(table->class);
	free(table->map);
	free(table->split_first);
	free(table->split_low);
	free(table->split_class);
	*table = (struct class_ipv6){0};
}

size_t class_ipv6_size(const struct class_ipv6 *table)
{
	size_t size = table->count + 1;

	for (unsigned level = 0; level < table->levels; level++)
		size += table->nodes[level] * KEYS * sizeof(uint64_t);
	if (table->split_count > 0)
		size += (table->count / 64 + 1) * sizeof(*table->map) +
			(table->split_count + 1) * sizeof(*table->split_first) +
			table->split_ranges * (sizeof(uint64_t) + 1);
	return size;
}

// ---- looking up

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

// How many keys of a node are at or before `wanted`: no branch.
static uint32_t begun(const uint64_t *key, uint64_t wanted)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < KEYS; i++)
		sum += key[i] <= wanted;
	return sum;
}

// place[i] becomes the number of the last key at or before high[i]. The filling UINT64_MAX can be
// at or before only the same value, which then belongs to the last place: hence smaller().
static void find_places(
	const struct class_ipv6 *table, const uint64_t *high, uint32_t *place, unsigned count)
{
	memset(place, 0, count * sizeof(*place));
	for (unsigned level = table->levels - 1; level > 0; level--) {
		uint32_t last = (uint32_t)table->nodes[level - 1] - 1;
		for (unsigned i = 0; i < count; i++) {
			uint32_t child = place[i] * FANOUT +
					 begun(&table->key[level][(size_t)place[i] * KEYS],
						 high[i]);
			place[i] = smaller(child, last);
			__builtin_prefetch(&table->key[level - 1][(size_t)place[i] * KEYS]);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t next = place[i] * KEYS +
				begun(&table->key[0][(size_t)place[i] * KEYS], high[i]);
		place[i] = smaller(next, (uint32_t)table->count) - 1;
		__builtin_prefetch(&table->class[place[i]]);
	}
}

// The class inside split /64 number `split`; `whole` is that of its beginning.
static uint8_t inside(const struct class_ipv6 *table, uint32_t split, uint64_t low, uint8_t whole)
{
	uint32_t first = table->split_first[split], end = table->split_first[split + 1];
	uint32_t from = first;

	while (from < end) {
		uint32_t middle = from + (end - from) / 2;
		if (table->split_low[middle] <= low)
			from = middle + 1;
		else
			end = middle;
	}
	return from == first ? whole : table->split_class[from - 1];
}

static void look_inside(const struct class_ipv6 *table, const uint32_t *place, const uint64_t *low,
	uint8_t *classes, unsigned count)
{
	uint32_t which[BS_CLASS_BURST], split[BS_CLASS_BURST], many = 0;

	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&table->map[place[i] / 64]);
	for (unsigned i = 0; i < count; i++) {
		const struct class_split_map *row = &table->map[place[i] / 64];
		uint64_t bit = (uint64_t)1 << place[i] % 64;
		which[many] = i;
		split[many] = row->before + (uint32_t)__builtin_popcountll(row->split & (bit - 1));
		many += (row->split & bit) != 0;
	}
	for (unsigned i = 0; i < many; i++)
		__builtin_prefetch(&table->split_first[split[i]]);
	for (unsigned i = 0; i < many; i++) {
		// cppcheck-suppress uninitvar; split[] was filled up to `many` above
		uint32_t first = table->split_first[split[i]];
		__builtin_prefetch(&table->split_low[first]);
		__builtin_prefetch(&table->split_class[first]);
	}
	for (unsigned i = 0; i < many; i++)
		classes[which[i]] = inside(table, split[i], low[which[i]], classes[which[i]]);
}

void class_ipv6_lookup(const struct class_ipv6 *table, const uint64_t *high, const uint64_t *low,
	uint8_t *classes, unsigned count)
{
	uint32_t place[BS_CLASS_BURST];

	find_places(table, high, place, count);
	for (unsigned i = 0; i < count; i++)
		classes[i] = table->class[place[i]];
	if (table->split_count > 0)
		look_inside(table, place, low, classes, count);
}
