// SPDX-License-Identifier: BSD-3-Clause
//
// Takes out of a mail's header, as the mail passes, what claims to be ours: Authentication-Results with our name as authserv-id (RFC 8601,
// section 5) and Received-SPF with our name as receiver (RFC 7208, 9.1). All else goes through as it is; behind the header's end the
// filter is out of the way.
//
// Such a field is held back until its end, or until so many bytes of it are there; one that has not said by then whose it is is taken
// out as well.
//
// Owner: one worker; part of a mail.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEADER_FILTER_HOLD 4096 // four lines of the longest (RFC 5322, 2.1.1)

// All zero at the beginning.
struct header_filter {
	bool done; // the header has ended: no need to call
	uint8_t state;
	uint16_t held;
	uint32_t removed; // fields
	char hold[HEADER_FILTER_HOLD];
};

// Filters clean content (every line ends with CRLF) in its place; returns what is left of it, which may be up to HEADER_FILTER_HOLD bytes more
// than `count`: there must be room for them.
size_t header_filter(
	struct header_filter *filter, const char *hostname, uint8_t *bytes, size_t count);
// The mail is over: writes what is still held, up to HEADER_FILTER_HOLD bytes; returns how many.
size_t header_filter_end(struct header_filter *filter, const char *hostname, uint8_t *bytes);
