// SPDX-License-Identifier: BSD-3-Clause
//
// Names as text: which are names at all, and those that are made from addresses.
#include <string.h>

#include "smtp/dns/dns.h"

#define LABEL_MOST 63 // RFC 1035, 2.3.4

size_t dns_name_lower(const char *name, char lower[DNS_NAME])
{
	size_t length = strnlen(name, DNS_NAME + 1), label = 0;
	if (length != 0 && name[length - 1] == '.')
		length--;
	if (length == 0 || length > DNS_NAME - 1)
		return 0;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		// An internationalised name is asked for by its A-labels (RFC 5890); its other form is in no zone.
		if ((unsigned char)c >= 0x80)
			return 0;
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MOST || (c == '.' && (i == 0 || name[i - 1] == '.')))
			return 0;
		lower[i] = c;
		if (c >= 'A' && c <= 'Z')
			lower[i] += 'a' - 'A';
	}
	lower[length] = '\0';
	return label == 0 ? 0 : length; // two final dots
}

static size_t reverse_ipv4(const uint8_t *octet, char text[80])
{
	char *out = text;
	for (int i = 3; i >= 0; i--) {
		if (octet[i] >= 100)
			*out++ = (char)('0' + octet[i] / 100);
		if (octet[i] >= 10)
			*out++ = (char)('0' + octet[i] / 10 % 10);
		*out++ = (char)('0' + octet[i] % 10);
		*out++ = '.';
	}
	*--out = '\0';
	return (size_t)(out - text);
}

// RFC 3596, 2.5: nibbles, the last one first.
static size_t reverse_ipv6(const uint8_t *octet, char text[80])
{
	static const char digit[] = "0123456789abcdef";
	char *out = text;
	for (int i = 15; i >= 0; i--) {
		*out++ = digit[octet[i] & 15];
		*out++ = '.';
		*out++ = digit[octet[i] >> 4];
		*out++ = '.';
	}
	*--out = '\0';
	return (size_t)(out - text);
}

bool dns_reverse(const struct bs_address *address, const char *zone, char name[DNS_NAME])
{
	char digits[80];
	bool ipv4 = bs_address_is_ipv4(address);
	size_t length = ipv4 ? reverse_ipv4(address->octet + 12, digits)
			     : reverse_ipv6(address->octet, digits);
	if (zone[0] == '\0')
		zone = ipv4 ? "in-addr.arpa" : "ip6.arpa";
	size_t rest = strlen(zone);
	if (length + 1 + rest > DNS_NAME - 1)
		return false;
	memcpy(name, digits, length);
	name[length] = '.';
	memcpy(name + length + 1, zone, rest + 1);
	return true;
}
