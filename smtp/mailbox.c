// SPDX-License-Identifier: BSD-3-Clause
//
// The path grammar of RFC 5321, section 4.1.2. One function a rule; each moves a cursor over what it took and says
// what was wrong. The only liberty: '_' counts as a letter in domains, as senders' domains have it in the wild.
#include "smtp/mailbox.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *at;
	const char *end;
};

// The byte under the cursor, or -1 at the end.
static int peek(const struct cursor *cursor)
{
	return cursor->at < cursor->end ? (uint8_t)*cursor->at : -1;
}

static bool skip(struct cursor *cursor, char byte)
{
	if (peek(cursor) != (uint8_t)byte)
		return false;
	cursor->at++;
	return true;
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_let_dig(int byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '_';
}

// atext, RFC 5322, 3.2.3.
static bool is_atext(int byte)
{
	return byte > 0 && (is_let_dig(byte) || strchr("!#$%&'*+-/=?^`{|}~", byte) != NULL);
}

static char lower(int byte)
{
	return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

// What to call a byte that fits no rule.
static enum mailbox_error misfit(int byte)
{
	return byte >= 0x80 ? MAILBOX_EIGHT_BIT : MAILBOX_SYNTAX;
}

// Dot-string = Atom *("." Atom)
static enum mailbox_error parse_dot_string(struct cursor *cursor, char *local)
{
	size_t length = 0;
	bool atom = false;
	for (;; cursor->at++) {
		int byte = peek(cursor);
		if (byte == '.' && atom)
			atom = false;
		else if (is_atext(byte))
			atom = true;
		else
			break;
		if (length == MAILBOX_LOCAL)
			return MAILBOX_TOO_LONG;
		local[length++] = (char)byte;
	}
	local[length] = 0;
	return atom && peek(cursor) < 0x80 ? MAILBOX_OK : misfit(peek(cursor));
}

// True when the text is a Dot-string, so that it needs no quotes.
static bool is_dot_string(const char *local)
{
	bool atom = false;
	for (; *local != 0; local++) {
		if (*local == '.' && !atom)
			return false;
		if (*local != '.' && !is_atext(*local))
			return false;
		atom = *local != '.';
	}
	return atom;
}

// Quoted-string = DQUOTE *QcontentSMTP DQUOTE; the cursor stands behind the first DQUOTE.
static enum mailbox_error parse_quoted_string(struct cursor *cursor, struct mailbox *mailbox)
{
	size_t length = 0;
	while (!skip(cursor, '"')) {
		skip(cursor, '\\');
		int byte = peek(cursor);
		if (byte < 32 || byte > 126)
			return misfit(byte);
		if (length == MAILBOX_LOCAL)
			return MAILBOX_TOO_LONG;
		mailbox->local[length++] = (char)byte;
		cursor->at++;
	}
	mailbox->local[length] = 0;
	mailbox->quoted = !is_dot_string(mailbox->local);
	return MAILBOX_OK;
}

// Domain = sub-domain *("." sub-domain); a label has at most 63 bytes (RFC 1035, 2.3.4). `domain` may be NULL: a
// source route is only walked over.
static enum mailbox_error parse_domain(struct cursor *cursor, char *domain)
{
	size_t length = 0, label = 0;
	int last = '.';
	for (;; cursor->at++) {
		int byte = peek(cursor);
		if (byte == '.' ? !is_let_dig(last)
				: !is_let_dig(byte) && !(byte == '-' && last != '.'))
			break;
		label = byte == '.' ? 0 : label + 1;
		if (length == MAILBOX_DOMAIN || label > 63)
			return MAILBOX_TOO_LONG;
		if (domain != NULL)
			domain[length] = lower(byte);
		length++;
		last = byte;
	}
	if (domain != NULL)
		domain[length] = 0;
	return is_let_dig(last) && peek(cursor) < 0x80 ? MAILBOX_OK : misfit(peek(cursor));
}

// address-literal = "[" ( IPv4-address-literal / IPv6-address-literal ) "]", section 4.1.3. No other tag was ever
// registered, so General-address-literal is refused.
static enum mailbox_error parse_literal(struct cursor *cursor, char *domain)
{
	size_t length = 0;
	while (peek(cursor) != ']') {
		int byte = peek(cursor);
		if (byte < 33 || byte > 126)
			return misfit(byte);
		if (length == INET6_ADDRSTRLEN + sizeof("[ipv6:"))
			return MAILBOX_SYNTAX;
		domain[length++] = lower(byte);
		cursor->at++;
	}
	domain[length++] = ']';
	cursor->at++;
	domain[length] = 0;

	char inside[INET6_ADDRSTRLEN + sizeof("[ipv6:")];
	uint8_t octets[16];
	memcpy(inside, domain + 1, length - 2);
	inside[length - 2] = 0;
	bool good = strncmp(inside, "ipv6:", 5) == 0 ? inet_pton(AF_INET6, inside + 5, octets) == 1
						     : inet_pton(AF_INET, inside, octets) == 1;
	return good ? MAILBOX_OK : MAILBOX_SYNTAX;
}

// A-d-l ":" = "@" Domain *( "," "@" Domain ) ":"; "MUST be accepted, SHOULD NOT be generated, and SHOULD be ignored".
static enum mailbox_error skip_source_route(struct cursor *cursor)
{
	while (skip(cursor, '@')) {
		enum mailbox_error error = parse_domain(cursor, NULL);
		if (error != MAILBOX_OK)
			return error;
		if (skip(cursor, ':'))
			return MAILBOX_OK;
		if (!skip(cursor, ','))
			return misfit(peek(cursor));
	}
	return misfit(peek(cursor));
}

// Mailbox = Local-part "@" ( Domain / address-literal )
static enum mailbox_error parse_mailbox(
	struct cursor *cursor, enum mailbox_path path, struct mailbox *mailbox)
{
	enum mailbox_error error = skip(cursor, '"') ? parse_quoted_string(cursor, mailbox)
						     : parse_dot_string(cursor, mailbox->local);
	if (error != MAILBOX_OK)
		return error;
	if (skip(cursor, '@')) {
		if (peek(cursor) == '[')
			return parse_literal(cursor, mailbox->domain);
		return parse_domain(cursor, mailbox->domain);
	}
	if (path != MAILBOX_FORWARD || !mailbox_local_is(mailbox, "postmaster"))
		return misfit(peek(cursor));
	strcpy(mailbox->local, "postmaster");
	return MAILBOX_OK;
}

enum mailbox_error mailbox_parse(const char *text, size_t length, enum mailbox_path path,
	struct mailbox *mailbox, size_t *taken)
{
	struct cursor cursor = {text, text + length};
	memset(mailbox, 0, sizeof(*mailbox));
	if (!skip(&cursor, '<'))
		return misfit(peek(&cursor));
	if (peek(&cursor) != '>' || path != MAILBOX_REVERSE) {
		enum mailbox_error error = MAILBOX_OK;
		if (peek(&cursor) == '@')
			error = skip_source_route(&cursor);
		if (error == MAILBOX_OK)
			error = parse_mailbox(&cursor, path, mailbox);
		if (error != MAILBOX_OK)
			return error;
	}
	if (!skip(&cursor, '>'))
		return misfit(peek(&cursor));
	*taken = (size_t)(cursor.at - text);
	return MAILBOX_OK;
}

char *mailbox_format(const struct mailbox *mailbox, char text[MAILBOX_TEXT])
{
	char *to = text;
	if (mailbox->quoted)
		*to++ = '"';
	for (const char *from = mailbox->local; *from != 0; from++) {
		if (mailbox->quoted && (*from == '"' || *from == '\\'))
			*to++ = '\\';
		*to++ = *from;
	}
	if (mailbox->quoted)
		*to++ = '"';
	if (mailbox->domain[0] != 0)
		*to++ = '@';
	memcpy(to, mailbox->domain, strlen(mailbox->domain) + 1);
	return text;
}

bool mailbox_equal(const struct mailbox *a, const struct mailbox *b)
{
	return strcmp(a->local, b->local) == 0 && strcmp(a->domain, b->domain) == 0;
}

bool mailbox_local_is(const struct mailbox *mailbox, const char *name)
{
	return strcasecmp(mailbox->local, name) == 0;
}
