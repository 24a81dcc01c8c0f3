// SPDX-License-Identifier: BSD-3-Clause
//
// The table of replies, and how a row becomes a line.
#include "smtp/session/reply.h"

#include <stdbool.h>
#include <string.h>

#include "dataplane/seam/text.h"
#include "smtp/session/session.h"

struct row {
	uint16_t code;
	bool contact;
	const char *digits;
	const char *enhanced;
	const char *text;
};

static const struct row table[REPLY_COUNT] = {
#define X(identifier, code, enhanced, contact, text) {code, contact, #code, enhanced, text},
	REPLIES(X)
#undef X
};

uint16_t reply_code(enum reply reply)
{
	return table[reply].code;
}

// A line under construction; what doesn't fit is dropped.
struct writer {
	char *line;
	size_t length;
};

static void add_bytes(struct writer *writer, const char *text, size_t count)
{
	size_t room = REPLY_LINE - 1 - writer->length;
	if (count > room)
		count = room;
	memcpy(writer->line + writer->length, text, count);
	writer->length += count;
}

static void add(struct writer *writer, const char *text)
{
	add_bytes(writer, text, strlen(text));
}

static void add_code(struct writer *writer, const char *digits, const char *enhanced)
{
	add(writer, digits);
	add(writer, " ");
	add(writer, enhanced);
	if (enhanced[0] != 0)
		add(writer, " ");
}

// RFC 5321, 4.2: textstring = 1*(%d09 / %d32-126).
static size_t finish_line(struct writer *writer)
{
	for (size_t i = 0; i < writer->length; i++)
		if (writer->line[i] < 32 || writer->line[i] > 126)
			writer->line[i] = '?';
	writer->line[writer->length] = 0;
	return writer->length;
}

size_t reply_format(
	enum reply reply, const char *argument, const char *contact, char line[REPLY_LINE])
{
	struct writer writer = {line, 0};
	const struct row *row = &table[reply];
	add_code(&writer, row->digits, row->enhanced);
	const char *hole = strchr(row->text, '$');
	if (hole == NULL) {
		add(&writer, row->text);
	} else {
		add_bytes(&writer, row->text, (size_t)(hole - row->text));
		add(&writer, argument == NULL ? "" : argument);
		add(&writer, hole + 1);
	}
	if (row->contact && contact != NULL && contact[0] != 0) {
		add(&writer, "; for help: ");
		add(&writer, contact);
	}
	return finish_line(&writer);
}

size_t reply_format_answer(
	const struct session_answer *answer, const char *id, char line[REPLY_LINE])
{
	if (answer->code < 200 || answer->code > 599 || answer->code / 100 == 3)
		return reply_format(REPLY_BACKEND, NULL, NULL, line);
	struct writer writer = {line, 0};
	const char digits[] = {(char)('0' + answer->code / 100),
		(char)('0' + answer->code / 10 % 10), (char)('0' + answer->code % 10), '\0'};
	char enhanced[sizeof(answer->enhanced) + 1] = "";
	memcpy(enhanced, answer->enhanced, sizeof(answer->enhanced));
	add_code(&writer, digits, enhanced);
	size_t length = strnlen(answer->text, sizeof(answer->text));
	if (length > 0)
		add_bytes(&writer, answer->text, length);
	else
		add(&writer, answer->code < 300 ? "Ok" : "Error");
	if (id != NULL) {
		add(&writer, " (");
		add(&writer, id);
		add(&writer, ")");
	}
	return finish_line(&writer);
}

size_t reply_format_refusal(
	const struct session_answer *answer, const char *contact, char line[REPLY_LINE])
{
	struct writer writer = {line, reply_format_answer(answer, NULL, line)};
	if (answer->code >= 500 && contact[0] != 0) {
		add(&writer, "; for help: ");
		add(&writer, contact);
	}
	return finish_line(&writer);
}

size_t reply_format_ehlo(
	const char *hostname, uint64_t message_size, bool eight_bit, char *text, size_t room)
{
	struct bs_text out = bs_text_in(text, room);
	bs_text_put(&out, "250-");
	bs_text_put(&out, hostname);
	bs_text_put(&out, "\r\n250-PIPELINING\r\n250-SIZE ");
	bs_text_number(&out, message_size);
	bs_text_put(&out, eight_bit ? "\r\n250-8BITMIME\r\n" : "\r\n");
	bs_text_put(&out, "250 ENHANCEDSTATUSCODES\r\n");
	bool cut = out.at == out.end;
	size_t length = bs_text_end(&out);
	return cut ? 0 : length;
}
