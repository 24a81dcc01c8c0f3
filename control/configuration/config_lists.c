// SPDX-License-Identifier: BSD-3-Clause
//
// Keys whose value is a list: see the header.
#include "control/configuration/config_lists.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "control/configuration/config.h"
#include "control/configuration/config_text.h"
#include "control/configuration/config_values.h"

#define CPU_MOST 1023 // CPU_SETSIZE - 1

// Room for one element more at the end of the key's array; NULL with `why`.
static void *grow(const struct config_key *key, void *base, size_t element, char *why)
{
	void **array = (void **)((char *)base + key->offset);
	size_t *count = (size_t *)((char *)base + key->count_offset);
	void *larger = realloc(*array, (*count + 1) * element);

	if (larger == NULL) {
		snprintf(why, CONFIG_WHY, "no memory; free some");
		return NULL;
	}
	*array = larger;
	return (char *)larger + element * (*count)++;
}

static const void *array_of(const struct config_key *key, const void *base, size_t *count)
{
	*count = *(const size_t *)((const char *)base + key->count_offset);
	return *(void *const *)((const char *)base + key->offset);
}

// Each element is a text of its own memory.
static bool is_texts(const struct config_key *key)
{
	return key->kind == KIND_DOMAINS || key->kind >= KIND_FILES;
}

static bool domain_add(const struct config_key *key, void *base, const char *text, char *why)
{
	size_t count;
	char *const *domain = array_of(key, base, &count);
	char **place;
	char *lower;

	if (strchr(text, '*') != NULL) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is a pattern: it would take mail for everybody's domains and make "
			"this "
			"an open relay; name each domain",
			text);
		return false;
	}
	if (!config_text_domain(text, 1, why))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(domain[i], text) == 0) {
			snprintf(why, CONFIG_WHY, "'%.100s' stands here twice; remove one", text);
			return false;
		}
	}
	lower = strdup(text);
	if (lower == NULL || (place = grow(key, base, sizeof(char *), why)) == NULL) {
		snprintf(why, CONFIG_WHY, "no memory; free some");
		free(lower);
		return false;
	}
	for (char *c = lower; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	*place = lower;
	return true;
}

// An address that a host can have (RFC 1122, 3.2.1.3; RFC 4291, 2.4).
static const char *unfit(const struct bs_address *address)
{
	const uint8_t *o = address->octet;
	static const uint8_t zero[15];

	if (bs_address_is_ipv4(address)) {
		if (o[12] == 0 || o[12] == 127 || o[12] >= 224)
			return "is not an address that a host can have";
		return NULL;
	}
	if (o[0] == 0xff || (memcmp(o, zero, 15) == 0 && o[15] <= 1))
		return "is not an address that a host can have";
	return NULL;
}

static bool link_local(const struct bs_address *address)
{
	return address->octet[0] == 0xfe && (address->octet[1] & 0xc0) == 0x80;
}

static bool address_add(const struct config_key *key, void *base, const char *text, char *why)
{
	struct config_address new = {0}, *place;
	const char *bad;

	if (strchr(text, '/') == NULL ||
		bs_prefix_parse(text, &new.on_link, &new.address) != BS_PREFIX_OK) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no address with a prefix length; write it like "
			"\"192.0.2.25/24\" or \"2001:db8::25/64\"",
			text);
		return false;
	}
	bad = unfit(&new.address);
	if (link_local(&new.address))
		bad = "is link-local, and such an address is made from the MAC by itself";
	else if (bs_address_is_ipv4(&new.address) &&
		 new.on_link.length < 127) { // RFC 3021: /31 has none
		uint32_t host = 0, mask = UINT32_MAX >> (new.on_link.length - 96);

		for (unsigned i = 12; i < 16; i++)
			host = host << 8 | new.address.octet[i];
		if ((host & mask) == 0 || (host & mask) == mask)
			bad = "is the network's or its broadcast address";
	}
	if (bad != NULL) {
		snprintf(why, CONFIG_WHY, "%.60s %s; remove it or write another", text, bad);
		return false;
	}
	place = grow(key, base, sizeof(*place), why);
	if (place == NULL)
		return false;
	*place = new;
	return true;
}

static bool gateway_add(void *base, const char *text, char *why)
{
	struct config_port *port = base;
	struct bs_address address;

	if (!bs_address_parse(text, &address)) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no address; write one like \"192.0.2.1\" or \"fe80::1\", "
			"without "
			"prefix length",
			text);
		return false;
	}
	if (unfit(&address) != NULL) {
		snprintf(why, CONFIG_WHY, "%.60s %s; write the router's", text, unfit(&address));
		return false;
	}
	bool ipv4 = bs_address_is_ipv4(&address);
	bool *has = ipv4 ? &port->has_gateway4 : &port->has_gateway6;

	if (*has) {
		snprintf(why, CONFIG_WHY, "%.60s is the second gateway for %s; keep one", text,
			ipv4 ? "IPv4" : "IPv6");
		return false;
	}
	*has = true;
	*(ipv4 ? &port->gateway4 : &port->gateway6) = address;
	return true;
}

static bool prefix_add(const struct config_key *key, void *base, const char *text, char *why)
{
	struct bs_prefix prefix, *place;
	struct bs_address as_written;
	enum bs_prefix_error error = bs_prefix_parse(text, &prefix, NULL);

	if (error == BS_PREFIX_HOST_BITS) {
		char network[BS_PREFIX_TEXT];

		bs_prefix_parse(text, &prefix, &as_written);
		snprintf(why, CONFIG_WHY,
			"%.60s has bits behind the prefix; write %s for the network, or the "
			"address "
			"alone",
			text, bs_prefix_format(&prefix, network));
		return false;
	}
	if (error != BS_PREFIX_OK) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no network; write one like \"192.0.2.0/24\" or "
			"\"2001:db8::/32\"",
			text);
		return false;
	}
	place = grow(key, base, sizeof(*place), why);
	if (place == NULL)
		return false;
	*place = prefix;
	return true;
}

static bool core_add(const struct config_key *key, void *base, const char *text, char *why)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);
	int *place;

	if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > CPU_MOST) {
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no core; write its number, 0 to %d (lscpu -e prints them)",
			text, CPU_MOST);
		return false;
	}
	place = grow(key, base, sizeof(*place), why);
	if (place == NULL)
		return false;
	*place = (int)number;
	return true;
}

// Elements that are texts, but for domains, which may be patterns by mistake.
static bool text_good(const struct config_key *key, const char *text, char *why)
{
	struct bs_dnsl_code code;

	switch (key->kind) {
	case KIND_FILES:
		return config_text_check(key, text, why);
	case KIND_TITLES:
		return config_text_title(text, BS_DNSL_NAME - 1, why);
	case KIND_RECIPIENTS:
		return config_text_recipient(text, why);
	default:
		if (strlen(text) <= key->most && bs_dnsl_code_parse(text, &code))
			return true;
		snprintf(why, CONFIG_WHY,
			"'%.60s' is no pattern of answers; write one like \"127.0.0.[2..11]\" or "
			"\"127.0.[0..255].[1;3]\"",
			text);
		return false;
	}
}

static bool text_add(const struct config_key *key, void *base, const char *text, char *why)
{
	size_t count;
	char *const *array = array_of(key, base, &count);
	char **place, *copy;

	if (!text_good(key, text, why))
		return false;
	for (size_t i = 0; i < count; i++) {
		if ((key->kind == KIND_FILES ? strcmp : strcasecmp)(array[i], text) == 0) {
			snprintf(why, CONFIG_WHY, "'%.100s' stands here twice; remove one", text);
			return false;
		}
	}
	copy = strdup(text);
	if (copy == NULL || (place = grow(key, base, sizeof(char *), why)) == NULL) {
		snprintf(why, CONFIG_WHY, "no memory; free some");
		free(copy);
		return false;
	}
	for (char *c = copy; key->kind == KIND_RECIPIENTS && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	*place = copy;
	return true;
}

bool config_list_add(const struct config_key *key, void *base, const char *text, char *why)
{
	switch (key->kind) {
	case KIND_DOMAINS:
		return domain_add(key, base, text, why);
	case KIND_ADDRESSES:
		return address_add(key, base, text, why);
	case KIND_GATEWAYS:
		return gateway_add(base, text, why);
	case KIND_PREFIXES:
		return prefix_add(key, base, text, why);
	case KIND_CORES:
		return core_add(key, base, text, why);
	default:
		return text_add(key, base, text, why);
	}
}

static void print_gateways(const struct config_port *port, FILE *out)
{
	char text[BS_ADDRESS_TEXT];

	if (port->has_gateway4)
		fprintf(out, "\"%s\"", bs_address_format(&port->gateway4, text));
	if (port->has_gateway6)
		fprintf(out, "%s\"%s\"", port->has_gateway4 ? ", " : "",
			bs_address_format(&port->gateway6, text));
}

static void print_element(const struct config_key *key, const void *array, size_t i, FILE *out)
{
	char text[BS_PREFIX_TEXT];

	if (is_texts(key)) {
		config_text_print(((char *const *)array)[i], out);
	} else if (key->kind == KIND_CORES) {
		fprintf(out, "%d", ((const int *)array)[i]);
	} else if (key->kind == KIND_PREFIXES) {
		fprintf(out, "\"%s\"",
			bs_prefix_format(&((const struct bs_prefix *)array)[i], text));
	} else {
		const struct config_address *address = &((const struct config_address *)array)[i];
		unsigned mapped = bs_address_is_ipv4(&address->address) ? 96 : 0;

		fprintf(out, "\"%s/%u\"", bs_address_format(&address->address, text),
			address->on_link.length - mapped);
	}
}

void config_list_print(const struct config_key *key, const void *base, FILE *out)
{
	fputc('{', out);
	if (key->kind == KIND_GATEWAYS) {
		print_gateways(base, out);
	} else {
		size_t count;
		const void *array = array_of(key, base, &count);

		for (size_t i = 0; i < count; i++) {
			if (i > 0)
				fputs(", ", out);
			print_element(key, array, i, out);
		}
	}
	fputc('}', out);
}

void config_list_clear(const struct config_key *key, void *base)
{
	void **array = (void **)((char *)base + key->offset);
	size_t *count = (size_t *)((char *)base + key->count_offset);

	if (key->kind == KIND_GATEWAYS) // no memory of its own
		return;
	for (size_t i = 0; is_texts(key) && i < *count; i++)
		free(((char **)*array)[i]);
	free(*array);
	*array = NULL;
	*count = 0;
}
