// SPDX-License-Identifier: BSD-3-Clause
//
// The base: what a reload reads from files and builds: class table, rows of classes, names, recipients, domains. Immutable once built; several
// policies share one (control/policy/policy_store.h).
//
// Built in any one thread, freed by control.
#pragma once

#include <stdio.h>

#include "control/configuration/config.h"
#include "control/lists/domains.h"
#include "control/lists/names.h"
#include "control/lists/recipients.h"
#include "control/lists/recipient_map.h"

// What is kept of a list to say what a reload changed: a number for each entry, sorted, no two alike.
struct policy_list {
	char name[BS_CLASS_NAME];
	uint64_t *entry;
	size_t count;
};

#define BASE_RECIPIENT_LISTS 2 // who exists, who is a spamtrap

struct policy_base {
	struct bs_class_table *classes; // NULL after policy_base_free_table()
	struct bs_class class[BS_CLASSES_MAX];
	uint32_t class_count;
	char **domains;
	uint32_t domain_count;
	struct bs_domains *domain_index;
	struct bs_names *names;           // NULL: no lists of names
	struct bs_recipients *recipients; // NULL: only the backend knows
	// control/policy/policy_checks.h
	struct bs_dnsl *dnsl;
	uint32_t dnsl_count;
	struct bs_recipient_policy *recipient_policy;
	uint32_t recipient_policy_count;
	struct bs_recipient_map *recipient_map;
	struct bs_prefix *rate_exceptions;
	uint32_t rate_exception_count;
	struct policy_list *list; // in the configuration's order
	size_t list_count;
	struct policy_list recipient_lists[BASE_RECIPIENT_LISTS];
};

// NULL when a list is at fault or without memory: `errors` has lines of FILE:LINE: what; cure.
struct policy_base *policy_base_new(const struct config *config, FILE *errors);
void policy_base_free(struct policy_base *base);
void policy_base_free_table(struct policy_base *base);

// How many entries the lists have in common.
size_t policy_list_common(const struct policy_list *a, const struct policy_list *b);
