// SPDX-License-Identifier: BSD-3-Clause
//
// From rules, which nest and overlap, to sorted disjoint ranges, which a lookup can search. The
// first half of building a class table. Control thread.
#pragma once

#include "control/class/class.h"

// A range reaches to the address before the next one's start, the last one to the end.
struct class_range {
	uint64_t high, low; // first address
	uint8_t class;
};

// Where it begins in IPv4: a first range of all begins at ::, before the mapped addresses, for IPv4 at 0.0.0.0.
static inline uint32_t class_range_ipv4(const struct class_range *range)
{
	return range->high == 0 && range->low >> 32 == 0xffff ? (uint32_t)range->low : 0;
}

struct class_ranges {
	struct class_range *range; // the first starts at address 0; neighbours differ in class
	size_t count;              // at least 1
};

enum class_family { CLASS_IPV4, CLASS_IPV6 };

// Paints the rules of one family; IPv4 keeps its mapped form. Free `range` with free(). False
// without memory.
bool class_paint(const struct bs_class_rule *rules, size_t count, enum class_family family,
	struct class_ranges *ranges);
