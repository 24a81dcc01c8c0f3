// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/text.h"
#include "smtp/spf/macro.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DELIMITERS ".-+,/_="

// Of what a macro stands for: the longest is %{s}.
#define VALUE (64 + 1 + 255 + 1)

// One macro-expand, taken apart.
struct macro {
	char letter;  // lower case; or '%', '_', '-' of %%, %_, %-
	bool escaped; // it was upper case
	bool reversed;
	unsigned right;     // parts to keep, 0: all
	char delimiters[8]; // each once
};

static bool add_delimiter(struct macro *macro, char byte)
{
	if (byte == 0 || strchr(DELIMITERS, byte) == NULL)
		return false;
	if (strchr(macro->delimiters, byte) == NULL)
		macro->delimiters[strlen(macro->delimiters)] = byte;
	return true;
}

// Takes the macro at the start of `text`, which begins with '%'. Its length, or 0 when it is none.
static size_t take_macro(const char *text, size_t length, struct macro *macro)
{
	memset(macro, 0, sizeof(*macro));
	if (length < 2)
		return 0;
	if (text[1] == '%' || text[1] == '_' || text[1] == '-') {
		macro->letter = text[1];
		return 2;
	}
	if (length < 4 || text[1] != '{')
		return 0;
	unsigned char letter = (unsigned char)text[2];
	macro->letter = (char)tolower(letter);
	macro->escaped = isupper(letter) != 0;
	if (strchr("slodiphcrtv", macro->letter) == NULL || letter == 0)
		return 0;
	size_t at = 3;
	bool digits = false;
	for (; at < length && isdigit((unsigned char)text[at]); at++) {
		digits = true;
		macro->right = macro->right * 10 + (unsigned)(text[at] - '0');
		if (macro->right >
			128) // RFC 7208, 7.3: at least that many must be borne; a name has no more labels
			macro->right = 128;
	}
	if (digits && macro->right == 0) // RFC 7208, 7.3: must be nonzero
		return 0;
	if (at < length && (text[at] == 'r' || text[at] == 'R')) {
		macro->reversed = true;
		at++;
	}
	for (; at < length && text[at] != '}'; at++)
		if (!add_delimiter(macro, text[at]))
			return 0;
	if (at == length)
		return 0;
	if (macro->delimiters[0] == 0)
		macro->delimiters[0] = '.';
	return at + 1;
}

// `*literal` becomes where the text behind the last macro begins.
static bool scan(const char *text, size_t length, bool explanation, size_t *literal)
{
	struct macro macro;
	*literal = 0;
	for (size_t at = 0; at < length;) {
		unsigned char byte = (unsigned char)text[at];
		if (byte != '%') {
			if (byte < 0x21 || byte > 0x7e)
				return false;
			at++;
			continue;
		}
		size_t taken = take_macro(text + at, length - at, &macro);
		if (taken == 0 || (!explanation && strchr("crt", macro.letter) != NULL))
			return false;
		at += taken;
		*literal = at;
	}
	return true;
}

bool spf_macro_string(const char *text, size_t length, bool explanation)
{
	size_t literal;
	return scan(text, length, explanation, &literal);
}

static bool top_label(const char *text, size_t length)
{
	bool all_digits = true;
	if (length == 0 || text[0] == '-' || text[length - 1] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-')
			return false;
		all_digits = all_digits && isdigit((unsigned char)text[i]);
	}
	return !all_digits;
}

bool spf_domain_spec(const char *text, size_t length)
{
	size_t literal;
	if (length == 0 || !scan(text, length, false, &literal))
		return false;
	if (literal == length)
		return true;
	if (text[length - 1] == '.')
		length--;
	size_t label = length;
	while (label > literal && text[label - 1] != '.')
		label--;
	return label > literal && top_label(text + label, length - label);
}

bool spf_macro_needs_name(const char *text, size_t length)
{
	struct macro macro;
	for (size_t at = 0; at < length;) {
		if (text[at] != '%') {
			at++;
			continue;
		}
		at += take_macro(text + at, length - at, &macro);
		if (macro.letter == 'p')
			return true;
	}
	return false;
}

// The end of a name that is being put together: what is far to the left would be cut off in any case.
struct tail {
	size_t used;
	char bytes[4 * DNS_NAME];
};

static void append(struct tail *tail, char byte)
{
	if (tail->used == sizeof(tail->bytes)) {
		size_t keep = sizeof(tail->bytes) / 2;
		memmove(tail->bytes, tail->bytes + tail->used - keep, keep);
		tail->used = keep;
	}
	tail->bytes[tail->used++] = byte;
}

// RFC 7208, 7.3: in upper case all but RFC 3986's unreserved characters are escaped.
static void append_escaped(struct tail *tail, char byte)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char value = (unsigned char)byte;
	if (isalnum(value) || (byte != 0 && strchr("-._~", byte) != NULL)) {
		append(tail, byte);
		return;
	}
	append(tail, '%');
	append(tail, hex[value >> 4]);
	append(tail, hex[value & 15]);
}

static void nibbles(const struct bs_address *address, char value[VALUE])
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < 16; i++) {
		value[4 * i] = hex[address->octet[i] >> 4];
		value[4 * i + 1] = value[4 * i + 3] = '.';
		value[4 * i + 2] = hex[address->octet[i] & 15];
	}
	value[63] = 0;
}

static void value_of(char letter, const struct spf_macro_values *values, char value[VALUE])
{
	bool ipv4 = bs_address_is_ipv4(values->client);
	const char *text = "";
	switch (letter) {
	case 's':
		bs_print(value, VALUE, "%s@%s", values->local, values->domain);
		return;
	case 'i':
		if (ipv4)
			bs_address_format(values->client, value);
		else
			nibbles(values->client, value);
		return;
	case 'l':
		text = values->local;
		break;
	case 'o':
		text = values->domain;
		break;
	case 'd':
		text = values->current;
		break;
	case 'p':
		text = values->client_name;
		break;
	case 'h':
		text = values->helo;
		break;
	case 'v':
		text = ipv4 ? "in-addr" : "ip6";
		break;
	default:
		break;
	}
	bs_print(value, VALUE, "%s", text);
}

// Splits, reverses, keeps the right-hand parts, joins with dots (RFC 7208, 7.3).
static void append_value(struct tail *tail, const struct macro *macro, const char *value)
{
	uint16_t start[VALUE], end[VALUE];
	unsigned count = 0, from = 0;
	for (unsigned at = 0;; at++) {
		if (value[at] != 0 && strchr(macro->delimiters, value[at]) == NULL)
			continue;
		start[count] = (uint16_t)from;
		end[count++] = (uint16_t)at;
		from = at + 1;
		if (value[at] == 0)
			break;
	}
	unsigned skip = macro->right > 0 && macro->right < count ? count - macro->right : 0;
	for (unsigned i = skip; i < count; i++) {
		unsigned part = macro->reversed ? count - 1 - i : i;
		if (i > skip)
			append(tail, '.');
		for (unsigned at = start[part]; at < end[part]; at++) {
			if (macro->escaped)
				append_escaped(tail, value[at]);
			else
				append(tail, value[at]);
		}
	}
}

static void append_macro(
	struct tail *tail, const struct macro *macro, const struct spf_macro_values *values)
{
	char value[VALUE];
	switch (macro->letter) {
	case '%':
		append(tail, '%');
		break;
	case '_':
		append(tail, ' ');
		break;
	case '-':
		append(tail, '%');
		append(tail, '2');
		append(tail, '0');
		break;
	default:
		value_of(macro->letter, values, value);
		append_value(tail, macro, value);
	}
}

bool spf_expand(
	const char *text, size_t length, const struct spf_macro_values *values, char name[DNS_NAME])
{
	struct tail tail = {0};
	struct macro macro;
	for (size_t at = 0; at < length;) {
		size_t taken = text[at] == '%' ? take_macro(text + at, length - at, &macro) : 0;
		if (taken > 0)
			append_macro(&tail, &macro, values);
		else
			append(&tail, text[at]);
		at += taken > 0 ? taken : 1;
	}
	if (tail.used > 0 && tail.bytes[tail.used - 1] == '.')
		tail.used--;
	size_t from = 0;
	while (tail.used - from > DNS_NAME - 1) {
		const char *dot = memchr(tail.bytes + from, '.', tail.used - from);
		if (dot == NULL)
			return false;
		from = (size_t)(dot - tail.bytes) + 1;
	}
	memcpy(name, tail.bytes + from, tail.used - from);
	name[tail.used - from] = 0;
	return tail.used > from && strlen(name) == tail.used - from;
}
