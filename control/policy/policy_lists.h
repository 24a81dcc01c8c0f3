// SPDX-License-Identifier: BSD-3-Clause
//
// The lists of the configuration while a base is built (control/policy/policy_base.h): their files become rules of the class table or names,
// and numbers by which a reload sees what changed.
//
// Which class an address gets, when several lists have it (false negatives before false positives, so what allows comes first):
//   allow lists, the first of the file before the next
//   trusted relays, likewise
//   own networks, without trusted ones
//   bogons, without trusted ones
//   refuse, drop and stutter lists, the first of the file before the next
//   observe lists, likewise: what is only tried out weakens none of the above
//   plain
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "control/class/class_rules.h"
#include "control/configuration/config.h"
#include "control/policy/policy_base.h"

// Adds the rules of own networks, bogons and all lists, a class a list, base->names and base->list. False when a file is at fault or
// without memory: `errors` has lines of FILE:LINE: what; cure, of all files.
bool policy_lists_add(struct policy_base *base, const struct config *config,
	struct class_rules *rules, FILE *errors);

// Who exists and who is a spamtrap: base->recipients, NULL when the configuration says nothing of it, and base->recipient_lists.
bool policy_recipients_add(struct policy_base *base, const struct config *config, FILE *errors);

// Numbers of entries while they are gathered.
struct list_numbers { // starts as {0}
	uint64_t *number;
	size_t count, room;
};

bool list_numbers_add(struct list_numbers *numbers, uint64_t number); // false without memory
uint64_t list_number_of_text(const char *text);
// Sorts them, leaves each once, and gives them to `list`. Leaves `numbers` as {0}.
void list_numbers_give(struct list_numbers *numbers, struct policy_list *list, const char *name);
