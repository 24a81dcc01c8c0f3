// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/prefixes.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "benchmarks/packets/seeded.h"

#define NETWORKS (1u << 24) // /24s

bool prefixes_is_public(uint32_t ipv4)
{
	// First octets in which the bogons of RFC 6890 lie are left out as a whole.
	static const uint8_t special[] = {0, 10, 100, 127, 169, 172, 192, 198, 203};
	uint8_t first = (uint8_t)(ipv4 >> 24);
	for (unsigned i = 0; i < sizeof(special); i++) {
		if (first == special[i])
			return false;
	}
	return first < 224;
}

static void shuffle(struct prefixes *prefixes, uint64_t *state)
{
	for (size_t i = prefixes->count - 1; i > 0; i--) {
		size_t j = seeded_below(state, (uint32_t)i + 1);
		struct bs_prefix kept = prefixes->prefix[i];
		prefixes->prefix[i] = prefixes->prefix[j];
		prefixes->prefix[j] = kept;
	}
}

// The /24s of the network are taken by nobody yet; now they are.
static bool take(uint8_t *taken, uint32_t network, unsigned length)
{
	uint32_t first = network >> 8, count = length < 24 ? 1u << (24 - length) : 1;
	for (uint32_t i = first; i < first + count; i++) {
		if (taken[i] != 0)
			return false;
	}
	for (uint32_t i = first; i < first + count; i++)
		taken[i] = 1;
	return true;
}

bool prefixes_hold(const struct prefixes *prefixes, uint32_t odd_ipv4)
{
	return prefixes->taken[odd_ipv4 >> 8] != 0;
}

static unsigned length_ipv4(size_t number, size_t count)
{
	if (number < count / 10)
		return 16 + (unsigned)(number % 8);
	return number < count / 10 * 4 ? 24 : 32;
}

// The short ones first, while there is room for them; hosts may share a /24.
static void draw_ipv4(struct prefixes *prefixes, uint64_t *state)
{
	for (size_t i = 0; i < prefixes->count;) {
		unsigned length = length_ipv4(i, prefixes->count);
		uint32_t mask = length == 32 ? UINT32_MAX - 1 : UINT32_MAX << (32 - length);
		uint32_t network = (uint32_t)(seeded_next(state) >> 32) & mask;
		if (!prefixes_is_public(network))
			continue;
		if (length == 32 ? prefixes_hold(prefixes, network)
				 : !take(prefixes->taken, network, length))
			continue;
		uint32_t octets = htonl(network);
		prefixes->prefix[i++] = (struct bs_prefix){
			bs_address_from_ipv4(&octets), (uint8_t)(96 + length)};
	}
}

bool prefixes_ipv4(struct prefixes *prefixes, size_t count, uint64_t seed)
{
	uint64_t state = seed;
	*prefixes = (struct prefixes){
		malloc(count * sizeof(struct bs_prefix)), count, calloc(NETWORKS, 1)};
	if (prefixes->taken == NULL || prefixes->prefix == NULL)
		return false;
	draw_ipv4(prefixes, &state);
	shuffle(prefixes, &state);
	return true;
}

bool prefixes_ipv6(struct prefixes *prefixes, size_t count, uint64_t seed)
{
	uint64_t state = seed;
	*prefixes = (struct prefixes){malloc(count * sizeof(struct bs_prefix)), count, NULL};
	if (prefixes->prefix == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t length = i < count / 10 ? 128 : i < count / 10 * 4 ? 48 : 64;
		uint64_t half[2] = {seeded_next(&state), length == 128 ? seeded_next(&state) : 0};
		struct bs_address address = bs_address_from_ipv6(half);
		// Within 2600::/7, of which nothing is special; two alike are too rare to look for.
		address.octet[0] = 0x26 | (address.octet[0] & 1);
		memset(address.octet + length / 8, 0, 16 - length / 8u);
		prefixes->prefix[i] = (struct bs_prefix){address, length};
	}
	shuffle(prefixes, &state);
	return true;
}

void prefixes_free(struct prefixes *prefixes)
{
	free(prefixes->prefix);
	free(prefixes->taken);
	*prefixes = (struct prefixes){0};
}

struct bs_address prefixes_address(const struct bs_prefix *prefix, uint64_t random)
{
	struct bs_address address = prefix->address;
	unsigned at = prefix->length / 8, bits = prefix->length % 8;
	if (bits != 0) {
		address.octet[at] |= (uint8_t)random & (uint8_t)(0xff >> bits);
		at++;
	}
	for (; at < 16; at++)
		address.octet[at] = (uint8_t)((random = seeded_hash(random + 1)) >> 8);
	return address;
}
