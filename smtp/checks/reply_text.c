// SPDX-License-Identifier: BSD-3-Clause
//
// Templates of replies.
#include "smtp/checks/reply_text.h"

#include <stdio.h>
#include <string.h>

enum value {
	VALUE_CLIENT,
	VALUE_NAME,
	VALUE_HELO,
	VALUE_SENDER,
	VALUE_SENDER_DOMAIN,
	VALUE_RECIPIENT,
	VALUE_DETAIL,
	VALUES
};

static const char *const words[VALUES] = {
	"client", "name", "helo", "sender", "sender-domain", "recipient", "detail"};

static size_t word_length(const char *word)
{
	return strspn(word, "abcdefghijklmnopqrstuvwxyz-");
}

static enum value find(const char *word, size_t length)
{
	for (int value = 0; value < VALUES; value++)
		if (strlen(words[value]) == length && memcmp(words[value], word, length) == 0)
			return (enum value)value;
	return VALUES;
}

static const char *look_up(
	enum value value, const struct reply_values *values, char room[MAILBOX_TEXT])
{
	const struct facts *facts = values->facts;
	_Static_assert(MAILBOX_TEXT >= BS_ADDRESS_TEXT, "room");
	switch (value) {
	case VALUE_CLIENT:
		return bs_address_format(&facts->client, room);
	case VALUE_NAME:
		return values->name == NULL || values->name[0] == 0 ? "unknown" : values->name;
	case VALUE_HELO:
		return facts->helo;
	case VALUE_SENDER:
		return facts->sender == NULL ? "" : mailbox_format(facts->sender, room);
	case VALUE_SENDER_DOMAIN:
		return facts->sender == NULL ? "" : facts->sender->domain;
	case VALUE_RECIPIENT:
		return facts->recipient == NULL ? "" : mailbox_format(facts->recipient, room);
	case VALUE_DETAIL:
		return values->detail == NULL ? "" : values->detail;
	case VALUES:
		break;
	}
	return "";
}

struct writer {
	char *text;
	size_t length, room; // without the final NUL
};

static void add(struct writer *writer, const char *text, size_t count)
{
	if (count > writer->room - writer->length)
		count = writer->room - writer->length;
	for (size_t i = 0; i < count; i++)
		writer->text[writer->length + i] = (char)(text[i] < 32 || text[i] > 126 ? '?'
											: text[i]);
	writer->length += count;
}

static void expand(struct writer *writer, const char *template, const struct reply_values *values)
{
	char room[MAILBOX_TEXT];
	while (*template != 0) {
		size_t plain = strcspn(template, "$");
		add(writer, template, plain);
		template += plain;
		if (*template == 0)
			return;
		template ++;
		size_t length = word_length(template);
		enum value value = find(template, length);
		if (value < VALUES) {
			const char *text = look_up(value, values, room);
			add(writer, text, strnlen(text, REPLY_VALUE));
			template += length;
		} else { // "$$", or no word of ours, which stays as it is
			add(writer, "$", 1);
			template += *template == '$';
		}
	}
}

size_t reply_text(const char *template, const struct reply_values *values, const char *contact,
	char *text, size_t room)
{
	char ending[160] = "";
	if (contact != NULL && contact[0] != 0)
		snprintf(ending, sizeof(ending), "; for help: %s", contact);
	size_t reserved = strlen(ending);
	if (reserved > room - 1)
		reserved = room - 1;
	struct writer writer = {text, 0, room - 1 - reserved};
	expand(&writer, template, values);
	writer.room = room - 1;
	add(&writer, ending, reserved);
	text[writer.length] = 0;
	return writer.length;
}

const char *reply_text_unknown(const char *template, size_t *length)
{
	for (const char *at = strchr(template, '$'); at != NULL; at = strchr(at, '$')) {
		at++;
		*length = word_length(at);
		if (*at == '$')
			at++;
		else if (find(at, *length) == VALUES)
			return at;
	}
	return NULL;
}
