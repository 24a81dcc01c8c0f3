// SPDX-License-Identifier: BSD-3-Clause
//
// The macros of SPF (RFC 7208, section 7): their grammar, and what they stand for. libspf2 never sees one: its own macro parser
// writes beyond its buffer (CVE-2023-42118, not mended in Debian 12).
//
// Pure functions over any bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/seam/address.h"
#include "smtp/dns/dns.h"

// A macro-string. `explanation`: the letters c, r and t are allowed (RFC 7208, 7.2).
bool spf_macro_string(const char *text, size_t length, bool explanation);
// A macro-string that ends in a macro or in a dot and a top label (RFC 7208, 7.1).
bool spf_domain_spec(const char *text, size_t length);
// Whether %{p} is in a string that has passed one of the above.
bool spf_macro_needs_name(const char *text, size_t length);

struct spf_macro_values {
	const struct bs_address *client;
	const char *helo, *local, *domain; // of the identity
	const char *current;               // the domain whose record this is
	const char *client_name;           // confirmed, or "unknown"
};

// What a domain-spec stands for, without final dot; labels are taken off its left end until it is no longer than a name may be
// (RFC 7208, 7.3). False when that leaves none.
bool spf_expand(const char *text, size_t length, const struct spf_macro_values *values,
	char name[DNS_NAME]);
