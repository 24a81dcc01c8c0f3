// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of names in the policy: HELO names, clients' names, senders, recipients, each entry with the row of the policy's classes that
// its list is. A leaf for readers. Immutable once published; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bs_names_of {
	BS_NAMES_HELO,
	BS_NAMES_CLIENT,
	BS_NAMES_SENDER,
	BS_NAMES_RECIPIENT,
	BS_NAMES_KINDS
};

struct bs_names;

#define BS_NAMES_ROWS 8 // lists that one name may stand in; more are left out

// Rows of policy->class of the lists that have this name or address, allow lists first, then in the configuration's order: an entry may be
// an address (user@domain, local part without regard to case), a domain (itself), .domain (its subdomains) or user@ (in all domains);
// for HELO and CLIENT `local` is NULL and entries are domains. An address with an extension (user+news@domain) is also looked for
// without it. Case does not count. Returns how many; 0 for `names` NULL and for <>.
unsigned bs_names_find(const struct bs_names *names, enum bs_names_of of, const char *local,
	const char *domain, uint8_t rows[BS_NAMES_ROWS]);

// Building, control only. `delimiters`: the characters that begin an address's extension, "" for none. NULL without memory.
struct bs_names *bs_names_new(const char *delimiters);
void bs_names_free(struct bs_names *names);
// An entry as above, in lower case, domains as A-labels (control/lists/name_file.h reads such). False without memory.
bool bs_names_add(
	struct bs_names *names, enum bs_names_of of, const char *entry, uint8_t row, bool allows);
size_t bs_names_size(const struct bs_names *names); // bytes of memory
