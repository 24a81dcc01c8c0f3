// SPDX-License-Identifier: BSD-3-Clause
//
// Our Received: header (RFC 5321, section 4.4): one of the things that we put before a mail. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/address.h"
#include "smtp/session/authentication.h"
#include "smtp/mailbox.h"

struct received {
	const char *hostname; // ours
	struct bs_address client;
	const char *name; // its confirmed name, or "unknown"
	const char *helo; // as received_clean_helo() left it
	bool esmtp;
	const char *id;
	const struct mailbox
		*recipient; // NULL when there are several: each must not learn of the others
	uint64_t seconds;   // since 1970
};

// Enough for any of the above: three lines, each under RFC 5321's 998 bytes.
#define RECEIVED_TEXT 1400
// And for all that we put before a mail, with what smtp/session/authentication.h writes.
#define TRACE_TEXT (RECEIVED_TEXT + AUTHENTICATION_TEXT)

// Writes the header with its CRLF, returns its length.
size_t received_format(const struct received *received, char text[RECEIVED_TEXT]);

// A client's HELO argument made fit for a header and a log: what is not of a hostname or an address
// literal becomes '?', what is longer than the room is cut. `helo` may hold any bytes.
#define RECEIVED_HELO 256
void received_clean_helo(const char *helo, size_t length, char clean[RECEIVED_HELO]);
