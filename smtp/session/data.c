// SPDX-License-Identifier: BSD-3-Clause
//
// The content parser: runs of plain bytes are found sixteen at a time and copied whole, so that the state machine
// turns a few times a line and not once a byte.
#include "smtp/session/data.h"

#include <string.h>

enum state {
	LINE_START,    // behind a CRLF, or at the very beginning: a dot may be the end
	DOT,           // "." at a line's start
	DOT_CR,        // ".\r" at a line's start
	TEXT,          // within a line
	CR,            // "\r" within a line
	SOFT_START,    // behind a bare LF: a dot was stuffed perhaps, but is never the end
	SOFT_START_DOT // "." there
};

typedef uint8_t vector __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

// How many bytes from the start are none of CR, LF, NUL.
static size_t plain_run(const uint8_t *bytes, size_t count)
{
	size_t at = 0;
	while (count - at >= sizeof(vector)) {
		vector chunk;
		memcpy(&chunk, bytes + at, sizeof(chunk));
		halves special = (halves)((chunk == '\r') | (chunk == '\n') | (chunk == 0));
		if ((special[0] | special[1]) != 0)
			break;
		at += sizeof(vector);
	}
	while (at < count && bytes[at] != '\r' && bytes[at] != '\n' && bytes[at] != 0)
		at++;
	return at;
}

struct output {
	uint8_t *at;
	uint8_t *end;
};

static void give(
	struct data_parser *parser, struct output *output, const uint8_t *bytes, size_t count)
{
	parser->bytes += count;
	if (parser->line_limit > 0) {
		parser->line = count > UINT32_MAX - parser->line ? UINT32_MAX
								 : parser->line + (uint32_t)count;
		if (parser->line > parser->line_limit) {
			parser->faults |= DATA_LONG_LINE;
			parser->discard = true;
		}
	}
	if (parser->discard)
		return;
	memcpy(output->at, bytes, count);
	output->at += count;
}

static void give_newline(struct data_parser *parser, struct output *output)
{
	give(parser, output, (const uint8_t *)"\r\n", 2);
	parser->line = 0;
}

static void fault(struct data_parser *parser, enum data_fault fault)
{
	parser->faults |= fault;
	if (!parser->normalise)
		parser->discard = true;
}

// One byte within a line that is not plain.
static void special(struct data_parser *parser, struct output *output, uint8_t byte)
{
	if (byte == '\r') {
		parser->state = CR;
	} else if (byte == '\n') {
		fault(parser, DATA_BARE_LF);
		give_newline(parser, output);
		parser->state = SOFT_START;
	} else {
		fault(parser, DATA_NUL);
	}
}

// A "\r" that was held back turns out not to be half of a CRLF.
static void stray_return(struct data_parser *parser, struct output *output)
{
	fault(parser, DATA_BARE_CR);
	give(parser, output, (const uint8_t *)" ", 1);
	parser->state = TEXT;
}

// Looks at the first byte in any state but TEXT. Returns whether it was used up; if not, the state has changed.
static bool turn(struct data_parser *parser, struct output *output, uint8_t byte)
{
	switch ((enum state)parser->state) {
	case LINE_START:
		parser->state = byte == '.' ? DOT : TEXT;
		return byte == '.';
	case DOT:
		// RFC 5321, 4.5.2: a leading dot goes when other characters stand on the line.
		parser->state = byte == '\r' ? DOT_CR : TEXT;
		if (byte == '\n')
			give(parser, output, (const uint8_t *)".", 1);
		return byte == '\r';
	case DOT_CR:
		if (byte == '\n') {
			parser->ended = true;
			return true;
		}
		stray_return(parser, output);
		return false;
	case CR:
		if (byte == '\n') {
			give_newline(parser, output);
			parser->state = LINE_START;
			return true;
		}
		stray_return(parser, output);
		return false;
	case SOFT_START:
		parser->state = byte == '.' ? SOFT_START_DOT : TEXT;
		return byte == '.';
	case SOFT_START_DOT:
		if (byte == '\r' || byte == '\n')
			give(parser, output, (const uint8_t *)".", 1);
		parser->state = TEXT;
		return false;
	case TEXT:
		break;
	}
	return false;
}

void data_feed(struct data_parser *parser, const uint8_t *bytes, size_t count, uint8_t *out,
	size_t room, size_t *taken, size_t *given)
{
	struct output output = {out, out + room};
	size_t at = 0;
	while (at < count && !parser->ended) {
		size_t left = (size_t)(output.end - output.at);
		if (!parser->discard && left < DATA_ROOM)
			break;
		if (parser->state != TEXT) {
			at += turn(parser, &output, bytes[at]);
			continue;
		}
		size_t run = count - at;
		if (!parser->discard && run > left)
			run = left;
		run = plain_run(bytes + at, run);
		if (run > 0)
			give(parser, &output, bytes + at, run);
		else
			special(parser, &output, bytes[at]);
		at += run > 0 ? run : 1;
	}
	*taken = at;
	*given = (size_t)(output.at - out);
}
