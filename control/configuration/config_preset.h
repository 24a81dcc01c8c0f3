// SPDX-License-Identifier: BSD-3-Clause
//
// Presets of checks { }: other defaults than the rows' of smtp/checks/rows.h. What the configuration sets beats them.
#pragma once

#include "control/configuration/config.h"
#include "control/configuration/config_keys.h"

// What the preset has for a key of checks { }, as it would be written; NULL when it has the key's own default.
const char *config_preset_value(enum config_preset preset, const struct config_key *key);
