// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv4 half of the class table when a range is a word of 16 bits: half a million ranges and more, of at most
// sixteen classes. It takes half of what the wide one takes, 6.3 MB for a million scattered addresses: more of
// it stays in the caches, above all while the next table is built beside it.
#pragma once

#include "control/class/class_paint.h"

#define CLASS_NARROW_CLASSES 16u

// Parts come in groups: what begins before a group, and before a part of it.
struct class_narrow {
	uint32_t *base;   // ranges that begin before each group; one group more at the end
	uint16_t *before; // of the group's, before each part; one part more at the end
	uint16_t *range;  // start within the part (12 bits), code of the class (4 bits)
	size_t count;     // of ranges
	uint8_t class[CLASS_NARROW_CLASSES]; // by code
};

// Whether these ranges can be had so, and are enough of them that it takes less than the wide way.
bool class_narrow_suits(const struct class_ranges *ranges);

// Of ranges that suit and are IPv4's alone. False without memory.
bool class_narrow_build(struct class_narrow *table, const struct class_ranges *ranges);
void class_narrow_free(struct class_narrow *table);
size_t class_narrow_size(const struct class_narrow *table);
struct bs_class_fetch class_narrow_fetch(const struct class_narrow *table);

// classes[i] becomes the class of addresses[i] (host byte order); `count` up to BS_CLASS_BURST.
void class_narrow_lookup(const struct class_narrow *table, const uint32_t *addresses,
	uint8_t *classes, unsigned count);
