// SPDX-License-Identifier: BSD-3-Clause
//
// Prefixes nest or are apart, they never overlap half. Sorted by start and outer before inner, a
// sweep over them needs one stack of those that are open, never deeper than the 129 prefix
// lengths: n log n for the sort, then linear.

#include "control/class/class_paint.h"

#include <stdlib.h>

#include "control/lists/prefix_number.h"

#define LENGTHS 129

struct stroke { // a rule as the sweep wants it
	uint64_t high, low;
	uint32_t order; // among the caller's rules
	uint8_t length, class, priority;
};

struct open_prefix {
	prefix_number last;   // address
	struct stroke winner; // of this prefix and all that contain it
};

struct sweep {
	struct class_ranges *ranges;
	struct open_prefix stack[LENGTHS];
	unsigned depth;
};

static prefix_number start_of(const struct stroke *stroke)
{
	return (prefix_number)stroke->high << 64 | stroke->low;
}

static int by_start(const void *left, const void *right)
{
	const struct stroke *a = left, *b = right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static size_t collect(const struct bs_class_rule *rules, size_t count, enum class_family family,
	struct stroke *strokes)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		const struct bs_prefix *prefix = &rules[i].prefix;
		prefix_number start = prefix_first(prefix);

		if (bs_prefix_is_ipv4(prefix) != (family == CLASS_IPV4))
			continue;
		strokes[used++] = (struct stroke){.high = (uint64_t)(start >> 64),
			.low = (uint64_t)start,
			.order = (uint32_t)i,
			.length = prefix->length,
			.class = rules[i].class,
			.priority = rules[i].priority};
	}
	return used;
}

// From `start` on the class is `class`. Starts come in ascending order; a later word about the
// same start replaces the earlier one.
static void emit(struct class_ranges *ranges, prefix_number start, uint8_t class)
{
	uint64_t high = (uint64_t)(start >> 64), low = (uint64_t)start;
	struct class_range *last = &ranges->range[ranges->count - 1];

	if (last->high == high && last->low == low) {
		last->class = class;
		if (ranges->count > 1 && last[-1].class == class)
			ranges->count--;
		return;
	}
	if (last->class != class)
		ranges->range[ranges->count++] = (struct class_range){
			.high = high, .low = low, .class = class};
}

static uint8_t class_now(const struct sweep *sweep)
{
	return sweep->depth == 0 ? BS_CLASS_PLAIN : sweep->stack[sweep->depth - 1].winner.class;
}

static void close_one(struct sweep *sweep)
{
	prefix_number last = sweep->stack[--sweep->depth].last;

	if (last != ~(prefix_number)0)
		emit(sweep->ranges, last + 1, class_now(sweep));
}

static void open_one(struct sweep *sweep, const struct stroke *stroke)
{
	struct open_prefix *top = &sweep->stack[sweep->depth];
	prefix_number start = start_of(stroke);

	top->last = start | prefix_number_host(stroke->length);
	top->winner = *stroke;
	if (sweep->depth > 0 && top[-1].winner.priority > stroke->priority)
		top->winner = top[-1].winner;
	sweep->depth++;
	emit(sweep->ranges, start, class_now(sweep));
}

static void paint_sorted(const struct stroke *strokes, size_t count, struct class_ranges *ranges)
{
	struct sweep sweep = {.ranges = ranges};

	for (size_t i = 0; i < count; i++) {
		const struct stroke *stroke = &strokes[i];
		prefix_number start = start_of(stroke);

		// the sort put the winner of equal prefixes first
		if (i > 0 && stroke->length == stroke[-1].length &&
			stroke->high == stroke[-1].high && stroke->low == stroke[-1].low)
			continue;
		while (sweep.depth > 0 && sweep.stack[sweep.depth - 1].last < start)
			close_one(&sweep);
		open_one(&sweep, stroke);
	}
	while (sweep.depth > 0)
		close_one(&sweep);
}

bool class_paint(const struct bs_class_rule *rules, size_t count, enum class_family family,
	struct class_ranges *ranges)
{
	struct stroke *strokes;
	size_t used;

	if (count > UINT32_MAX)
		return false;
	strokes = malloc((count + 1) * sizeof(*strokes));
	if (strokes == NULL)
		return false;
	used = collect(rules, count, family, strokes);
	// each prefix starts one range and ends one
	ranges->range = malloc((2 * used + 1) * sizeof(*ranges->range));
	if (ranges->range == NULL) {
		free(strokes);
		return false;
	}
	ranges->range[0] = (struct class_range){.class = BS_CLASS_PLAIN};
	ranges->count = 1;
	qsort(strokes, used, sizeof(*strokes), by_start);
	paint_sorted(strokes, used, ranges);
	free(strokes);
	return true;
}
