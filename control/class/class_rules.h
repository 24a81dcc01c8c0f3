// SPDX-License-Identifier: BSD-3-Clause
//
// The rules of a class table while they are gathered: a growing array, and subtraction, for what must not be
// painted at all. Trusted networks are taken out of the bogons and of our own networks in this way, and
// not painted over: a deny list inside them still holds.
//
// Control thread.
#pragma once

#include "control/class/class.h"

struct class_rules { // starts as {0}
	struct bs_class_rule *rule;
	size_t count, room;
};

// Appends a rule for each prefix. All or nothing: false without memory.
bool class_rules_add(struct class_rules *rules, const struct bs_prefix *prefixes, size_t count,
	uint8_t class, uint8_t priority);

// The same, without the addresses of `holes`: a prefix with a hole is split into those that make up the rest, at
// most 128 a hole. Families stay apart: IPv4 is never cut out of ::/0, nor left over from it.
bool class_rules_add_without(struct class_rules *rules, const struct bs_prefix *prefixes,
	size_t count, uint8_t class, uint8_t priority, const struct bs_prefix *holes,
	size_t hole_count);

// Leaves it as {0}.
void class_rules_free(struct class_rules *rules);
