// SPDX-License-Identifier: BSD-3-Clause
//
// Command lines out of a stream of bytes. A line that came in one piece is read where it lies; only of a line that
// comes in pieces a copy is kept. RFC 5321, 2.3.8: a line ends with CRLF; one that ends with a bare LF is told apart,
// so that the client gets its answer at once and not never.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/worker/heap.h"

struct line {
	char *kept; // from `heap`, NULL until a line came in pieces
	uint32_t room;
	uint32_t length; // bytes kept of the line that has begun
	bool too_long;   // its end is awaited, the bytes before are dropped
};

enum line_result {
	LINE_PARTIAL,   // all bytes taken, more are needed
	LINE_WHOLE,     // a line, without its CRLF
	LINE_BARE_LF,   // a line that ended with LF alone
	LINE_TOO_LONG,  // the end of a line of more than `limit` bytes
	LINE_NO_MEMORY, // a piece could not be kept
};

// Takes bytes up to the end of one line at most; `limit` counts the line with its CRLF. `*text` is valid until the
// bytes or the line are touched again.
enum line_result line_feed(struct line *line, struct heap *heap, uint32_t limit,
	const uint8_t *bytes, size_t count, size_t *taken, const char **text, size_t *length);

// A line has begun and its end has not come.
static inline bool line_begun(const struct line *line)
{
	return line->length > 0 || line->too_long;
}

void line_release(struct line *line, struct heap *heap);
