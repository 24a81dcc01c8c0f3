// SPDX-License-Identifier: BSD-3-Clause
//
// The texts under which a mail address is looked for in a set of names: user+news@domain, user@domain, user@, domain. Used by
// control/lists/names.c and control/lists/recipients.c. Pure functions, no allocation.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_LOCAL  64u  // RFC 5321, 4.5.3.1.1
#define ADDRESS_TEXT_DOMAIN 255u // RFC 5321, 4.5.3.1.2

struct address_text {
	char text[ADDRESS_TEXT_LOCAL + 1 + ADDRESS_TEXT_DOMAIN + 1]; // local@domain, lower case
	uint16_t length;
	uint16_t local;   // bytes of the local part
	uint16_t without; // bytes of it before its extension; as many as `local` when it has none
};

// False when a part is longer than RFC 5321 has it; nobody's name then. `local` may be NULL: as "". An extension begins at the first
// of `delimiters` that is not the first byte.
bool address_text_set(struct address_text *address, const char *local, const char *domain,
	const char *delimiters);

// Takes the extension out: user+news@domain becomes user@domain.
void address_text_strip(struct address_text *address);

static inline const char *address_text_domain(const struct address_text *address)
{
	return address->text + address->local + 1;
}
