// SPDX-License-Identifier: BSD-3-Clause
//
// What an answer of a DNS list means. Whatever is not plainly an entry is none: lists answer quotas, typing errors and the end of
// their days with addresses, and mail was refused for those.
//
// Pure functions.
#pragma once

#include "smtp/checks/dnsl.h"
#include "smtp/dns/dns.h"

enum dnsl_reading {
	DNSL_UNKNOWN, // no answer: nothing is known
	DNSL_ERROR,   // an answer that is no entry: the list is not to be believed
	DNSL_CLEAN,   // not listed
	DNSL_OTHER,   // listed, for something that does not count here
	DNSL_HIT,
};

// `octets`: the first address that made it what it is; zero when none did.
enum dnsl_reading dnsl_read(
	const struct bs_dnsl *list, const struct dns_answer *answer, uint8_t octets[4]);

// What the list wants to say with the address of a DNSL_ERROR, and the cure. Never NULL.
const char *dnsl_error_meaning(const uint8_t octets[4]);
