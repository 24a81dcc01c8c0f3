// SPDX-License-Identifier: BSD-3-Clause
//
// The class table as the rest of the program sees it: two halves, and bursts sorted between them.

#include "control/class/class.h"

#include <stdlib.h>

#include "control/class/class_ipv4.h"
#include "control/class/class_ipv6.h"
#include "control/class/class_paint.h"

struct bs_class_table {
	struct class_ipv4 ipv4;
	struct class_ipv6 ipv6;
};

static bool build_ipv4(struct class_ipv4 *table, const struct bs_class_rule *rules, size_t count)
{
	struct class_ranges ranges;
	bool built;

	if (!class_paint(rules, count, CLASS_IPV4, &ranges))
		return false;
	built = class_ipv4_build(table, &ranges);
	free(ranges.range);
	return built;
}

static bool build_ipv6(struct class_ipv6 *table, const struct bs_class_rule *rules, size_t count)
{
	struct class_ranges ranges;
	bool built;

	if (!class_paint(rules, count, CLASS_IPV6, &ranges))
		return false;
	built = class_ipv6_build(table, &ranges);
	free(ranges.range);
	return built;
}

struct bs_class_table *bs_class_table_new(struct bs_class_rule *rules, size_t count)
{
	struct bs_class_table *table = calloc(1, sizeof(*table));

	if (table == NULL)
		return NULL;
	if (!build_ipv4(&table->ipv4, rules, count) || !build_ipv6(&table->ipv6, rules, count)) {
		bs_class_table_free(table);
		return NULL;
	}
	return table;
}

void bs_class_table_free(struct bs_class_table *table)
{
	if (table == NULL)
		return;
	class_ipv4_free(&table->ipv4);
	class_ipv6_free(&table->ipv6);
	free(table);
}

size_t bs_class_table_size(const struct bs_class_table *table)
{
	return sizeof(*table) + class_ipv4_size(&table->ipv4) + class_ipv6_size(&table->ipv6);
}

struct bs_class_fetch bs_class_fetch(const struct bs_class_table *table)
{
	return class_ipv4_fetch(&table->ipv4);
}

void bs_classify_burst(
	const struct bs_class_table *table, const struct bs_class_burst *burst, uint8_t *classes)
{
	uint8_t found[BS_CLASS_BURST];

	if (burst->count4 > 0) {
		class_ipv4_lookup(&table->ipv4, burst->ipv4, found, burst->count4);
		for (unsigned i = 0; i < burst->count4; i++)
			classes[burst->place4[i]] = found[i];
	}
	if (burst->count6 > 0) {
		class_ipv6_lookup(&table->ipv6, burst->high, burst->low, found, burst->count6);
		for (unsigned i = 0; i < burst->count6; i++)
			classes[burst->place6[i]] = found[i];
	}
}

void bs_classify_bulk(const struct bs_class_table *table, const struct bs_address *addresses,
	uint8_t *classes, size_t count)
{
	while (count > 0) {
		unsigned some = count < BS_CLASS_BURST ? (unsigned)count : BS_CLASS_BURST;
		struct bs_class_burst burst;
		burst.count4 = burst.count6 = 0;
		for (unsigned i = 0; i < some; i++)
			bs_class_burst_add(&burst, &addresses[i], (uint8_t)i);
		bs_classify_burst(table, &burst, classes);
		addresses += some;
		classes += some;
		count -= some;
	}
}
