// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/spf/record.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "smtp/spf/macro.h"

#define VERSION "v=spf1"

static const char *const names[SPF_KINDS] = {
	[SPF_KIND_ALL] = "all",
	[SPF_KIND_IP4] = "ip4",
	[SPF_KIND_IP6] = "ip6",
	[SPF_KIND_INCLUDE] = "include",
	[SPF_KIND_A] = "a",
	[SPF_KIND_MX] = "mx",
	[SPF_KIND_PTR] = "ptr",
	[SPF_KIND_EXISTS] = "exists",
	[SPF_KIND_REDIRECT] = "redirect",
};

const char *spf_kind_name(enum spf_kind kind)
{
	return names[kind];
}

// A piece of the record.
struct slice {
	const char *text;
	size_t length;
};

static bool is_word(struct slice slice, const char *word)
{
	return slice.length == strlen(word) && strncasecmp(slice.text, word, slice.length) == 0;
}

bool spf_record_is(const char *text, size_t length)
{
	size_t version = strlen(VERSION);
	return length >= version && strncasecmp(text, VERSION, version) == 0 &&
	       (length == version || text[version] == ' ');
}

// Cuts slashes and a prefix length off the end. False when there is one that is none.
static bool cut_length(
	struct slice *slice, const char *slashes, unsigned most, uint8_t *prefix_length)
{
	size_t digits = 0, count = strlen(slashes);
	while (digits < slice->length &&
		isdigit((unsigned char)slice->text[slice->length - 1 - digits]))
		digits++;
	if (digits == 0 || slice->length < digits + count)
		return true;
	const char *number = slice->text + slice->length - digits;
	if (memcmp(number - count, slashes, count) != 0)
		return true;
	if (digits > 3 || (digits > 1 && number[0] == '0'))
		return false;
	unsigned value = 0;
	for (size_t i = 0; i < digits; i++)
		value = value * 10 + (unsigned)(number[i] - '0');
	*prefix_length = (uint8_t)value;
	slice->length -= digits + count;
	return value <= most;
}

// What a term takes behind its name.
enum takes { NOTHING, MAY_DOMAIN, MUST_DOMAIN };

static const enum takes takes[SPF_KINDS] = {
	[SPF_KIND_INCLUDE] = MUST_DOMAIN,
	[SPF_KIND_A] = MAY_DOMAIN,
	[SPF_KIND_MX] = MAY_DOMAIN,
	[SPF_KIND_PTR] = MAY_DOMAIN,
	[SPF_KIND_EXISTS] = MUST_DOMAIN,
	[SPF_KIND_REDIRECT] = MUST_DOMAIN,
};

// `rest`: from the colon on, or empty.
static const char *take_domain(struct slice rest, struct spf_term *term)
{
	term->ipv4 = 32;
	term->ipv6 = 128;
	if (term->kind == SPF_KIND_A || term->kind == SPF_KIND_MX) {
		// "/24/64" leaves a slash, which is no domain
		if (!cut_length(&rest, "//", 128, &term->ipv6) ||
			!cut_length(&rest, "/", 32, &term->ipv4))
			return "prefix length";
	}
	if (rest.length == 0)
		return takes[term->kind] == MUST_DOMAIN ? "domain is missing" : NULL;
	if (takes[term->kind] == NOTHING || rest.text[0] != ':' ||
		!spf_domain_spec(rest.text + 1, rest.length - 1))
		return "domain";
	term->domain = rest.text + 1;
	term->domain_length = (uint16_t)(rest.length - 1);
	return NULL;
}

// Whether the client is in the network of ip4 or ip6; `*fault` when it is none.
static bool take_network(
	struct slice rest, enum spf_kind kind, const struct bs_address *client, const char **fault)
{
	char text[INET6_ADDRSTRLEN];
	struct bs_prefix prefix = {.length = 0};
	uint8_t bytes[16], length = kind == SPF_KIND_IP4 ? 32 : 128;
	if (!cut_length(&rest, "/", length, &length)) {
		*fault = "prefix length";
		return false;
	}
	*fault = "address";
	if (rest.length < 2 || rest.text[0] != ':' || rest.length > sizeof(text) ||
		memchr(rest.text, 0, rest.length) != NULL)
		return false;
	memcpy(text, rest.text + 1, rest.length - 1);
	text[rest.length - 1] = 0;
	if (inet_pton(kind == SPF_KIND_IP4 ? AF_INET : AF_INET6, text, bytes) != 1)
		return false;
	*fault = NULL;
	// RFC 7208, 5: a mapped address is an IPv4 one, and ip6 never has it
	if (bs_address_is_ipv4(client) != (kind == SPF_KIND_IP4))
		return false;
	prefix.address = kind == SPF_KIND_IP4 ? bs_address_from_ipv4(bytes)
					      : bs_address_from_ipv6(bytes);
	prefix.length = kind == SPF_KIND_IP4 ? (uint8_t)(length + 96) : length;
	for (unsigned bit = prefix.length; bit < 128; bit++) // host bits are allowed here
		prefix.address.octet[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	return bs_prefix_contains(&prefix, client);
}

struct reader {
	const struct bs_address *client;
	struct spf_record *record;
	unsigned asking; // terms kept that ask the DNS
	bool decided;    // one that matches in any case was kept
	bool has_all, has_explanation, has_redirect;
};

static void keep(struct reader *reader, const struct spf_term *term)
{
	if (reader->decided || reader->asking > SPF_LOOKUPS)
		return;
	reader->record->term[reader->record->count++] = *term;
	if (term->kind >= SPF_KIND_INCLUDE)
		reader->asking++;
	else
		reader->decided = true;
}

static const char *take_mechanism(struct reader *reader, struct slice slice)
{
	struct spf_term term = {.qualifier = '+'};
	const char *fault = NULL;
	if (strchr("+-~?", slice.text[0]) != NULL && slice.text[0] != 0) {
		term.qualifier = slice.text[0];
		slice.text++;
		slice.length--;
	}
	size_t name = 0;
	while (name < slice.length && slice.text[name] != ':' && slice.text[name] != '/')
		name++;
	struct slice rest = {slice.text + name, slice.length - name};
	slice.length = name;
	for (unsigned kind = 0; kind < SPF_KIND_REDIRECT; kind++) {
		if (!is_word(slice, names[kind]))
			continue;
		term.kind = (uint8_t)kind;
		if (kind == SPF_KIND_IP4 || kind == SPF_KIND_IP6) {
			if (take_network(rest, kind, reader->client, &fault))
				keep(reader, &term);
			return fault;
		}
		fault = take_domain(rest, &term);
		reader->has_all = reader->has_all || kind == SPF_KIND_ALL;
		if (fault == NULL)
			keep(reader, &term);
		return fault;
	}
	return "unknown mechanism";
}

static const char *take_modifier(struct reader *reader, struct slice name, struct slice value)
{
	bool explanation = is_word(name, "exp"), redirect = is_word(name, "redirect");
	if (!explanation && !redirect) // RFC 7208, 6: unknown ones are ignored
		return spf_macro_string(value.text, value.length, true) ? NULL : "macro";
	bool *seen = explanation ? &reader->has_explanation : &reader->has_redirect;
	if (*seen)
		return "modifier stands twice";
	*seen = true;
	if (!spf_domain_spec(value.text, value.length))
		return "domain";
	if (redirect)
		reader->record->redirect = (struct spf_term){.kind = SPF_KIND_REDIRECT,
			.qualifier = '+',
			.domain = value.text,
			.domain_length = (uint16_t)value.length};
	return NULL;
}

// RFC 7208, 4.6.1: it is a modifier when '=' follows its name at once.
static const char *take_term(struct reader *reader, struct slice slice)
{
	size_t at = 0;
	if (isalpha((unsigned char)slice.text[0]))
		while (at < slice.length &&
			(isalnum((unsigned char)slice.text[at]) ||
				(slice.text[at] != 0 && strchr("-_.", slice.text[at]))))
			at++;
	if (at == 0 || at == slice.length || slice.text[at] != '=')
		return take_mechanism(reader, slice);
	return take_modifier(reader, (struct slice){slice.text, at},
		(struct slice){slice.text + at + 1, slice.length - at - 1});
}

const char *spf_record_parse(
	const char *text, size_t length, const struct bs_address *client, struct spf_record *record)
{
	struct reader reader = {.client = client, .record = record};
	memset(record, 0, sizeof(*record));
	if (length > SPF_RECORD)
		return "record is too long";
	for (size_t at = strlen(VERSION); at < length;) {
		size_t end = at;
		while (end < length && text[end] != ' ')
			end++;
		if (end > at) {
			const char *fault = take_term(&reader, (struct slice){text + at, end - at});
			if (fault != NULL)
				return fault;
		}
		at = end + 1;
	}
	// RFC 7208, 6.1: ignored where there is an `all`
	if (reader.decided || reader.has_all)
		record->redirect.kind = 0;
	return NULL;
}
