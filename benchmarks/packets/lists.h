// SPDX-License-Identifier: BSD-3-Clause
//
// A large list as the dataplane has it: prefixes, and the class table made of them, with the bogons.
#pragma once

#include "benchmarks/packets/prefixes.h"
#include "control/class/class.h"

#define LISTS_SEED 5

struct lists {
	struct prefixes ipv4, ipv6;
	struct bs_class_table *table; // the caller's
};

// So many prefixes of each family. They go in turns to 8 classes from BS_CLASS_LISTS on, so that neighbours don't melt into
// one range. Exits without memory.
void lists_make(struct lists *lists, size_t ipv4, size_t ipv6);
// But for the table.
void lists_free(struct lists *lists);
