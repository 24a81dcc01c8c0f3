// SPDX-License-Identifier: BSD-3-Clause
//
// How a key is explained in --print-config and in the sample configuration.
#pragma once

#include <stdio.h>

#include "control/configuration/config.h"
#include "control/configuration/config_keys.h"

// The comment above a key: its sentence, its default, its range.
void config_print_comment(const struct config_key *key, FILE *out);
