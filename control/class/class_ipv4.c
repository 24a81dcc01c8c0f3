// SPDX-License-Identifier: BSD-3-Clause
#include "control/class/class_ipv4.h"

// Leaves out what lies outside ::ffff:0:0/96: the empty range before it, the plain one after it.
static struct class_ranges only_ipv4(const struct class_ranges *ranges)
{
	struct class_ranges mine = *ranges;
	const struct class_range *last = &mine.range[mine.count - 1];

	if (mine.count > 1 && last->low >> 32 > 0xffff)
		mine.count--;
	if (mine.count > 1 && mine.range[1].low == (uint64_t)0xffff << 32) {
		mine.range++;
		mine.count--;
	}
	return mine;
}

bool class_ipv4_build(struct class_ipv4 *table, const struct class_ranges *ranges)
{
	const struct class_ranges mine = only_ipv4(ranges);

	table->is_narrow = class_narrow_suits(&mine);
	return table->is_narrow ? class_narrow_build(&table->narrow, &mine)
				: class_wide_build(&table->wide, &mine);
}

void class_ipv4_free(struct class_ipv4 *table)
{
	if (table->is_narrow)
		class_narrow_free(&table->narrow);
	else
		class_wide_free(&table->wide);
}

size_t class_ipv4_size(const struct class_ipv4 *table)
{
	return table->is_narrow ? class_narrow_size(&table->narrow) : class_wide_size(&table->wide);
}

struct bs_class_fetch class_ipv4_fetch(const struct class_ipv4 *table)
{
	return table->is_narrow ? class_narrow_fetch(&table->narrow)
				: class_wide_fetch(&table->wide);
}
