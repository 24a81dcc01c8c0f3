// SPDX-License-Identifier: BSD-3-Clause
//
// The overlay as its operator knows it: what was allowed or denied at run time, since when, until when, and why. One entry a
// prefix; the latest word holds. What lcores look up is built from it (control/overlay/overlay.h).
//
// Control thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/overlay/overlay.h"

#define OVERLAY_NOTE 96 // bytes with the final NUL; printable ASCII

struct overlay_item {
	struct bs_prefix prefix;
	uint8_t verdict; // BS_OVERLAY_ALLOW or BS_OVERLAY_DENY
	char note[OVERLAY_NOTE];
	int64_t added;   // seconds since 1970
	int64_t expires; // the same; 0: never
};

struct overlay_entries {           // starts as {0}
	struct overlay_item *item; // sorted by address and length, BS_OVERLAY_ENTRIES at most
	size_t count, room;
};

enum overlay_put { OVERLAY_ADDED, OVERLAY_REPLACED, OVERLAY_FULL, OVERLAY_NO_MEMORY };

// What stands for exactly this prefix, or NULL.
const struct overlay_item *overlay_entries_find(
	const struct overlay_entries *entries, const struct bs_prefix *prefix);
enum overlay_put overlay_entries_put(
	struct overlay_entries *entries, const struct overlay_item *item);
// False when there is none.
bool overlay_entries_remove(struct overlay_entries *entries, const struct bs_prefix *prefix);
// Takes out what has expired; returns how many.
size_t overlay_entries_expire(struct overlay_entries *entries, int64_t now);
// When overlay_entries_expire() will have something to do; INT64_MAX: never.
int64_t overlay_entries_next(const struct overlay_entries *entries);
// For the lcores. False without memory; `*overlay` is NULL when there are no entries.
bool overlay_entries_build(const struct overlay_entries *entries, struct bs_overlay **overlay);
void overlay_entries_free(struct overlay_entries *entries);
