// SPDX-License-Identifier: BSD-3-Clause
//
// A configuration file as tokens: see the header.
#include "control/configuration/config_source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_bytes.h"

#define KEY_SHOWN 40

struct scan {
	struct config_source *source;
	struct faults *faults;
	unsigned faults_before;
	const char *at, *end;
	unsigned line;
	size_t room; // for tokens
	bool no_memory;
};

static void add_token(struct scan *scan, char kind, const char *text, size_t length, char quote)
{
	struct config_source *source = scan->source;

	if (source->token_count + 2 > scan->room) {
		size_t room = scan->room == 0 ? 64 : scan->room * 2;
		struct config_token *token = realloc(source->token, room * sizeof(*token));

		if (token == NULL) {
			scan->no_memory = true;
			return;
		}
		source->token = token;
		scan->room = room;
	}
	struct config_token *token = &source->token[source->token_count];

	*token = (struct config_token){.kind = kind, .line = scan->line, .quote = quote};
	if (text != NULL && (token->text = strndup(text, length)) == NULL) {
		scan->no_memory = true;
		return;
	}
	source->token_count++;
}

static bool is_word(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("._-:/%", c) != NULL);
}

// Skips from the opening of a C comment to behind its end.
static void skip_comment(struct scan *scan)
{
	unsigned opened = scan->line;

	for (scan->at += 2; scan->at < scan->end; scan->at++) {
		if (*scan->at == '\n')
			scan->line++;
		if (scan->end - scan->at >= 2 && memcmp(scan->at, "*/", 2) == 0) {
			scan->at += 2;
			return;
		}
	}
	faults_add(scan->faults, scan->source->file, opened,
		"a comment begins here and never ends; close it with */");
}

// "KEY: " when the line so far is a key and its value, else "".
static const char *key_before(const struct scan *scan, char text[KEY_SHOWN])
{
	const struct config_source *source = scan->source;

	text[0] = '\0';
	for (size_t i = source->token_count; i-- > 1 && source->token[i].line == scan->line;) {
		const struct config_token *key = &source->token[i - 1];

		if ((source->token[i].kind == '=' || source->token[i].kind == CONFIG_TOKEN_ADD) &&
			key->kind == CONFIG_TOKEN_TEXT) {
			snprintf(text, KEY_SHOWN, "%.32s: ", key->text);
			break;
		}
	}
	return text;
}

// A fault on the line that we are on, with the key if it is a value's.
#define SCAN_FAULT(scan, format, ...) \
	do { \
		char key_text[KEY_SHOWN]; \
		faults_add((scan)->faults, (scan)->source->file, (scan)->line, "%s" format, \
			key_before(scan, key_text), ##__VA_ARGS__); \
	} while (0)

// A quoted string, `at` on its first quote. Only what both kinds of quotes need may be escaped.
static void scan_string(struct scan *scan)
{
	const char *start = scan->at + 1;
	char quote = *scan->at;
	bool said = false;

	for (scan->at++; scan->at < scan->end && *scan->at != '\n'; scan->at++) {
		unsigned char c = (unsigned char)*scan->at;

		if (c == (unsigned char)quote) {
			add_token(
				scan, CONFIG_TOKEN_TEXT, start, (size_t)(scan->at - start), quote);
			scan->at++;
			return;
		}
		if (c == '\\') {
			char next = (char)(scan->end - scan->at > 1 ? scan->at[1] : '\0');

			if (next == '\\' || next == quote || (quote == '"' && next == '$'))
				scan->at++;
			else if (!said) {
				SCAN_FAULT(scan, "a backslash in a string; write two of them");
				said = true;
			}
		} else if (quote == '"' && c == '$' && scan->end - scan->at > 1 &&
			   scan->at[1] == '{' && !said) {
			SCAN_FAULT(scan, "${...} is not expanded; write the value itself");
			said = true;
		} else if ((c < ' ' && c != '\t') || c == 127) {
			if (!said)
				SCAN_FAULT(scan,
					"a control character (0x%02x) in a string; remove it", c);
			said = true;
		}
	}
	SCAN_FAULT(scan, "a string begins on this line and does not end on it; close it with %c",
		quote);
}

// What libConfuse would take into a value, or drop. After one of them the rest of the line would only give more faults.
static void stray_character(struct scan *scan)
{
	unsigned char c = (unsigned char)*scan->at;
	const char *newline;

	if (c == ';') {
		SCAN_FAULT(scan, "a ';' after the value; remove it, nothing stands between keys");
		scan->at++;
		return;
	}
	if (c == '$')
		SCAN_FAULT(
			scan, "'$' outside of quotes: nothing is expanded; write the value itself");
	else if (c > ' ' && c < 127)
		SCAN_FAULT(scan,
			"'%c' outside of quotes; put the whole value between double quotes", c);
	else
		SCAN_FAULT(scan,
			"a byte 0x%02x outside of quotes; remove it, or put the value between "
			"quotes",
			c);
	newline = memchr(scan->at, '\n', (size_t)(scan->end - scan->at));
	scan->at = newline == NULL ? scan->end : newline;
}

static void scan_token(struct scan *scan)
{
	const char *at = scan->at;
	size_t left = (size_t)(scan->end - at);

	if (*at == '\n') {
		scan->line++;
		scan->at++;
	} else if (*at == ' ' || *at == '\t' || (*at == '\r' && left > 1 && at[1] == '\n')) {
		scan->at++;
	} else if (*at == '#' || (left > 1 && memcmp(at, "//", 2) == 0)) {
		const char *newline = memchr(at, '\n', left);

		scan->at = newline == NULL ? scan->end : newline;
	} else if (left > 1 && memcmp(at, "/*", 2) == 0) {
		skip_comment(scan);
	} else if (*at == '"' || *at == '\'') {
		scan_string(scan);
	} else if (left > 1 && memcmp(at, "+=", 2) == 0) {
		add_token(scan, CONFIG_TOKEN_ADD, NULL, 0, 0);
		scan->at += 2;
	} else if (*at != '\0' && strchr("={}(),", *at) != NULL) {
		add_token(scan, *at, NULL, 0, 0);
		scan->at++;
	} else if (is_word((unsigned char)*at)) {
		size_t length = 1;

		while (length < left && is_word((unsigned char)at[length]))
			length++;
		add_token(scan, CONFIG_TOKEN_TEXT, at, length, 0);
		scan->at += length;
	} else {
		stray_character(scan);
	}
}

struct config_source *config_source_read(
	const char *file, const char *from_file, unsigned from_line, struct faults *faults)
{
	struct config_source *source = calloc(1, sizeof(*source));
	struct scan scan = {.source = source,
		.faults = faults,
		.faults_before = faults_count(faults),
		.line = 1};
	char *bytes = NULL;
	size_t count = 0;

	if (source == NULL || (source->file = strdup(file)) == NULL) {
		faults_add(faults, from_file, from_line, "no memory; free some");
		goto failed;
	}
	bytes = config_bytes_read(source, &count, from_file, from_line, faults);
	if (bytes == NULL)
		goto failed;
	scan.at = bytes;
	scan.end = bytes + count;
	while (scan.at < scan.end && !scan.no_memory)
		scan_token(&scan);
	add_token(&scan, CONFIG_TOKEN_FINAL, NULL, 0, 0);
	free(bytes);
	if (scan.no_memory)
		faults_add(faults, from_file, from_line, "no memory; free some");
	if (faults_count(faults) > scan.faults_before)
		goto failed;
	source->token_count--;
	return source;
failed:
	config_source_free(source);
	return NULL;
}

void config_source_free(struct config_source *source)
{
	if (source == NULL)
		return;
	for (size_t i = 0; i < source->token_count; i++)
		free(source->token[i].text);
	free(source->token);
	free(source->file);
	free(source);
}

char *config_source_text(const struct config_source *source)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned line = 1;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < source->token_count; i++) {
		const struct config_token *token = &source->token[i];

		for (; line < token->line; line++)
			fputc('\n', out);
		if (token->kind == CONFIG_TOKEN_ADD)
			fputs("+=", out);
		else if (token->kind != CONFIG_TOKEN_TEXT)
			fputc(token->kind, out);
		else if (token->quote != 0)
			fprintf(out, "%c%s%c", token->quote, token->text, token->quote);
		else
			fprintf(out, "'%s'", token->text);
		if (token->kind == '{' && i > 0) {
			char before = source->token[i - 1].kind;

			if (before == CONFIG_TOKEN_TEXT)
				fputs(" '" CONFIG_MARK "' = '" CONFIG_MARK "'", out);
			else if (source->token[i + 1].kind == '}')
				fputs("'" CONFIG_MARK "'", out);
		}
		fputc(' ', out);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
