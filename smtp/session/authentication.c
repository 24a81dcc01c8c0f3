// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/session/authentication.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer {
	char *text;
	size_t used;
};

static void put(struct writer *writer, char byte)
{
	if (writer->used < AUTHENTICATION_TEXT - 1)
		writer->text[writer->used++] = byte;
}

static void say(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct writer *writer, const char *format, ...)
{
	char part[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(part, sizeof(part), format, arguments);
	va_end(arguments);
	for (const char *byte = part; *byte != 0; byte++)
		put(writer, *byte);
}

static char clean(char byte)
{
	return (char)(byte >= ' ' && byte <= '~' ? byte : '?');
}

// RFC 5322, 3.2.2: in a comment parentheses and backslashes are quoted.
static void say_comment(struct writer *writer, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '(' || *text == ')' || *text == '\\')
			put(writer, '\\');
		put(writer, clean(*text));
	}
}

// A value: as it is where RFC 2045's token and RFC 5322's dot-atom both allow that, else as a quoted-string.
static void say_value(struct writer *writer, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
	size_t length = strlen(text);
	if (length > 0 && strspn(text, plain) == length && text[0] != '.' &&
		text[length - 1] != '.' && strstr(text, "..") == NULL) {
		say(writer, "%s", text);
		return;
	}
	put(writer, '"');
	for (; *text != 0; text++) {
		if (*text == '"' || *text == '\\')
			put(writer, '\\');
		put(writer, clean(*text));
	}
	put(writer, '"');
}

// RFC 8601, 2.2: an address may stand as it is; with a literal for its domain it may not.
static void say_mailbox(struct writer *writer, const struct mailbox *mailbox)
{
	char text[MAILBOX_TEXT];
	mailbox_format(mailbox, text);
	if (mailbox->domain[0] == '[')
		say_value(writer, text);
	else
		say(writer, "%s", text);
}

static bool is_bounce(const struct authentication *authentication)
{
	return authentication->sender == NULL || authentication->sender->domain[0] == 0;
}

static void say_method(struct writer *writer, const struct spf_outcome *outcome)
{
	say(writer, ";\r\n\tspf=%s (", spf_result_name(outcome->result));
	say_comment(writer, outcome->detail);
	say(writer, ")\r\n\t smtp.");
}

static void say_iprev(struct writer *writer, const struct authentication *authentication)
{
	static const char *const names[] = {[IPREV_PASS] = "pass",
		[IPREV_FAIL] = "fail",
		[IPREV_TEMPERROR] = "temperror",
		[IPREV_PERMERROR] = "permerror"};
	char address[BS_ADDRESS_TEXT];
	say(writer, ";\r\n\tiprev=%s policy.iprev=", names[authentication->iprev]);
	say_value(writer, bs_address_format(&authentication->client, address));
	if (authentication->iprev != IPREV_PASS || authentication->client_name == NULL)
		return;
	say(writer, " (");
	say_comment(writer, authentication->client_name);
	say(writer, ")");
}

static void say_results(struct writer *writer, const struct authentication *authentication)
{
	say(writer, "Authentication-Results: %s", authentication->hostname);
	if (authentication->spf != NULL && !is_bounce(authentication)) {
		say_method(writer, authentication->spf);
		say(writer, "mailfrom=");
		say_mailbox(writer, authentication->sender);
	}
	// RFC 7208, 2.4: that of <> is the HELO's
	const struct spf_outcome *helo = authentication->spf_helo != NULL ? authentication->spf_helo
					 : is_bounce(authentication)      ? authentication->spf
									  : NULL;
	if (helo != NULL) {
		say_method(writer, helo);
		say(writer, "helo=");
		say_value(writer, authentication->helo);
	}
	if (authentication->iprev != IPREV_UNKNOWN)
		say_iprev(writer, authentication);
	say(writer, "\r\n");
}

static void say_received_spf(struct writer *writer, const struct authentication *authentication,
	const struct spf_outcome *outcome, const char *identity)
{
	char address[BS_ADDRESS_TEXT], sender[MAILBOX_TEXT] = "";
	if (authentication->sender != NULL)
		mailbox_format(authentication->sender, sender);
	say(writer, "Received-SPF: %s (%s: ", spf_result_name(outcome->result),
		authentication->hostname);
	say_comment(writer, outcome->detail);
	say(writer, ")\r\n\treceiver=");
	say_value(writer, authentication->hostname);
	say(writer, "; identity=%s; client-ip=", identity);
	say_value(writer, bs_address_format(&authentication->client, address));
	say(writer, ";\r\n\tenvelope-from=");
	say_value(writer, sender);
	say(writer, ";\r\n\thelo=");
	say_value(writer, authentication->helo);
	say(writer, "\r\n");
}

size_t authentication_format(
	const struct authentication *authentication, char text[AUTHENTICATION_TEXT])
{
	struct writer writer = {text, 0};
	const struct spf_outcome *spf = authentication->spf, *helo = authentication->spf_helo;
	if (spf != NULL || helo != NULL || authentication->iprev != IPREV_UNKNOWN)
		say_results(&writer, authentication);
	if (spf != NULL)
		say_received_spf(&writer, authentication, spf, "mailfrom");
	if (helo != NULL)
		say_received_spf(&writer, authentication, helo, "helo");
	text[writer.used] = 0;
	return writer.used;
}
