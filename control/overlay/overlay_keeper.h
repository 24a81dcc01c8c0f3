// SPDX-License-Identifier: BSD-3-Clause
//
// The runtime entries of the running program: each change is published at once (control/policy/policy_store.h) and handed to
// the disk soon after (control/overlay/overlay_saver.h); what has expired goes by itself.
//
// Control thread.
#pragma once

#include "control/overlay/overlay_entries.h"
#include "control/overlay/overlay_file.h"
#include "control/policy/policy_store.h"

struct overlay_keeper;

// Reads what was saved and publishes it. `trouble` is a sentence for the log when that did not go well, else "". NULL
// without memory.
struct overlay_keeper *overlay_keeper_new(
	struct policy_store *store, const char *folder, char trouble[OVERLAY_ERROR]);
// Saves what is not saved yet.
void overlay_keeper_free(struct overlay_keeper *keeper);

const struct overlay_entries *overlay_keeper_entries(const struct overlay_keeper *keeper);

// In force at once, or nothing has changed.
enum overlay_put overlay_keeper_put(struct overlay_keeper *keeper, const struct overlay_item *item);
enum overlay_taken { OVERLAY_TAKEN, OVERLAY_NONE_THERE, OVERLAY_NOT_TAKEN /* no memory */ };
enum overlay_taken overlay_keeper_remove(
	struct overlay_keeper *keeper, const struct bs_prefix *prefix);

// Expires and saves. `now`: seconds since 1970. True when `news` has a sentence for the log: saving failed or works again.
bool overlay_keeper_turn(struct overlay_keeper *keeper, int64_t now, char news[OVERLAY_ERROR]);
