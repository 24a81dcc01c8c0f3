// SPDX-License-Identifier: BSD-3-Clause
//
// policy "NAME" { } while it is read: which keys it sets, and whether they fit together.
//
// Control thread.
#pragma once

#include "control/configuration/config_keys.h"
#include "control/configuration/config_reading.h"

// The policy sets `key`, one of policy { }.
void config_policy_note(struct config_policy *policy, const struct config_key *key);
// Whether it does.
bool config_policy_has(const struct config_policy *policy, const struct config_key *key);

// All of them, after dnsl { }: whose they are, nobody in two, lists that exist.
void config_check_policies(struct config_reading *reading);
