// SPDX-License-Identifier: BSD-3-Clause
//
// Bogons: source addresses that can't be on the Internet. Built in, because they are defined by RFCs and
// change once in years; unallocated space is not among them, for it becomes allocated.
#pragma once

#include "control/class/class_rules.h"

// Appends rules that paint all bogons but those inside `trusted`. All or nothing: false without
// memory. Control thread.
bool bogon_rules(struct class_rules *rules, uint8_t class, uint8_t priority,
	const struct bs_prefix *trusted, size_t trusted_count);
