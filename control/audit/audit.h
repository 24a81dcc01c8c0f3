// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: what the configuration needs of the machine and does not find there.
#pragma once

#include <stdio.h>

#include "control/configuration/config.h"

// Writes one line for each finding: "check: error|warning|ok: what; cure". Returns the number of errors: what would
// keep barscreen from starting or from accepting mail. Changes nothing. Control thread, not while barscreen runs on
// the same ports.
unsigned config_audit(const struct config *config, FILE *out);
