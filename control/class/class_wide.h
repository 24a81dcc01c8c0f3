// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv4 half of the class table when a range is a word of 32 bits: any number of ranges, however they
// crowd, and any number of classes. A direct index on the leading bits gives the few ranges that begin in that
// part of the address space.
#pragma once

#include "control/class/class_paint.h"

struct class_wide {
	uint32_t *index; // ranges that begin before each part; one part more at the end
	uint32_t *range; // start within the part in the upper 24 bits, class in the lower 8
	size_t count;    // of ranges
	unsigned shift;  // an address >> shift is its part
};

// Of ranges that are IPv4's alone. False without memory.
bool class_wide_build(struct class_wide *table, const struct class_ranges *ranges);
void class_wide_free(struct class_wide *table);
size_t class_wide_size(const struct class_wide *table);
struct bs_class_fetch class_wide_fetch(const struct class_wide *table);

// classes[i] becomes the class of addresses[i] (host byte order); `count` up to BS_CLASS_BURST.
void class_wide_lookup(const struct class_wide *table, const uint32_t *addresses, uint8_t *classes,
	unsigned count);
