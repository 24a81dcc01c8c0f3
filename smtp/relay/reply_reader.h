// SPDX-License-Identifier: BSD-3-Clause
//
// Reads what a mail server replies (RFC 5321, 4.2), of any number of lines, in any split of the input. Tolerates lines that end with
// a bare LF, that are too long (their text is cut) and hold any bytes (they become '?'). Not tolerated is what makes
// it doubtful what was meant: no code, lines with different codes, a reply that does not end.
//
// Pure: no memory, no clock.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define READER_TEXT  2048u  // text kept of one reply: any EHLO reply that is known
#define READER_BYTES 32768u // of one reply with all its lines; more is nonsense
#define READER_LINES 256u

enum reader_result {
	READER_MORE,     // the reply goes on
	READER_WHOLE,    // it is whole; the next byte fed begins another one
	READER_NONSENSE, // no reply; nothing more can be made of this connection
};

struct reply_reader {
	// the reply, when it is whole
	uint16_t code;   // 200 to 599
	uint16_t length; // of the text
	char text
		[READER_TEXT]; // the lines without their codes, each behind the first begins with '\n'; else printable ASCII
	// the reader's own; all zero at the beginning
	bool whole, last, text_begun, return_seen;
	uint8_t column; // up to the separator
	uint16_t line_code, lines;
	uint32_t bytes;
};

// Takes bytes up to the end of a reply; `*taken` says how many.
enum reader_result reply_reader_feed(
	struct reply_reader *reader, const uint8_t *bytes, size_t count, size_t *taken);

// The enhanced code (RFC 2034, 4) that the reply gives and that fits its code; false and "" when there is none.
#define READER_ENHANCED 12
bool reply_reader_enhanced(const struct reply_reader *reader, char enhanced[READER_ENHANCED]);
// The reply's text as one line without enhanced codes; what does not fit is cut. Returns `text`.
char *reply_reader_line(const struct reply_reader *reader, char *text, size_t room);
// The line of an EHLO reply that begins with the keyword (upper case, RFC 5321, 4.1.1.1): what stands behind it, up to
// the line's end ('\n' or NUL), without the space. NULL when there is no such line; the first line is the server's name.
const char *reply_reader_keyword(const struct reply_reader *reader, const char *keyword);
