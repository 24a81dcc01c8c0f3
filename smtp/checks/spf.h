// SPDX-License-Identifier: BSD-3-Clause
//
// What the rows of SPF came to, for those who write it into a mail's header.
#pragma once

#include <stdbool.h>

#include "smtp/checks/check.h"
#include "smtp/spf/spf.h"

// Reads the outcome back from a result of one of the rows SPF_* or HELO_SPF_FAIL. False when it has none: it was not run, or has not
// ended. Pure.
bool spf_outcome_of(const struct check_result *result, struct spf_outcome *outcome);

// smtp/checks/rows.h
extern check_run check_run_spf_fail, check_run_spf_softfail, check_run_spf_neutral,
	check_run_spf_none, check_run_spf_pass, check_run_spf_permerror, check_run_helo_spf_fail;
