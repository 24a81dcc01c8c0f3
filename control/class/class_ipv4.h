// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv4 half of the class table: DXR. A direct index on the leading bits gives the few ranges
// that begin in that part of the address space; a range is one 32-bit word. A million scattered
// addresses take 12 MB, and a lookup two lines of them.
#pragma once

#include "control/class/class.h"
#include "control/class/class_paint.h"

struct class_ipv4 {
	uint32_t *index; // ranges that begin before each part; one part more at the end
	uint32_t *range; // start within the part in the upper 24 bits, class in the lower 8
	size_t count;    // of ranges
	unsigned shift;  // an address >> shift is its part
};

// False without memory.
bool class_ipv4_build(struct class_ipv4 *table, const struct class_ranges *ranges);
void class_ipv4_free(struct class_ipv4 *table);
size_t class_ipv4_size(const struct class_ipv4 *table);

// classes[i] becomes the class of addresses[i] (host byte order); `count` up to BS_CLASS_BURST.
void class_ipv4_lookup(const struct class_ipv4 *table, const uint32_t *addresses, uint8_t *classes,
	unsigned count);
