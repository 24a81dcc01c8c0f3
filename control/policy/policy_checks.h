// SPDX-License-Identifier: BSD-3-Clause
//
// What of the checks is the base's: policies of recipients and their map, DNS lists, networks without rates.
#pragma once

#include "control/configuration/config.h"
#include "control/policy/policy_base.h"

// Copies from the configuration, which may go before the base. False without memory; what was made is the base's.
bool policy_checks_build(struct policy_base *base, const struct config *config);
void policy_checks_free(struct policy_base *base);
