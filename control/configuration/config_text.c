// SPDX-License-Identifier: BSD-3-Clause
//
// Which texts are good names, paths, addresses of devices: see the header.
#include "control/configuration/config_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "control/configuration/config_values.h"
#include "smtp/checks/reply_text.h"
#include "smtp/dns/servers.h"
#include "smtp/relay/relay_place.h"

#define DOMAIN_MOST 253 // RFC 1035, 2.3.4, without the final dot and the root's length
#define LABEL_MOST  63
#define LOCAL_MOST  64

static bool refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, CONFIG_WHY, format, arguments);
	va_end(arguments);
	return false;
}

static bool only(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

#define DIGITS "0123456789"
#define DELIMITERS \
	"!#$%&'*+-./=?^_`{|}~" // atext without letters and digits (RFC 5322, 3.2.3), and the dot
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static bool label(const char *start, size_t length)
{
	if (length == 0 || length > LABEL_MOST || start[0] == '-' || start[length - 1] == '-')
		return false;
	return strspn(start, LETTERS DIGITS "-") >= length;
}

bool config_text_domain(const char *text, unsigned labels_least, char *why)
{
	const char *start = text, *last = text;
	unsigned labels = 0;

	if (text[0] == '\0')
		return refuse(why, "an empty name; write one like \"example.org\"");
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80)
			return refuse(why,
				"'%.100s' has letters that DNS does not know; write the A-label, "
				"like "
				"\"xn--bcher-kva.example\" (idn2 NAME prints it)",
				text);
	}
	if (strlen(text) > DOMAIN_MOST)
		return refuse(why, "longer than %d characters; no domain name is", DOMAIN_MOST);
	for (;;) {
		size_t length = strcspn(start, ".");

		if (!label(start, length))
			return refuse(why,
				"'%.100s' is no domain name; write letters, digits and hyphens "
				"between dots, like \"example.org\"",
				text);
		labels++;
		last = start;
		if (start[length] == '\0')
			break;
		start += length + 1;
	}
	if (only(last, DIGITS))
		return refuse(why, "'%.100s' ends in a number; write a name, not an address", text);
	if (labels < labels_least)
		return refuse(why,
			"'%.100s' is not fully qualified; write it with its domain, like "
			"\"mx1.example.org\"",
			text);
	return true;
}

bool config_text_title(const char *text, size_t most, char *why)
{
	size_t length = strlen(text);

	if (length == 0 || length > most || !only(text, LETTERS DIGITS "._-"))
		return refuse(why,
			"'%.60s' is no name; write 1 to %zu letters, digits, '.', '_' or '-'", text,
			most);
	return true;
}

// RFC 5321, 4.5.3.1.1: 64 octets of local part. Quoted ones have no policy of their own.
bool config_text_recipient(const char *text, char *why)
{
	const char *at = strchr(text, '@');
	size_t length = at == NULL ? 0 : (size_t)(at - text);

	if (length == 0 || length > LOCAL_MOST ||
		strspn(text, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~.") != length)
		return refuse(why,
			"'%.60s' is no recipient; write \"user@example.org\", or \"user@\" for all "
			"domains",
			text);
	return at[1] == '\0' || config_text_domain(at + 1, 1, why);
}

static bool path(const char *text, char *why)
{
	if (text[0] != '/')
		return refuse(why, "'%.100s' is not an absolute path; begin it with '/'", text);
	return true;
}

// Domain:bus:device.function, as DPDK wants it: 0000:03:00.0.
static bool pci(const char *text, char *why)
{
	static const char form[] = "xxxx:xx:xx.o";

	for (size_t i = 0; i < sizeof(form); i++) {
		char f = form[i], c = text[i];
		bool good = f == 'x'   ? isxdigit((unsigned char)c) != 0
			    : f == 'o' ? c >= '0' && c <= '7'
				       : f == c;

		if (!good)
			return refuse(why,
				"'%.40s' is no PCI address; write it like \"0000:03:00.0\" "
				"(lspci -D prints it)",
				text);
	}
	return true;
}

// It may hold a secret key, so that faults don't show it.
static bool zone(const char *text, char *why)
{
	char other[CONFIG_WHY];

	if (!config_text_domain(text, 2, other))
		return refuse(why,
			"no name of a zone (not shown, it may hold a key); write one like "
			"\"zen.spamhaus.org\"");
	return true;
}

// What the kernel allows (dev_valid_name), less what no sane name has.
static bool interface(const char *text, char *why)
{
	if (text[0] == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
		!only(text, LETTERS DIGITS "._-"))
		return refuse(why,
			"'%.40s' is no interface name; write 1 to 15 letters, digits, '.', '_' or "
			"'-'",
			text);
	return true;
}

static bool backend(const char *text, char *why)
{
	static const char maildir[] = "maildir:";

	if (relay_place_is(text)) {
		struct relay_place place;
		char fault[160];
		return relay_place_parse(text, &place, fault) || refuse(why, "%s", fault);
	}
	if (strncmp(text, maildir, sizeof(maildir) - 1) != 0)
		return refuse(why,
			"'%.60s' is of no known scheme; write \"maildir:/PATH\", "
			"\"smtp://HOST:PORT\", \"lmtp://HOST:PORT\" or \"lmtp:///SOCKET\"",
			text);
	return path(text + sizeof(maildir) - 1, why);
}

static bool log_target(const char *text, char *why)
{
	if (strcmp(text, "syslog") == 0 || strcmp(text, "journal") == 0 ||
		strcmp(text, "stderr") == 0)
		return true;
	if (strncmp(text, "file:", 5) != 0)
		return refuse(why,
			"'%.60s' is no place for a log; write syslog, journal, stderr or "
			"\"file:/PATH\"",
			text);
	return path(text + 5, why);
}

// RFC 5321, 4.2: a reply is printable ASCII.
static bool printable(const char *text, char *why)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			return refuse(why,
				"only printable ASCII can be sent in a reply; write it without");
	}
	return true;
}

static bool known_words(const struct config_key *key, const char *text, char *why)
{
	size_t length;
	const char *word = reply_text_unknown(text, &length);
	if (strcmp(key->name, "early-talk") == 0 && strchr(text, '$') != NULL)
		return refuse(why, "nothing is known of a client that early; write it without $");
	return word == NULL ||
	       refuse(why,
		       "'$%.*s' stands for nothing; write $client, $name, $helo, $sender, "
		       "$sender-domain, $recipient, $detail, or $$ for a dollar",
		       (int)(length < 40 ? length : 40), word);
}

bool config_text_check(const struct config_key *key, const char *text, char *why)
{
	char fault[DNS_SERVER_WHY];
	if (strlen(text) > key->most)
		return refuse(why, "longer than %u characters; shorten it", (unsigned)key->most);
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			return refuse(why, "a tab or control character; remove it");
	}
	switch (key->kind) {
	case KIND_HOSTNAME:
		return config_text_domain(text, 2, why);
	case KIND_TEXT:
		return printable(text, why);
	case KIND_REPLY:
		return printable(text, why) && known_words(key, text, why);
	case KIND_DELIMITERS:
		return only(text, DELIMITERS) ||
		       refuse(why,
			       "'%.20s' can't part a name from its extension; write + or others of "
			       "+-=_#.",
			       text);
	case KIND_PCI:
		return text[0] == '\0' || pci(text, why);
	case KIND_ZONE:
		return zone(text, why);
	case KIND_SERVERS:
		return dns_servers_parse(text, &(struct dns_servers){0}, fault) ||
		       refuse(why, "%s", fault);
	case KIND_POINT: // which it must be is known when the section is (control/configuration/config_dnsl.c)
		return only(text, LETTERS DIGITS ".:- ") ||
		       refuse(why,
			       "'%.63s' is no test point; write an address like "
			       "\"127.0.0.2\", or a name",
			       text);
	case KIND_INTERFACE:
		return text[0] == '\0' || interface(text, why);
	case KIND_BACKEND:
		return backend(text, why);
	case KIND_LOG:
		return log_target(text, why);
	case KIND_SYSLOG_NAME:
		if (text[0] == '\0' || !only(text, LETTERS DIGITS "._/-"))
			return refuse(why,
				"'%.60s' is no name; write letters, digits, '.', '_', '/' or "
				"'-'",
				text);
		return true;
	case KIND_PATH:
		return (key->least == 0 && text[0] == '\0') || path(text, why);
	case KIND_FILES:
		return path(text, why);
	default:
		return true;
	}
}

void config_text_print(const char *text, FILE *out)
{
	fputc('"', out);
	for (; text != NULL && *text != '\0'; text++) {
		if (strchr("\"\\$", *text) !=
			NULL) // what control/configuration/config_source.c wants escaped
			fputc('\\', out);
		fputc(*text, out);
	}
	fputc('"', out);
}
