// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/name_file.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/seam/address.h"
#include "smtp/mailbox.h"

#define WHY 200u

struct entry {
	char text[MAILBOX_TEXT];
	char why[WHY]; // what is wrong and its cure
};

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

static void cut_comment(char *text)
{
	for (char *c = text; *c != '\0'; c++) {
		if ((*c == '#' || *c == ';') && (c == text || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			return;
		}
	}
}

// The domain with A-labels, malloc()ed; NULL with the reason.
static char *to_ascii(const char *domain, char why[WHY])
{
	char *ascii = NULL;
	int status = IDN2_OK;

	if (is_ascii(domain))
		ascii = strdup(domain);
	else
		status = idn2_to_ascii_8z(domain, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (status != IDN2_OK)
		snprintf(why, WHY,
			"is no international domain name (%s); write it in UTF-8, or its A-label",
			idn2_strerror(status));
	else if (ascii == NULL)
		snprintf(why, WHY, "can't be taken: no memory; free some");
	return status == IDN2_OK ? ascii : NULL;
}

// RFC 5321's grammar of user@domain, in entry->text as it is looked for.
static bool parse_mailbox(const char *local, const char *domain, struct entry *entry)
{
	char path[LIST_LINE_MAX * 2];
	struct mailbox mailbox;
	size_t taken, length;
	enum mailbox_error error;

	length = (size_t)snprintf(path, sizeof(path), "<%s@%s>", local, domain);
	error = length >= sizeof(path)
			? MAILBOX_TOO_LONG
			: mailbox_parse(path, length, MAILBOX_FORWARD, &mailbox, &taken);
	if (error == MAILBOX_OK && taken != length)
		error = MAILBOX_SYNTAX;
	switch (error) {
	case MAILBOX_OK:
		break;
	case MAILBOX_TOO_LONG:
		snprintf(entry->why, WHY,
			"is longer than an address can be (64 characters, @, 255); remove it");
		return false;
	case MAILBOX_EIGHT_BIT:
		snprintf(entry->why, WHY,
			"has other letters than ASCII before the @: no mail for it can come, as "
			"SMTPUTF8 is not offered; remove it");
		return false;
	default:
		snprintf(entry->why, WHY,
			"is no mail address; write user@example.org, user@ or @example.org");
		return false;
	}
	snprintf(entry->text, sizeof(entry->text), "%s@%s", mailbox.local, mailbox.domain);
	return true;
}

// `domain` as A-labels and in lower case behind "x@" in entry->text.
static bool parse_domain(const char *domain, struct entry *entry)
{
	struct bs_prefix prefix;
	char *ascii;
	bool good;

	if (bs_prefix_parse(domain, &prefix, NULL) != BS_PREFIX_MALFORMED) {
		snprintf(entry->why, WHY,
			"is an address of a host; a list of these needs of = client");
		return false;
	}
	if (strchr(domain, '*') != NULL) {
		snprintf(entry->why, WHY,
			"is a pattern; write .example.org for all that is under example.org");
		return false;
	}
	ascii = to_ascii(domain, entry->why);
	if (ascii == NULL)
		return false;
	size_t length = strlen(ascii);
	if (length > 1 && ascii[length - 1] == '.')
		ascii[length - 1] = '\0';
	good = ascii[0] != '[' && parse_mailbox("x", ascii, entry);
	free(ascii);
	if (!good)
		snprintf(entry->why, WHY,
			"is no domain name; write it like example.org, or .example.org for what is "
			"under it");
	return good;
}

static bool take_domain(const char *text, struct entry *entry)
{
	bool below = *text == '.';

	if (!parse_domain(text + below, entry))
		return false;
	memmove(entry->text + below, entry->text + 2, strlen(entry->text + 2) + 1);
	if (below)
		entry->text[0] = '.';
	return true;
}

// `at` is its last @.
static bool take_address(char *text, char *at, enum name_file_kind kind, struct entry *entry)
{
	char *ascii;
	bool good;

	if (at == text) {
		if (!parse_domain(at + 1, entry))
			return false;
		size_t start = kind == NAME_FILE_RECIPIENTS ? 1 : 2;
		memmove(entry->text, entry->text + start, strlen(entry->text + start) + 1);
		return true;
	}
	*at = '\0';
	if (at[1] == '\0') {
		good = parse_mailbox(text, "x", entry);
		if (good)
			entry->text[strlen(entry->text) - 1] = '\0';
	} else {
		ascii = to_ascii(at + 1, entry->why);
		good = ascii != NULL && parse_mailbox(text, ascii, entry);
		free(ascii);
	}
	*at = '@';
	for (char *c = entry->text; good && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return good;
}

static bool take_text(char *text, enum name_file_kind kind, struct entry *entry)
{
	char *at = strrchr(text, '@');

	if (text[0] != '"' && strpbrk(text, " \t,") != NULL) {
		snprintf(entry->why, WHY, "is more than one name; write one on each line");
		return false;
	}
	if (at != NULL && kind == NAME_FILE_DOMAINS) {
		snprintf(entry->why, WHY,
			"is a mail address; a list of these needs of = sender or of = recipient");
		return false;
	}
	if (at == NULL && kind == NAME_FILE_RECIPIENTS) {
		snprintf(entry->why, WHY,
			"has no @; write user@example.org, or @example.org for all of a domain");
		return false;
	}
	return at == NULL ? take_domain(text, entry) : take_address(text, at, kind, entry);
}

bool name_file_read(const char *file, enum name_file_kind kind,
	bool (*take)(void *context, const char *entry), void *context, size_t *count, FILE *errors)
{
	struct list_lines lines;
	struct entry entry;
	char *text, copy[LIST_QUOTED];

	*count = 0;
	if (!list_lines_open(&lines, file, errors))
		return false;
	while ((text = list_lines_next(&lines)) != NULL) {
		cut_comment(text);
		text = list_lines_entry(text, "");
		if (*text == '\0')
			continue;
		if (!take_text(text, kind, &entry)) {
			if (list_lines_fault(&lines))
				fprintf(errors, "\"%s\" %s\n", list_quoted(text, copy), entry.why);
		} else if (*count == NAME_FILE_ENTRIES) {
			list_lines_stop(&lines);
			fprintf(errors, "more than %u entries; join them as domains\n",
				NAME_FILE_ENTRIES);
		} else if (!take(context, entry.text)) {
			list_lines_stop(&lines);
			fprintf(errors, "no memory for more than %zu entries; free some\n", *count);
		} else {
			++*count;
		}
	}
	return list_lines_close(&lines);
}
