// SPDX-License-Identifier: BSD-3-Clause
//
// What a client said in EHLO or HELO, taken apart (RFC 5321, 4.1.1.1 and 4.1.3). Pure.
#pragma once

#include "dataplane/seam/address.h"
#include "smtp/dns/dns.h"

enum helo_kind {
	HELO_KIND_NONE,    // nothing said yet
	HELO_KIND_NAME,    // fully qualified
	HELO_KIND_LITERAL, // [192.0.2.1], [IPv6:2001:db8::1]
	HELO_KIND_NUMERIC, // 192.0.2.1, 2001:db8::1, or digits and dots
	HELO_KIND_FAULTY,
};

struct helo_said {
	enum helo_kind kind;
	bool has_address;
	struct bs_address address; // of LITERAL, and of NUMERIC when it is one
	char name[DNS_NAME];       // of NAME: lower case, without final dot
	const char *why;           // of FAULTY
};

void helo_read(const char *said, struct helo_said *helo);
