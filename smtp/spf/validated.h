// SPDX-License-Identifier: BSD-3-Clause
//
// The names of a client that lead back to its address, as `ptr` and %{p} want them (RFC 7208, 5.5 and 7.3).
#pragma once

#include <stdbool.h>

#include "smtp/dns/dns.h"

// `*name`: of the first ten names (RFC 7208, 4.6.4) that lead back, `domain` itself, else one within it, else the first, else "unknown".
// DNS trouble is no name. False while an answer is pending.
bool spf_validated_name(struct dns_asker *asker, const struct bs_address *client,
	const char *domain, const char **name);
// `domain` itself, or below it; without regard to case.
bool spf_name_within(const char *name, const char *domain);
