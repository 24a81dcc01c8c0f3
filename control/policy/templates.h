// SPDX-License-Identifier: BSD-3-Clause
//
// The texts that the dataplane sends by itself. Control thread.
#pragma once

#include <stdbool.h>

#include "control/policy/policy.h"

struct template_words {
	const char *hostname;
	const char *contact;    // "": none
	const char *teaser;     // "": none
	const char *early_talk; // what is said to who spoke before the greeting
};

// Composes the texts. False when one is too long for a template, which config_read()'s limits on these rule out.
bool templates_compose(const struct template_words *words, struct bs_template_set *set);
// Those of a configuration.
struct config;
struct template_words template_words_of(const struct config *config);

// All sets, the current one first of all; zero before the first templates_choose(). A record of the dataplane remembers a
// set by its number, for as long as it may have to send something again: five minutes where a client was greeted and says
// nothing. So a set that was in force is written to again only when no connection has it (text_holders in
// control/counters.h, asked after the grace period of the last policy that named it), and texts that were in force before
// and come back take their old set. When none is free the texts in force stay, and the caller tries again later: with 16
// sets that needs 15 changes of hostname or contact within those five minutes.
struct template_sets {
	struct bs_template_set set[BS_TEMPLATE_SETS];
};

// The number of the set that has these texts, made if `may_write` (asked about a number) allows one to be written; -1 when
// all are in use.
int templates_choose(struct template_sets *sets, const struct bs_template_set *wanted,
	bool (*may_write)(const void *self, unsigned number), const void *self);
