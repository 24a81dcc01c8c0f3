// SPDX-License-Identifier: BSD-3-Clause
//
// What we found out about a sender, as headers of ours above the mail: Authentication-Results (RFC 8601) and a Received-SPF for each
// identity (RFC 7208, 9.1). They stand above our Received. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/seam/address.h"
#include "smtp/mailbox.h"
#include "smtp/spf/spf.h"

enum iprev {             // RFC 8601, 2.7.3
	IPREV_UNKNOWN,   // not looked at
	IPREV_PASS,      // a name of the client leads back to it
	IPREV_FAIL,      // it has names, none does
	IPREV_TEMPERROR, // DNS trouble
	IPREV_PERMERROR, // it has no name
};

struct authentication {
	const char *hostname; // ours
	struct bs_address client;
	const char *helo;              // as received_clean_helo() left it
	const struct mailbox *sender;  // empty for <>
	const struct spf_outcome *spf; // of the sender, for <> of postmaster@helo; NULL: not known
	const struct spf_outcome *spf_helo; // of the HELO; NULL: not known
	enum iprev iprev;
	const char *client_name; // of IPREV_PASS
};

// Enough for three fields of parts that are as long as they may be.
#define AUTHENTICATION_TEXT 8192

// Writes the fields with their CRLF, returns their length: 0 when nothing is known.
size_t authentication_format(
	const struct authentication *authentication, char text[AUTHENTICATION_TEXT]);
