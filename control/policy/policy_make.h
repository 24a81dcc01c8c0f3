// SPDX-License-Identifier: BSD-3-Clause
//
// A policy of its parts. Control thread.
#pragma once

#include "control/configuration/config.h"
#include "control/overlay/overlay.h"
#include "control/policy/policy_base.h"

// The parts must outlive what reads them: see control/policy/policy.h. `overlay` may be NULL. free() it; NULL without memory.
struct bs_policy *policy_make(const struct config *config, const struct policy_base *base,
	struct bs_overlay *overlay, const struct bs_template_set *texts, uint8_t text_set);
