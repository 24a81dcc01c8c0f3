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

enum mailbox_error {
	MAILBOX_OK,
	MAILBOX_SYNTAX,    // not RFC 5321's grammar
	MAILBOX_TOO_LONG,  // a part beyond RFC 5321, 4.5.3.1
	MAILBOX_EIGHT_BIT, // needs SMTPUTF8 (RFC 6531), which we don't offer
};

enum mailbox_path {
	MAILBOX_REVERSE, // of MAIL: <> is allowed, <postmaster> is not
	MAILBOX_FORWARD, // of RCPT: the other way round
};

// Takes a path with its angle brackets from the start of `text`; a source route in it is ignored (RFC 5321,
// appendix C). `*taken` becomes the length of the path. <postmaster>, in any case, gives local part "postmaster" in
// lower case. `text` may hold any bytes.
enum mailbox_error mailbox_parse(const char *text, size_t length, enum mailbox_path path,
	struct mailbox *mailbox, size_t *taken);

// Writes local@domain, quoting where needed, without angle brackets; "" for <>. Returns `text`.
char *mailbox_format(const struct mailbox *mailbox, char text[MAILBOX_TEXT]);

bool mailbox_equal(const struct mailbox *a, const struct mailbox *b);
// The local part is `name`, whatever the case (RFC 5321, 4.5.1; RFC 2142, section 1). `name` is lower case.
bool mailbox_local_is(const struct mailbox *mailbox, const char *name);
