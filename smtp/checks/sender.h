// SPDX-License-Identifier: BSD-3-Clause
//
// The sender's domain, as far as it can be asked about.
#pragma once

#include "smtp/checks/check.h"

// The domain, or NULL, said as CHECK_NOT_RUN: before MAIL, of <>, of an address literal, and of a domain of ours, whose mail is judged by
// SPF and by what the operator allows.
const char *sender_domain_of(const struct check_context *context, struct check_result *result);
