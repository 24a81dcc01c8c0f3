// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/reply_reader.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static void add(struct reply_reader *reader, char c)
{
	if (reader->length < READER_TEXT - 1)
		reader->text[reader->length++] = c;
}

// The three digits of a line. The first says what the reply means, so it must be one that has a meaning.
static bool take_digit(struct reply_reader *reader, uint8_t byte)
{
	if (!is_digit(byte) || (reader->column == 0 && (byte < '2' || byte > '5')))
		return false;
	reader->line_code = (uint16_t)(reader->line_code * 10 + (byte - '0'));
	reader->column++;
	return true;
}

// All lines of a reply have its code (RFC 5321, 4.2.1): "250-" before "550 " is neither yes nor no.
static bool take_code(struct reply_reader *reader, uint8_t separator)
{
	if (reader->lines != 0 && reader->line_code != reader->code)
		return false;
	reader->code = reader->line_code;
	reader->last = separator != '-';
	reader->column++;
	if (reader->lines != 0)
		add(reader, '\n');
	return separator == '-' || separator == ' ' || separator == '\n';
}

static bool end_line(struct reply_reader *reader)
{
	if (reader->column == 3 && !take_code(reader, '\n'))
		return false;
	if (reader->column < 4 || ++reader->lines > READER_LINES)
		return false;
	reader->column = 0;
	reader->line_code = 0;
	reader->return_seen = false;
	reader->whole = reader->last;
	return true;
}

static void take_text(struct reply_reader *reader, uint8_t byte)
{
	if (byte == '\t')
		byte = ' ';
	add(reader, (char)(byte < 32 || byte > 126 ? '?' : byte));
}

static bool take(struct reply_reader *reader, uint8_t byte)
{
	if (++reader->bytes > READER_BYTES)
		return false;
	if (byte == '\n')
		return end_line(reader);
	if (reader->return_seen) { // one in the middle
		reader->return_seen = false;
		if (reader->column < 4)
			return false;
		take_text(reader, '\r');
	}
	if (byte == '\r') {
		reader->return_seen = true;
		return true;
	}
	if (reader->column < 3)
		return take_digit(reader, byte);
	if (reader->column == 3)
		return byte != '\n' && take_code(reader, byte);
	take_text(reader, byte);
	return true;
}

enum reader_result reply_reader_feed(
	struct reply_reader *reader, const uint8_t *bytes, size_t count, size_t *taken)
{
	*taken = 0;
	if (count != 0 && reader->whole)
		memset(reader, 0, sizeof(*reader));
	while (*taken < count) {
		if (!take(reader, bytes[(*taken)++]))
			return READER_NONSENSE;
		if (reader->whole) {
			reader->text[reader->length] = '\0';
			return READER_WHOLE;
		}
	}
	return READER_MORE;
}

static size_t digits(const char *text)
{
	size_t count = 0;
	while (is_digit((uint8_t)text[count]))
		count++;
	return count;
}

// Length of an enhanced code of class `class` at the start of a line, 0 when there is none (RFC 3463, 2: class "." 1*3digit
// "." 1*3digit).
static size_t enhanced_length(const char *line, char class)
{
	if (line[0] != class || line[1] != '.')
		return 0;
	size_t subject = digits(line + 2);
	if (subject < 1 || subject > 3 || line[2 + subject] != '.')
		return 0;
	size_t detail = digits(line + 3 + subject), end = 3 + subject + detail;
	if (detail < 1 || detail > 3)
		return 0;
	return line[end] == ' ' || line[end] == '\n' || line[end] == '\0' ? end : 0;
}

static char class_of(const struct reply_reader *reader)
{
	return (char)('0' + reader->code / 100);
}

bool reply_reader_enhanced(const struct reply_reader *reader, char enhanced[READER_ENHANCED])
{
	size_t length = enhanced_length(reader->text, class_of(reader));
	snprintf(enhanced, READER_ENHANCED, "%.*s", (int)length, reader->text);
	return length != 0;
}

char *reply_reader_line(const struct reply_reader *reader, char *text, size_t room)
{
	const char *from = reader->text;
	size_t length = 0;
	while (*from != '\0') {
		from += enhanced_length(from, class_of(reader));
		from += strspn(from, " ");
		size_t line = strcspn(from, "\n");
		if (line != 0 && length != 0 && length + 1 < room)
			text[length++] = ' ';
		size_t fits = line < room - 1 - length ? line : room - 1 - length;
		memcpy(text + length, from, fits);
		length += fits;
		from += line + (from[line] == '\n');
	}
	text[length] = '\0';
	return text;
}

const char *reply_reader_keyword(const struct reply_reader *reader, const char *keyword)
{
	size_t length = strlen(keyword);
	const char *line = strchr(reader->text, '\n');
	for (; line != NULL; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, keyword, length) != 0)
			continue;
		// Old servers write SIZE=n.
		if (line[length] == ' ' || line[length] == '=')
			return line + length + 1;
		if (line[length] == '\n' || line[length] == '\0')
			return line + length;
	}
	return NULL;
}
