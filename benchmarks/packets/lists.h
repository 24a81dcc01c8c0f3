// SPDX-License-Identifier: BSD-3-Clause
//
// A large list as the dataplane has it: prefixes, and the class table made of them, with the bogons.
#pragma once

#include "benchmarks/packets/prefixes.h"
#include "control/class/class.h"

#define LISTS_SEED 5

// The prefixes go in turns to 8 classes from BS_CLASS_LISTS on, so that neighbours don't melt into one range. Exits without memory.
struct bs_class_table *lists_new(struct prefixes *prefixes, size_t count, bool ipv6);
