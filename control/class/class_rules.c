// SPDX-License-Identifier: BSD-3-Clause
//
// Subtraction halves a prefix until no hole is in it, or it is in one. With the holes sorted and
// apart each half has its own stretch of them, so that the work grows with the holes and the bits and
// not with their square.

#include "control/class/class_rules.h"

#include <stdlib.h>

#include "control/lists/prefix_number.h"

#define ROOM_AT_FIRST 64u

struct cut {
	struct class_rules *rules;
	uint8_t class, priority;
};

static bool add(struct class_rules *rules, const struct bs_class_rule *rule)
{
	if (rules->count == rules->room) {
		size_t room = rules->room == 0 ? ROOM_AT_FIRST : rules->room * 2;
		struct bs_class_rule *grown = reallocarray(rules->rule, room, sizeof(*rules->rule));
		if (grown == NULL)
			return false;
		rules->rule = grown;
		rules->room = room;
	}
	rules->rule[rules->count++] = *rule;
	return true;
}

bool class_rules_add(struct class_rules *rules, const struct bs_prefix *prefixes, size_t count,
	uint8_t class, uint8_t priority)
{
	size_t before = rules->count;

	for (size_t i = 0; i < count; i++) {
		struct bs_class_rule rule = {prefixes[i], class, priority};
		if (!add(rules, &rule)) {
			rules->count = before;
			return false;
		}
	}
	return true;
}

static int by_start(const void *left, const void *right)
{
	const struct bs_prefix *a = left, *b = right;
	int order = memcmp(a->address.octet, b->address.octet, sizeof(a->address.octet));

	return order != 0 ? order : (int)a->length - (int)b->length;
}

static bool holds(const struct bs_prefix *outer, const struct bs_prefix *inner)
{
	return prefix_first(outer) <= prefix_first(inner) &&
	       prefix_last(outer) >= prefix_last(inner);
}

// Copies the holes of one family, sorted and apart, to `mine` (room for one more than given).
// Returns how many.
static size_t prepare_holes(
	const struct bs_prefix *holes, size_t count, bool ipv4, struct bs_prefix *mine)
{
	size_t used = 0, apart = 0;

	for (size_t i = 0; i < count; i++)
		if (bs_prefix_is_ipv4(&holes[i]) == ipv4)
			mine[used++] = holes[i];
	if (!ipv4) // where IPv4 lives: a piece of this size would be taken for 0.0.0.0/0
		mine[used++] = (struct bs_prefix){{{[10] = 0xff, [11] = 0xff}}, 96};
	qsort(mine, used, sizeof(*mine), by_start);
	for (size_t i = 0; i < used; i++)
		if (apart == 0 || !holds(&mine[apart - 1], &mine[i]))
			mine[apart++] = mine[i];
	return apart;
}

// Recursion no deeper than the bits of an address.
static bool add_rest(const struct cut *cut, const struct bs_prefix *prefix,
	const struct bs_prefix *hole, size_t count)
{
	struct bs_prefix half[2];

	while (count > 0 && prefix_last(hole) < prefix_first(prefix)) {
		hole++;
		count--;
	}
	while (count > 0 && prefix_first(&hole[count - 1]) > prefix_last(prefix))
		count--;
	if (count == 0)
		return add(cut->rules, &(struct bs_class_rule){*prefix, cut->class, cut->priority});
	if (holds(hole, prefix))
		return true;
	half[0] = half[1] = *prefix;
	half[0].length = half[1].length = prefix->length + 1;
	half[1].address.octet[prefix->length / 8] |= (uint8_t)(0x80 >> prefix->length % 8);
	return add_rest(cut, &half[0], hole, count) && add_rest(cut, &half[1], hole, count);
}

bool class_rules_add_without(struct class_rules *rules, const struct bs_prefix *prefixes,
	size_t count, uint8_t class, uint8_t priority, const struct bs_prefix *holes,
	size_t hole_count)
{
	const struct cut cut = {rules, class, priority};
	struct bs_prefix *mine = calloc(hole_count + 1, sizeof(*mine));
	size_t before = rules->count;
	bool added = mine != NULL;

	for (unsigned ipv4 = 0; ipv4 < 2 && added; ipv4++) {
		size_t apart = prepare_holes(holes, hole_count, ipv4, mine);
		for (size_t i = 0; i < count && added; i++)
			if (bs_prefix_is_ipv4(&prefixes[i]) == ipv4)
				added = add_rest(&cut, &prefixes[i], mine, apart);
	}
	if (!added)
		rules->count = before;
	free(mine);
	return added;
}

void class_rules_free(struct class_rules *rules)
{
	free(rules->rule);
	*rules = (struct class_rules){0};
}
