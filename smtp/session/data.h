// SPDX-License-Identifier: BSD-3-Clause
//
// The content of a mail as it comes after 354: the one parser that decides where it ends, for us and for whoever
// gets the mail from us, so that no two can be made to disagree (SMTP smuggling, CVE-2023-51764 and its kin).
//
// The end is CRLF "." CRLF and nothing else, the first CRLF being the content's own or the DATA command's
// (RFC 5321, 4.1.1.4). A bare CR, a bare LF and a NUL are faults (RFC 5321, 2.3.8 and 4.5.2). What is given out is
// free of them: after a fault it is nothing, or, to normalise, a bare LF becomes CRLF, a stray CR a space, and
// a NUL is left out; neither ever makes or moves an end of data.
//
// Works for any split of the input. Pure: no memory, no clock.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum data_fault {
	DATA_BARE_CR = 1 << 0,
	DATA_BARE_LF = 1 << 1,
	DATA_NUL = 1 << 2,
	DATA_LONG_LINE = 1 << 3, // also a fault when normalising
};

struct data_parser {
	// set by the caller before the first byte
	bool normalise;
	uint32_t line_limit; // bytes of a line with CRLF, 0: none
	// may be set at any time: nothing more is given out, only the end is looked for
	bool discard;
	// results
	bool ended;
	uint8_t faults; // enum data_fault, all that were met
	uint64_t
		bytes; // of content, as RFC 1870, section 2 counts: with CRLFs, without dot stuffing
	// the parser's own; all zero at the beginning
	uint8_t state;
	uint32_t line; // bytes of the line that has begun
};

// Less room than this and nothing may be taken.
#define DATA_ROOM 4

// Takes bytes until `count` is used up, the end was seen, or `room` is; `*taken` and `*given` say how many went in
// and came out. Bytes behind the end are not touched.
void data_feed(struct data_parser *parser, const uint8_t *bytes, size_t count, uint8_t *out,
	size_t room, size_t *taken, size_t *given);
