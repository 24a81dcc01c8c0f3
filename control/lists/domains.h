// SPDX-License-Identifier: BSD-3-Clause
//
// The domains that we take mail for, as a set. Immutable once built; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bs_domains;

// In lower case. NULL without memory.
struct bs_domains *bs_domains_new(char *const *domain, size_t count);
void bs_domains_free(struct bs_domains *domains);

// `domain` in lower case. False for NULL domains.
bool bs_domains_has(const struct bs_domains *domains, const char *domain);
