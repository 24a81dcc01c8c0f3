// SPDX-License-Identifier: BSD-3-Clause
//
// The policies of the running program: the one in force, those that are on their way out, and what they are made of. A
// change makes a new policy of shared parts and publishes it as one pointer; what it replaced goes in three steps:
//
//   fading   lcores may be in a turn that began with it (dataplane/seam/qsbr.h): all of it stays
//   held     sessions hold it from MAIL to the end of a mail: the class table and the overlay are freed, if no policy that
//            is in force or fading has them
//   gone     nobody holds it: freed, with its base if no other policy has it
//
// Control thread only, but for policy_base_new(), which may be called in any one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/configuration/config.h"
#include "control/counters.h"
#include "control/overlay/overlay.h"
#include "control/policy/policy_base.h"
#include "dataplane/seam/qsbr.h"

struct policy_store;

// What the lcores show us. Grows while they are made, constant once they run.
struct policy_readers {
	struct bs_qsbr *qsbr;
	struct bs_dataplane_counters *const *dataplane; // who has texts of which set
	const uint32_t *dataplane_count;
};

// Publishes the first policy. `config` is the running one: its reloadable keys are read at each publication. Takes `base`
// over. NULL without memory.
struct policy_store *policy_store_new(const struct policy_readers *readers,
	const struct config *config, struct policy_base *base);
// After the lcores and workers have ended.
void policy_store_free(struct policy_store *store);

// Publish a changed policy: with another base or other entries (taken over; NULL: none), or with what changed in `config`.
// Bounded work, no waiting. False without memory: all is as before, but that what was to be taken over is freed.
bool policy_store_base(struct policy_store *store, struct policy_base *base);
bool policy_store_overlay(struct policy_store *store, struct bs_overlay *overlay);
bool policy_store_numbers(struct policy_store *store);

// The base in force.
const struct policy_base *policy_store_base_now(const struct policy_store *store);

// Frees what nobody can see any more, and puts texts in force that found no free set before. Once a second or more often.
void policy_store_turn(struct policy_store *store);

struct policy_store_state {
	uint64_t published; // policies, since the start
	uint32_t fading, held;
	bool texts_wait; // texts of the configuration are not in force yet: all sets are in use
};
struct policy_store_state policy_store_state(const struct policy_store *store);
