// SPDX-License-Identifier: BSD-3-Clause
//
// The base: what a reload reads from files and builds: class table, rows of classes, domains. Immutable once built; several
// policies share one (control/policy_store.h).
//
// Built in any one thread, freed by control.
#pragma once

#include <stdio.h>

#include "control/config.h"

// What is kept of a list to say what a reload changed: a number for each entry, sorted, no two alike.
struct policy_list {
	char name[BS_CLASS_NAME];
	uint64_t *entry;
	size_t count;
};

struct policy_base {
	struct bs_class_table *classes; // NULL after policy_base_free_table()
	struct bs_class class[BS_CLASSES_MAX];
	uint32_t class_count;
	char **domains;
	uint32_t domain_count;
	struct policy_list *list; // in the configuration's order
	size_t list_count;
};

// NULL when a list is at fault or without memory: `errors` has lines of FILE:LINE: what; cure.
struct policy_base *policy_base_new(const struct config *config, FILE *errors);
void policy_base_free(struct policy_base *base);
void policy_base_free_table(struct policy_base *base);

// How many entries the lists have in common.
size_t policy_list_common(const struct policy_list *a, const struct policy_list *b);
