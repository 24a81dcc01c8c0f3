// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv4 half of the class table: DXR, in the form that takes less.
#pragma once

#include "control/class/class.h"
#include "control/class/class_narrow.h"
#include "control/class/class_wide.h"

struct class_ipv4 {
	bool is_narrow;
	union {
		struct class_wide wide;
		struct class_narrow narrow;
	};
};

// False without memory.
bool class_ipv4_build(struct class_ipv4 *table, const struct class_ranges *ranges);
void class_ipv4_free(struct class_ipv4 *table);
size_t class_ipv4_size(const struct class_ipv4 *table);

// What a lookup touches first.
struct bs_class_fetch class_ipv4_fetch(const struct class_ipv4 *table);

// classes[i] becomes the class of addresses[i] (host byte order); `count` up to BS_CLASS_BURST.
static inline void class_ipv4_lookup(
	const struct class_ipv4 *table, const uint32_t *addresses, uint8_t *classes, unsigned count)
{
	if (table->is_narrow)
		class_narrow_lookup(&table->narrow, addresses, classes, count);
	else
		class_wide_lookup(&table->wide, addresses, classes, count);
}
