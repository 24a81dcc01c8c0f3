// SPDX-License-Identifier: BSD-3-Clause
//
// What a newly read configuration changes of the running one, and its taking over: keys that a reload may change are
// exchanged, all others stay as they are until a restart.
//
// Control thread.
#pragma once

#include <jansson.h>

#include "control/configuration/config.h"
#include "control/configuration/config_keys.h"
#include "control/policy/policy_base.h"

// {"changed": [...], "restart": [...], "lists": [...]}: keys with "key", "old" and "new" as they would stand in a file; of
// lists "list", "change" (added, removed, kept), "entries", "entries-added", "entries-removed". NULL without memory.
json_t *config_changes(const struct config *running, const struct policy_base *running_base,
	const struct config *fresh, const struct policy_base *fresh_base);

// Exchanges the reloadable values of the two; `fresh` then holds the old ones, to be freed.
void config_adopt(struct config *running, struct config *fresh);

// A key's value as it would stand in a file; free() it. NULL without memory.
char *config_value_text(const struct config_key *key, const void *base);
