// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and prefixes, one form for IPv4 and IPv6 in the whole program.
//
// An IPv4 address is held as its IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), so that
// every table has one key size and every comparison one length. Prefix lengths inside the program
// count from the first of the 128 bits: 192.0.2.0/24 is held with length 120.
//
// The families stay apart: a prefix shorter than 96 bits is an IPv6 one and holds no IPv4 address, so
// that ::/0 means what its writer meant, all of IPv6. All of IPv4 is 0.0.0.0/0, length 96.
//
// Pure functions, any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bs_address {
	uint8_t octet[16]; // network byte order
};

struct bs_prefix {
	struct bs_address address; // host bits are zero
	uint8_t length;            // 0 to 128; 96 is added to an IPv4 prefix length
};

#define BS_ADDRESS_TEXT 46 // INET6_ADDRSTRLEN, with the final NUL
#define BS_PREFIX_TEXT  50

enum bs_prefix_error {
	BS_PREFIX_OK = 0,
	BS_PREFIX_MALFORMED = -1, // not an address, or a length out of range
	BS_PREFIX_HOST_BITS = -2, // 192.0.2.1/24: ambiguous, the writer may have meant either
};

static inline bool bs_address_equal(const struct bs_address *a, const struct bs_address *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

static inline bool bs_address_is_ipv4(const struct bs_address *address)
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	return memcmp(address->octet, mapped, sizeof(mapped)) == 0;
}

static inline bool bs_prefix_is_ipv4(const struct bs_prefix *prefix)
{
	return prefix->length >= 96 && bs_address_is_ipv4(&prefix->address);
}

// `octets`: four bytes in network order.
static inline struct bs_address bs_address_from_ipv4(const void *octets)
{
	struct bs_address address = {{[10] = 0xff, [11] = 0xff}};
	memcpy(address.octet + 12, octets, 4);
	return address;
}

// `octets`: sixteen bytes in network order.
static inline struct bs_address bs_address_from_ipv6(const void *octets)
{
	struct bs_address address;
	memcpy(address.octet, octets, 16);
	return address;
}

// Takes dotted IPv4 or RFC 4291 IPv6 text, nothing before or after it. An IPv4-mapped IPv6 text
// is refused: it never is on a wire. Returns true on success.
bool bs_address_parse(const char *text, struct bs_address *address);

// Writes dotted IPv4 or RFC 5952 IPv6 text; returns `text`.
char *bs_address_format(const struct bs_address *address, char text[BS_ADDRESS_TEXT]);

// Takes ADDRESS or ADDRESS/LENGTH. With `keep_host_bits` NULL, host bits are an error; else the
// address as written is stored there (an interface address: 192.0.2.25/24).
enum bs_prefix_error bs_prefix_parse(
	const char *text, struct bs_prefix *prefix, struct bs_address *keep_host_bits);

char *bs_prefix_format(const struct bs_prefix *prefix, char text[BS_PREFIX_TEXT]);

bool bs_prefix_contains(const struct bs_prefix *prefix, const struct bs_address *address);
