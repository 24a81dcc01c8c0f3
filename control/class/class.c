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

// A burst taken apart by family, without a branch: each address is written to both lists, and
// only the right one grows.
struct split_burst {
	uint32_t ipv4[CLASS_BURST];
	uint64_t high[CLASS_BURST], low[CLASS_BURST];
	uint8_t from4[CLASS_BURST], from6[CLASS_BURST]; // place in the burst
	unsigned count4, count6;
};

static void take_apart(
	struct split_burst *burst, const struct bs_address *addresses, unsigned count)
{
	burst->count4 = burst->count6 = 0;
	for (unsigned i = 0; i < count; i++) {
		uint64_t high, low;
		memcpy(&high, addresses[i].octet, sizeof(high));
		memcpy(&low, addresses[i].octet + 8, sizeof(low));
		low = __builtin_bswap64(low);
		unsigned four = (high == 0) & (low >> 32 == 0xffff);
		burst->ipv4[burst->count4] = (uint32_t)low;
		burst->from4[burst->count4] = (uint8_t)i;
		burst->high[burst->count6] = __builtin_bswap64(high);
		burst->low[burst->count6] = low;
		burst->from6[burst->count6] = (uint8_t)i;
		burst->count4 += four;
		burst->count6 += !four;
	}
}

static void classify_burst(const struct bs_class_table *table, const struct bs_address *addresses,
	uint8_t *classes, unsigned count)
{
	struct split_burst burst;
	uint8_t found[CLASS_BURST];

	take_apart(&burst, addresses, count);
	if (burst.count4 > 0) {
		class_ipv4_lookup(&table->ipv4, burst.ipv4, found, burst.count4);
		for (unsigned i = 0; i < burst.count4; i++)
			classes[burst.from4[i]] = found[i];
	}
	if (burst.count6 > 0) {
		class_ipv6_lookup(&table->ipv6, burst.high, burst.low, found, burst.count6);
		for (unsigned i = 0; i < burst.count6; i++)
			classes[burst.from6[i]] = found[i];
	}
}

void bs_classify_bulk(const struct bs_class_table *table, const struct bs_address *addresses,
	uint8_t *classes, size_t count)
{
	while (count > 0) {
		unsigned burst = count < CLASS_BURST ? (unsigned)count : CLASS_BURST;
		classify_burst(table, addresses, classes, burst);
		addresses += burst;
		classes += burst;
		count -= burst;
	}
}
