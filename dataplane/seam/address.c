// SPDX-License-Identifier: BSD-3-Clause
//
// Text to addresses and back. Reading is inet_pton()'s, which takes neither octal nor short forms
// nor a zone; writing is our own, because glibc writes ::192.0.2.1 where RFC 5952 wants ::c000:201.

#include "dataplane/seam/address.h"

#include <arpa/inet.h>

#define GROUPS 8

bool bs_address_parse(const char *text, struct bs_address *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1) {
		*address = bs_address_from_ipv4(&four);
		return true;
	}
	if (inet_pton(AF_INET6, text, &six) != 1 || IN6_IS_ADDR_V4MAPPED(&six))
		return false;
	*address = bs_address_from_ipv6(&six);
	return true;
}

static char *put_decimal(char *out, unsigned value)
{
	if (value >= 100)
		*out++ = (char)('0' + value / 100);
	if (value >= 10)
		*out++ = (char)('0' + value / 10 % 10);
	*out++ = (char)('0' + value % 10);
	return out;
}

static char *put_group(char *out, unsigned value)
{
	static const char digit[] = "0123456789abcdef";

	for (int shift = 12; shift > 0; shift -= 4)
		if (value >> shift != 0)
			*out++ = digit[value >> shift & 15];
	*out++ = digit[value & 15];
	return out;
}

static char *put_ipv4(char *out, const uint8_t octet[4])
{
	for (int i = 0; i < 4; i++) {
		if (i > 0)
			*out++ = '.';
		out = put_decimal(out, octet[i]);
	}
	return out;
}

// RFC 5952, 4.2: the longest run of zero groups becomes "::", the first among equals, a single
// zero group never.
static int longest_run(const unsigned group[GROUPS], int *length)
{
	int best = -1;

	*length = 1;
	for (int i = 0; i < GROUPS; i++) {
		int end = i;
		while (end < GROUPS && group[end] == 0)
			end++;
		if (end - i > *length) {
			best = i;
			*length = end - i;
		}
	}
	return best;
}

static char *put_ipv6(char *out, const uint8_t octet[16])
{
	unsigned group[GROUPS];
	int run, length;

	for (size_t i = 0; i < GROUPS; i++)
		group[i] = (unsigned)octet[2 * i] << 8 | octet[2 * i + 1];
	run = longest_run(group, &length);
	for (int i = 0; i < GROUPS;) {
		if (i == run) {
			*out++ = ':';
			*out++ = ':';
			i += length;
			continue;
		}
		if (i > 0 && i != run + length)
			*out++ = ':';
		out = put_group(out, group[i++]);
	}
	return out;
}

char *bs_address_format(const struct bs_address *address, char text[BS_ADDRESS_TEXT])
{
	char *end = bs_address_is_ipv4(address) ? put_ipv4(text, address->octet + 12)
						: put_ipv6(text, address->octet);
	*end = '\0';
	return text;
}

// One to three digits without a leading zero, at most `limit`; -1 for anything else.
static int parse_length(const char *text, int limit)
{
	int value = 0, digits = 0;

	for (; text[digits] != '\0'; digits++) {
		if (digits == 3 || text[digits] < '0' || text[digits] > '9')
			return -1;
		value = value * 10 + (text[digits] - '0');
	}
	if (digits == 0 || value > limit || (digits > 1 && text[0] == '0'))
		return -1;
	return value;
}

// The first `length` bits stay. Returns true when one of the others was set.
static bool clear_host_bits(struct bs_address *address, unsigned length)
{
	unsigned whole = length / 8;
	uint8_t lost = 0;

	if (length % 8 != 0) {
		uint8_t mask = (uint8_t)(0xff00 >> length % 8);
		lost = address->octet[whole] & (uint8_t)~mask;
		address->octet[whole++] &= mask;
	}
	for (; whole < sizeof(address->octet); whole++) {
		lost |= address->octet[whole];
		address->octet[whole] = 0;
	}
	return lost != 0;
}

enum bs_prefix_error bs_prefix_parse(
	const char *text, struct bs_prefix *prefix, struct bs_address *keep_host_bits)
{
	char copy[BS_PREFIX_TEXT];
	struct bs_address written;
	const char *slash = strchr(text, '/');
	size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
	int length = 128;

	if (size >= sizeof(copy))
		return BS_PREFIX_MALFORMED;
	memcpy(copy, text, size);
	copy[size] = '\0';
	if (!bs_address_parse(copy, &written))
		return BS_PREFIX_MALFORMED;
	if (slash != NULL) {
		int before = bs_address_is_ipv4(&written) ? 96 : 0;
		length = parse_length(slash + 1, 128 - before);
		if (length < 0)
			return BS_PREFIX_MALFORMED;
		length += before;
	}
	prefix->address = written;
	prefix->length = (uint8_t)length;
	if (clear_host_bits(&prefix->address, prefix->length) && keep_host_bits == NULL)
		return BS_PREFIX_HOST_BITS;
	if (keep_host_bits != NULL)
		*keep_host_bits = written;
	return BS_PREFIX_OK;
}

char *bs_prefix_format(const struct bs_prefix *prefix, char text[BS_PREFIX_TEXT])
{
	bool four = bs_prefix_is_ipv4(prefix);
	char *end = four ? put_ipv4(text, prefix->address.octet + 12)
			 : put_ipv6(text, prefix->address.octet);
	*end++ = '/';
	end = put_decimal(end, prefix->length - (four ? 96u : 0u));
	*end = '\0';
	return text;
}

bool bs_prefix_contains(const struct bs_prefix *prefix, const struct bs_address *address)
{
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;

	if (bs_address_is_ipv4(address) && !bs_prefix_is_ipv4(prefix))
		return false;
	if (memcmp(prefix->address.octet, address->octet, whole) != 0)
		return false;
	return rest == 0 ||
	       (prefix->address.octet[whole] ^ address->octet[whole]) >> (8 - rest) == 0;
}
