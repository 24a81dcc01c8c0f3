// SPDX-License-Identifier: BSD-3-Clause
//
// What a worker's resolver remembers of a question, as control shows it: a copy, made on the worker's thread (dataplane/seam/inquiry.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/dns/dns.h"

#define DNS_VIEWS     5u    // of a name at most: one a type
#define DNS_VIEW_TEXT 2048u // the usual answer has some hundred bytes

struct resolver;

struct dns_view {
	uint16_t type;    // enum dns_type
	uint8_t status;   // enum dns_status
	bool asked;       // the answer has not come yet; nothing below counts
	uint16_t records; // there are
	uint16_t shown;   // of these in `text`
	uint64_t left_ms; // until it is forgotten
	const char *why;  // of DNS_TROUBLE: static
	char text
		[DNS_VIEW_TEXT]; // each record with a NUL behind it: "192.0.2.7", "10 mx.example.org"; any bytes of a TXT but NUL
};

// What is remembered of a name: how many views were filled. `type` 0: all types. On the worker's thread.
unsigned resolver_view(struct resolver *resolver, const char *name, enum dns_type type,
	struct dns_view view[DNS_VIEWS]);
