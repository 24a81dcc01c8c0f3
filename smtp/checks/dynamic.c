// SPDX-License-Identifier: BSD-3-Clause
//
// Dynamic-looking names. Of a name only what stands before the registered domain counts, since pool.example and customer.example
// are domains of people; it is read as runs of letters and runs of digits. In it are looked for
//   the client's address: octets in either order, twelve digits, hexadecimal digits
//   words of access networks; those that a server may have as well count only beside the address's last octet
// and what a server is called clears the name.
#include "smtp/checks/dynamic.h"

#include <stdio.h>
#include <string.h>

#define NAME_MOST 255 // longer is no name (RFC 1035, 2.3.4)

enum word_kind {
	WORD_SERVER,  // clears the name
	WORD_DYNAMIC, // says it
	WORD_ACCESS,  // says it beside the last octet
};

enum word_match { MATCH_WHOLE, MATCH_BEGIN, MATCH_END };

struct word {
	const char *text;
	enum word_kind kind;
	enum word_match match;
	const char *why;
};

static const struct word words[] = {
	{"mail", WORD_SERVER, MATCH_BEGIN, "mailout, mailgw, mailer"},
	{"mail", WORD_SERVER, MATCH_END, "webmail, email"},
	{"mx", WORD_SERVER, MATCH_BEGIN, "mx, mxout"},
	{"smtp", WORD_SERVER, MATCH_BEGIN, "smtp, smtpout"},
	{"smtp", WORD_SERVER, MATCH_END, "esmtp"},
	{"mta", WORD_SERVER, MATCH_BEGIN, "mail transfer agent"},
	{"relay", WORD_SERVER, MATCH_BEGIN, "relay, relayhost"},
	{"relay", WORD_SERVER, MATCH_END, "mxrelay"},
	{"out", WORD_SERVER, MATCH_BEGIN, "outbound, outgoing"},
	{"post", WORD_SERVER, MATCH_BEGIN, "post, postfix, postmaster"},
	{"exch", WORD_SERVER, MATCH_BEGIN, "exchange"},
	{"imap", WORD_SERVER, MATCH_WHOLE, "another service of mail"},
	{"list", WORD_SERVER, MATCH_BEGIN, "list server"},
	{"news", WORD_SERVER, MATCH_BEGIN, "newsletter"},
	{"bounce", WORD_SERVER, MATCH_BEGIN, "sender of newsletters"},
	{"send", WORD_SERVER, MATCH_BEGIN, "sender of newsletters"},
	{"spam", WORD_SERVER, MATCH_END, "antispam"},
	{"static", WORD_SERVER, MATCH_BEGIN, "the provider says that it is"},
	{"stat", WORD_SERVER, MATCH_WHOLE, "static, for short"},
	{"fix", WORD_SERVER, MATCH_BEGIN, "fixed, fixip"},
	{"fijo", WORD_SERVER, MATCH_END, "fixed, in Spanish"},
	{"fisso", WORD_SERVER, MATCH_END, "fixed, in Italian"},
	{"fixe", WORD_SERVER, MATCH_END, "fixed, in French"},
	{"dedi", WORD_SERVER, MATCH_BEGIN, "dedicated"},
	{"colo", WORD_SERVER, MATCH_BEGIN, "colocation"},
	{"hosting", WORD_SERVER, MATCH_BEGIN, "a computing centre"},
	{"server", WORD_SERVER, MATCH_BEGIN, "a computing centre"},
	{"server", WORD_SERVER, MATCH_END, "a computing centre"},
	{"srv", WORD_SERVER, MATCH_BEGIN, "server"},
	{"vps", WORD_SERVER, MATCH_BEGIN, "virtual server"},
	{"cloud", WORD_SERVER, MATCH_BEGIN, "a computing centre"},
	{"compute", WORD_SERVER, MATCH_BEGIN, "a computing centre"},
	{"www", WORD_SERVER, MATCH_WHOLE, "a web server that sends mail"},
	{"web", WORD_SERVER, MATCH_WHOLE, "a web server that sends mail"},
	{"ns", WORD_SERVER, MATCH_WHOLE, "a name server that sends mail"},
	{"gw", WORD_SERVER, MATCH_WHOLE, "a company's gateway"},
	{"gateway", WORD_SERVER, MATCH_WHOLE, "a company's gateway"},
	{"fw", WORD_SERVER, MATCH_WHOLE, "a company's firewall"},
	{"firewall", WORD_SERVER, MATCH_WHOLE, "a company's firewall"},
	{"business", WORD_SERVER, MATCH_BEGIN, "a company's line"},
	{"biz", WORD_SERVER, MATCH_WHOLE, "a company's line"},
	{"corp", WORD_SERVER, MATCH_BEGIN, "a company's line"},
	{"office", WORD_SERVER, MATCH_BEGIN, "a company's line"},

	{"dyn", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dynamic", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dynamicip", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dynip", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dyndsl", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dinamic", WORD_DYNAMIC, MATCH_BEGIN, "dynamic"}, // dinamico, dinamica
	{"dynamique", WORD_DYNAMIC, MATCH_WHOLE, "dynamic"},
	{"dhcp", WORD_DYNAMIC, MATCH_WHOLE, "DHCP"},
	{"dial", WORD_DYNAMIC, MATCH_WHOLE, "dialup"},
	{"dialup", WORD_DYNAMIC, MATCH_WHOLE, "dialup"},
	{"dialin", WORD_DYNAMIC, MATCH_WHOLE, "dialup"},
	{"dip", WORD_DYNAMIC, MATCH_WHOLE, "dialup"}, // dial-in pool
	{"ppp", WORD_DYNAMIC, MATCH_WHOLE, "dialup"},
	{"pppoe", WORD_DYNAMIC, MATCH_WHOLE, "dialup"},
	{"dsl", WORD_DYNAMIC, MATCH_WHOLE, "DSL"}, // not sdsl, which companies have
	{"adsl", WORD_DYNAMIC, MATCH_WHOLE, "DSL"},
	{"vdsl", WORD_DYNAMIC, MATCH_WHOLE, "DSL"},
	{"xdsl", WORD_DYNAMIC, MATCH_WHOLE, "DSL"},
	{"gprs", WORD_DYNAMIC, MATCH_WHOLE, "mobile network"},
	{"umts", WORD_DYNAMIC, MATCH_WHOLE, "mobile network"},
	{"lte", WORD_DYNAMIC, MATCH_WHOLE, "mobile network"},

	{"pool", WORD_ACCESS, MATCH_WHOLE, "address pool"},
	{"cable", WORD_ACCESS, MATCH_WHOLE, "cable network"},
	{"catv", WORD_ACCESS, MATCH_WHOLE, "cable network"},
	{"hsd", WORD_ACCESS, MATCH_WHOLE, "cable network"},
	{"cpe", WORD_ACCESS, MATCH_WHOLE, "customer's equipment"},
	{"modem", WORD_ACCESS, MATCH_END, "customer's equipment"},
	{"broadband", WORD_ACCESS, MATCH_WHOLE, "broadband"},
	{"ftth", WORD_ACCESS, MATCH_WHOLE, "broadband"},
	{"gpon", WORD_ACCESS, MATCH_WHOLE, "broadband"},
	{"fios", WORD_ACCESS, MATCH_WHOLE, "broadband"},
	{"wimax", WORD_ACCESS, MATCH_WHOLE, "radio network"},
	{"wireless", WORD_ACCESS, MATCH_WHOLE, "radio network"},
	{"mobile", WORD_ACCESS, MATCH_WHOLE, "mobile network"},
	{"client", WORD_ACCESS, MATCH_BEGIN, "customer"},
	{"cust", WORD_ACCESS, MATCH_WHOLE, "customer"},
	{"customer", WORD_ACCESS, MATCH_BEGIN, "customer"},
	{"subscriber", WORD_ACCESS, MATCH_BEGIN, "customer"},
	{"abo", WORD_ACCESS, MATCH_WHOLE, "customer"},
	{"user", WORD_ACCESS, MATCH_WHOLE, "customer"},
	{"home", WORD_ACCESS, MATCH_WHOLE, "private line"},
	{"res", WORD_ACCESS, MATCH_WHOLE, "private line"},
	{"residential", WORD_ACCESS, MATCH_WHOLE, "private line"},
};

// What was read of a name so far.
struct reading {
	const struct bs_address *client;
	bool ipv4;
	bool server, address, last_octet;
	const struct word *dynamic, *access; // the first of each kind
	unsigned runs;
	unsigned number[4]; // the last four runs of digits, the latest last
	unsigned numbers;
};

static bool is_letter(char byte)
{
	return byte >= 'a' && byte <= 'z';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_hex(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'f');
}

static bool matches(const struct word *word, const char *run, size_t length)
{
	size_t need = strlen(word->text);
	if (length < need || (word->match == MATCH_WHOLE && length != need))
		return false;
	return memcmp(word->match == MATCH_END ? run + length - need : run, word->text, need) == 0;
}

static void take_letters(struct reading *reading, const char *run, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!matches(&words[i], run, length))
			continue;
		if (words[i].kind == WORD_SERVER)
			reading->server = true;
		else if (words[i].kind == WORD_DYNAMIC && reading->dynamic == NULL)
			reading->dynamic = &words[i];
		else if (words[i].kind == WORD_ACCESS && reading->access == NULL)
			reading->access = &words[i];
	}
}

static bool is_padded(const struct reading *reading, const char *run)
{
	const uint8_t *octet = reading->client->octet + 12;
	char text[2][16];
	snprintf(text[0], sizeof(text[0]), "%03u%03u%03u%03u", octet[0], octet[1], octet[2],
		octet[3]);
	snprintf(text[1], sizeof(text[1]), "%03u%03u%03u%03u", octet[3], octet[2], octet[1],
		octet[0]);
	return memcmp(run, text[0], 12) == 0 || memcmp(run, text[1], 12) == 0;
}

static void take_digits(struct reading *reading, const char *run, size_t length)
{
	const uint8_t *octet = reading->client->octet + 12;
	bool forward = true, backward = true;
	unsigned value = 0;
	if (!reading->ipv4)
		return;
	if (length == 12)
		reading->address |= is_padded(reading, run);
	if (length > 3) {
		reading->numbers = 0;
		return;
	}
	for (size_t i = 0; i < length; i++)
		value = value * 10 + (unsigned)(run[i] - '0');
	reading->last_octet |= value == octet[3];
	memmove(reading->number, reading->number + 1, 3 * sizeof(reading->number[0]));
	reading->number[3] = value;
	reading->numbers++;
	for (int i = 0; i < 4; i++) {
		forward &= reading->number[i] == octet[i];
		backward &= reading->number[i] == octet[3 - i];
	}
	reading->address |= reading->numbers >= 4 && (forward || backward);
}

static void read_runs(struct reading *reading, const char *host)
{
	while (*host != 0) {
		const char *start = host;
		if (is_letter(*host)) {
			while (is_letter(*host))
				host++;
			take_letters(reading, start, (size_t)(host - start));
		} else if (is_digit(*host)) {
			while (is_digit(*host))
				host++;
			take_digits(reading, start, (size_t)(host - start));
		} else {
			host++;
			continue;
		}
		reading->runs++;
	}
}

// `hex` stands in `host`, not within a longer hexadecimal number.
static bool has_number(const char *host, const char *hex)
{
	for (const char *at = strstr(host, hex); at != NULL; at = strstr(at + 1, hex))
		if ((at == host || !is_hex(at[-1])) && !is_hex(at[strlen(hex)]))
			return true;
	return false;
}

static bool has_hex_ipv4(const char *host, const uint8_t octet[4])
{
	static const char digit[] = "0123456789abcdef";
	char text[2][9] = {{0}};
	for (size_t i = 0; i < 4; i++) {
		text[0][2 * i] = text[1][6 - 2 * i] = digit[octet[i] >> 4];
		text[0][2 * i + 1] = text[1][7 - 2 * i] = digit[octet[i] & 15];
	}
	return has_number(host, text[0]) || has_number(host, text[1]);
}

// Written short with '-' for ':', or all nibbles in either order, whatever stands between them.
static bool has_ipv6(const char *host, const struct bs_address *address)
{
	char together[NAME_MOST + 1], text[BS_ADDRESS_TEXT], nibbles[33], reversed[33];
	size_t length = 0;
	bs_address_format(address, text);
	for (char *at = text; *at != 0; at++)
		if (*at == ':')
			*at = '-';
	if (strstr(host, text) != NULL)
		return true;
	for (; *host != 0; host++)
		if (is_letter(*host) || is_digit(*host))
			together[length++] = *host;
	together[length] = 0;
	for (unsigned i = 0; i < 16; i++)
		snprintf(nibbles + (size_t)i * 2, 3, "%02x", address->octet[i]);
	for (unsigned i = 0; i < 32; i++)
		reversed[i] = nibbles[31 - i];
	reversed[32] = 0;
	return strstr(together, nibbles) != NULL || strstr(together, reversed) != NULL;
}

// Where registrations are made a level deeper: co.uk, com.br, ne.jp.
static bool is_second_level(const char *label, size_t length)
{
	static const char *const names[] = {"ac", "co", "com", "edu", "go", "gob", "gov", "ltd",
		"me", "ne", "net", "nom", "or", "org", "plc", "sch"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length && memcmp(names[i], label, length) == 0)
			return true;
	return false;
}

// The length of what stands before the registered domain; 0 when nothing does.
static size_t host_length(const char *name, size_t length)
{
	size_t dot[4] = {length}; // from the end: dot[1] before the last label
	unsigned dots = 0;
	for (size_t at = length; at > 0 && dots < 3; at--)
		if (name[at - 1] == '.')
			dot[++dots] = at - 1;
	if (dots >= 2 && length - dot[1] == 3 &&
		is_second_level(name + dot[2] + 1, dot[1] - dot[2] - 1))
		return dots >= 3 ? dot[3] : 0;
	return dots >= 2 ? dot[2] : 0;
}

const char *name_looks_dynamic(const char *name, const struct bs_address *client)
{
	struct reading reading = {.client = client, .ipv4 = bs_address_is_ipv4(client)};
	char host[NAME_MOST + 1];
	size_t length = strnlen(name, sizeof(host));
	if (length == sizeof(host))
		return NULL;
	for (size_t i = 0; i < length; i++)
		host[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A')
								  : name[i]);
	host[host_length(host, length)] = 0;
	read_runs(&reading, host);
	if (reading.server)
		return NULL;
	if (reading.address ||
		(reading.ipv4 ? has_hex_ipv4(host, client->octet + 12) : has_ipv6(host, client)))
		return "address in the name";
	if (reading.dynamic != NULL && reading.runs > 1) // dsl.example.org is a company's
		return reading.dynamic->why;
	if (reading.access != NULL && reading.last_octet)
		return reading.access->why;
	return NULL;
}
