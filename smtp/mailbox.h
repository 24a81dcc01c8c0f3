// SPDX-License-Identifier: BSD-3-Clause
//
// A mail address as RFC 5321, section 4.1.2 has it, taken apart. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MAILBOX_LOCAL  64  // RFC 5321, 4.5.3.1.1
#define MAILBOX_DOMAIN 255 // RFC 5321, 4.5.3.1.2

struct mailbox {
	char local[MAILBOX_LOCAL + 1]; // as the client wrote it, a quoted string without its quotes
	char domain[MAILBOX_DOMAIN +
		    1]; // lower case; "[192.0.2.1]" for a literal; empty for <> and <postmaster>
	bool quoted;    // the local part needs quotes to be written
};

#define MAILBOX_TEXT (2 * MAILBOX_LOCAL + MAILBOX_DOMAIN + 4)

// Writes local@domain, quoting where needed, without angle brackets; "" for <>. Returns `text`.
char *mailbox_format(const struct mailbox *mailbox, char text[MAILBOX_TEXT]);
