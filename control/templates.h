// SPDX-License-Identifier: BSD-3-Clause
//
// The texts that the dataplane sends by itself. Control thread.
#pragma once

#include <stdbool.h>

#include "control/policy.h"

// Composes policy->template of policy->hostname and policy->contact. False when a text is too long for
// a template, which config_read()'s limits on both rule out.
bool templates_compose(struct bs_policy *policy);
