// SPDX-License-Identifier: BSD-3-Clause
//
// The policy pointer lives with the leaves: every room reads it.
#include "control/policy.h"

_Atomic(const struct bs_policy *) bs_policy_current;
