// SPDX-License-Identifier: BSD-3-Clause
//
// An SPF record, parsed by RFC 7208's grammar (section 12) from its first byte to its last, and cut down to what can matter for one
// client: ip4 and ip6 that are not its network are left out, and so is what stands behind a term that matches in any case.
//
// Pure functions over any bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/seam/address.h"

// A longer record is a fault. Real ones must fit in a DNS answer with the zone's other TXT records (RFC 7208, 3.4).
#define SPF_RECORD 4096

#define SPF_LOOKUPS 10 // terms that ask the DNS, over all includes (RFC 7208, 4.6.4)

enum spf_kind {
	SPF_KIND_ALL,
	SPF_KIND_IP4,
	SPF_KIND_IP6,
	// from here on: asks the DNS
	SPF_KIND_INCLUDE,
	SPF_KIND_A,
	SPF_KIND_MX,
	SPF_KIND_PTR,
	SPF_KIND_EXISTS,
	SPF_KIND_REDIRECT,
	SPF_KINDS
};

struct spf_term {
	uint8_t kind;           // enum spf_kind
	char qualifier;         // + - ~ ?
	uint8_t ipv4, ipv6;     // prefix lengths of `a` and `mx`
	uint16_t domain_length; // 0: the record's own domain
	const char *domain;     // a domain-spec, within the record's text
};

// One term that asks more than may, so that it is seen; and one that matches in any case.
#define SPF_TERMS (SPF_LOOKUPS + 2)

struct spf_record {
	unsigned count;
	struct spf_term term[SPF_TERMS];
	struct spf_term redirect; // kind SPF_KIND_REDIRECT when there is one that can be reached
};

// Whether a TXT record is one of SPF, be it good or not (RFC 7208, 4.5).
bool spf_record_is(const char *text, size_t length);
// What is wrong with it, of any of its terms; NULL when nothing is. `text` must outlive `record`.
const char *spf_record_parse(const char *text, size_t length, const struct bs_address *client,
	struct spf_record *record);

const char *spf_kind_name(enum spf_kind kind);
