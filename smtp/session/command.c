// SPDX-License-Identifier: BSD-3-Clause
//
// Command lines taken apart.
#include "smtp/session/command.h"

#include <string.h>
#include <strings.h>

static const char *const names[VERB_COUNT] = {
#define X(identifier, name) name,
	VERBS(X)
#undef X
		[VERB_UNKNOWN] = "UNKNOWN",
	[VERB_GARBAGE] = "UNKNOWN",
};

static const char *const lower_names[VERB_COUNT] = {"helo", "ehlo", "starttls", "auth", "mail",
	"rcpt", "data", "bdat", "rset", "noop", "vrfy", "expn", "etrn", "quit", "help", "unknown",
	"unknown"};

const char *verb_name(enum verb verb)
{
	return names[verb];
}

const char *verb_lower_name(enum verb verb)
{
	return lower_names[verb];
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool has_control(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((uint8_t)line[i] < 32 || line[i] == 127)
			return true;
	return false;
}

static enum verb find_verb(const char *word, size_t length)
{
	char first = (char)(word[0] & ~0x20);
	for (int verb = 0; verb < VERB_UNKNOWN; verb++)
		if (names[verb][0] == first && strncasecmp(word, names[verb], length) == 0 &&
			names[verb][length] == 0)
			return (enum verb)verb;
	return VERB_UNKNOWN;
}

static void skip_spaces(struct command *command)
{
	while (command->length > 0 && *command->argument == ' ') {
		command->argument++;
		command->length--;
	}
}

// Methods of HTTP (RFC 9110, 9.3) that are words of no mail server; PRI begins HTTP/2 (RFC 9113, 3.4).
static bool is_http(const char *word, size_t length)
{
	static const char *const methods[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "CONNECT",
		"OPTIONS", "TRACE", "PATCH", "PRI"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i]) == length && strncasecmp(word, methods[i], length) == 0)
			return true;
	return false;
}

// "Name:" (RFC 5322, 2.2: any printable byte but a colon), unless the name is a command, said wrongly ("RCPT:<a@b>").
static bool is_header(const char *word, size_t length)
{
	const char *colon = memchr(word, ':', length);
	return colon != NULL && find_verb(word, (size_t)(colon - word)) == VERB_UNKNOWN;
}

static enum command_sort find_sort(const char *word, size_t length)
{
	if (is_http(word, length) || (length >= 4 && memcmp(word, "SSH-", 4) == 0)) // RFC 4253, 4.2
		return COMMAND_FOREIGN;
	return is_header(word, length) ? COMMAND_HEADER : COMMAND_SMTP;
}

void command_parse(const char *line, size_t length, struct command *command)
{
	while (length > 0 && line[length - 1] == ' ')
		length--;
	*command = (struct command){VERB_GARBAGE, COMMAND_SMTP, line, length};
	if (length > 0 && line[0] == COMMAND_TLS_HANDSHAKE)
		command->sort = COMMAND_FOREIGN;
	if (length == 0 || !is_letter(line[0]) || has_control(line, length))
		return;
	const char *space = memchr(line, ' ', length);
	size_t word = space == NULL ? length : (size_t)(space - line);
	command->verb = word < 16 ? find_verb(line, word) : VERB_UNKNOWN;
	if (command->verb == VERB_UNKNOWN)
		command->sort = find_sort(line, word);
	command->argument += word;
	command->length -= word;
	skip_spaces(command);
}

enum path_error command_path(
	struct command *command, enum mailbox_path path, struct mailbox *mailbox)
{
	const char *keyword = path == MAILBOX_REVERSE ? "FROM:" : "TO:";
	size_t length = strlen(keyword);
	if (command->length < length || strncasecmp(command->argument, keyword, length) != 0)
		return PATH_MISSING;
	command->argument += length;
	command->length -= length;
	skip_spaces(command);
	if (command->length == 0 || *command->argument != '<')
		return PATH_MISSING;

	size_t taken = 0;
	switch (mailbox_parse(command->argument, command->length, path, mailbox, &taken)) {
	case MAILBOX_OK:
		break;
	case MAILBOX_EIGHT_BIT:
		return PATH_EIGHT_BIT;
	case MAILBOX_SYNTAX:
	case MAILBOX_TOO_LONG:
		return PATH_MALFORMED;
	}
	if (taken < command->length && command->argument[taken] != ' ')
		return PATH_MALFORMED;
	command->argument += taken;
	command->length -= taken;
	skip_spaces(command);
	return PATH_OK;
}

// size-value = 1*20DIGIT (RFC 1870, section 5). What overflows is certainly too large.
static bool parse_size(const char *value, size_t length, uint64_t *size)
{
	if (length == 0 || length > 20)
		return false;
	*size = 0;
	for (size_t i = 0; i < length; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		if (__builtin_mul_overflow(*size, 10, size) ||
			__builtin_add_overflow(*size, (uint64_t)(value[i] - '0'), size)) {
			*size = UINT64_MAX;
			return true;
		}
	}
	return true;
}

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && strncasecmp(word, name, length) == 0;
}

// esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"); esmtp-value = 1*(%d33-60 / %d62-126). `keyword` becomes
// the keyword's length.
static bool split_parameter(const char *word, size_t length, size_t *keyword)
{
	const char *equals = memchr(word, '=', length);
	*keyword = equals == NULL ? length : (size_t)(equals - word);
	for (size_t i = 0; i < *keyword; i++)
		if (!is_letter(word[i]) && !(word[i] >= '0' && word[i] <= '9') &&
			!(word[i] == '-' && i > 0))
			return false;
	for (size_t i = *keyword + 1; i < length; i++)
		if (word[i] == '=' || (word[i] & 0x80) != 0)
			return false;
	return *keyword > 0 && *keyword + 1 != length;
}

static enum parameter_error parse_parameter(
	const char *word, size_t length, struct mail_parameters *parameters, unsigned *seen)
{
	size_t keyword;
	if (!split_parameter(word, length, &keyword))
		return PARAMETER_MALFORMED;
	const char *value = word + keyword + 1;
	size_t value_length = keyword < length ? length - keyword - 1 : 0;

	bool size = word_is(word, keyword, "SIZE");
	if (parameters == NULL || (!size && !word_is(word, keyword, "BODY")))
		return PARAMETER_UNSUPPORTED;
	unsigned bit = size ? 1 : 2;
	if ((*seen & bit) != 0)
		return PARAMETER_MALFORMED;
	*seen |= bit;
	if (size)
		return parse_size(value, value_length, &parameters->size) ? PARAMETER_OK
									  : PARAMETER_MALFORMED;
	parameters->eight_bit = word_is(value, value_length, "8BITMIME");
	return parameters->eight_bit || word_is(value, value_length, "7BIT") ? PARAMETER_OK
									     : PARAMETER_MALFORMED;
}

enum parameter_error command_parameters(
	const struct command *command, struct mail_parameters *parameters)
{
	const char *at = command->argument, *end = at + command->length;
	unsigned seen = 0;
	if (parameters != NULL)
		*parameters = (struct mail_parameters){0};
	while (at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		const char *stop = space == NULL ? end : space;
		if (stop > at) {
			enum parameter_error error = parse_parameter(
				at, (size_t)(stop - at), parameters, &seen);
			if (error != PARAMETER_OK)
				return error;
		}
		at = stop < end ? stop + 1 : end;
	}
	return PARAMETER_OK;
}
