// SPDX-License-Identifier: BSD-3-Clause
//
// A DNS list of clients as the policy has it (RFC 5782): its zone, which answers count, and what they weigh. The configuration
// fills it in (control/), smtp/checks/client_lists.c asks it, smtp/lists/dnsl_health.h says whether it is to be believed.
//
// A leaf. Immutable once published; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BS_DNSL_NAME  64
#define BS_DNSL_ZONE  200
#define BS_DNSL_CODES 16 // patterns

// 127.0.[0..255].[2;4;6..8]: of each octet the values that count, a bit each.
struct bs_dnsl_code {
	uint64_t octet[4][4];
};

enum bs_dnsl_kind {
	BS_DNSL_CLIENT,    // asked about the client's address
	BS_DNSL_NAME_KIND, // asked about a name: HELO, PTR, sender's domain
};

enum bs_dnsl_family { BS_DNSL_IPV4 = 1, BS_DNSL_IPV6 = 2, BS_DNSL_BOTH = 3 };

struct bs_dnsl {
	char name
		[BS_DNSL_NAME]; // title of its section: in log and reply, so that a zone with a secret key is not shown
	char zone[BS_DNSL_ZONE]; // may hold a secret key
	struct bs_dnsl_code code[BS_DNSL_CODES];
	uint32_t codes;    // 0: all of 127/8
	int16_t hit, miss; // hundredths
	uint8_t mode;      // enum bs_mode
	uint8_t families;  // enum bs_dnsl_family
	uint8_t kind;      // enum bs_dnsl_kind
	// RFC 5782, section 5: points that must be listed and that must not be. "": the standard ones (127.0.0.2 and 127.0.0.1, ::FFFF:7F00:2
	// and :1, TEST and INVALID). Else an address, or one of each family with a space between, or a name for BS_DNSL_NAME_KIND
	// (smtp/checks/dnsl_points.h).
	bool tested; // false: none are asked, and the list counts from the start
	char test_listed[64], test_unlisted[64];
	uint8_t share; // per cent of the last clients asked that it may have; beyond it is suspended. 100: any
};

// Takes "127.0.0.[2..11]"; false when it is no such pattern.
bool bs_dnsl_code_parse(const char *text, struct bs_dnsl_code *code);
bool bs_dnsl_code_matches(const struct bs_dnsl_code *code, const uint8_t address[4]);
