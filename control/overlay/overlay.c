// SPDX-License-Identifier: BSD-3-Clause
#include "control/overlay/overlay.h"

#include <endian.h>
#include <stdlib.h>

#define IPV4_LENGTH \
	96u // shorter prefixes are IPv6's and hold no IPv4 address (dataplane/seam/address.h)

struct slot {
	uint64_t high, low;
	uint8_t length;
	uint8_t verdict; // BS_OVERLAY_NONE: free
};

struct bs_overlay {
	uint32_t mask;          // slots less one; at most half of them are in use
	uint64_t lengths[3][3]; // [verdict]: bit set of prefix lengths in use
	uint32_t *mark;         // behind the slots, a word for each: a bit is set for each entry
	struct slot slot[];
};

static uint32_t hash(uint64_t high, uint64_t low, unsigned length)
{
	uint64_t mixed = (high ^ length) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 32 ^ low) * UINT64_C(0xd6e8feb86659fd93);
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (uint32_t)(mixed >> 32);
}

static uint64_t read_half(const uint8_t *octets)
{
	uint64_t half;
	memcpy(&half, octets, sizeof(half));
	return be64toh(half);
}

static void cut(uint64_t *high, uint64_t *low, unsigned length)
{
	if (length <= 64) {
		*high = length == 0 ? 0 : *high & UINT64_MAX << (64 - length);
		*low = 0;
	} else {
		*low &= UINT64_MAX << (128 - length);
	}
}

// Whether an entry may have this hash: of what is in none, one in sixty-four may.
static inline bool is_marked(const struct bs_overlay *overlay, uint32_t hash)
{
	return overlay->mark[hash >> 5 & overlay->mask] >> hash % 32 & 1;
}

static void insert(struct bs_overlay *overlay, const struct bs_overlay_entry *entry)
{
	unsigned length = entry->prefix.length;
	struct slot new = {read_half(entry->prefix.address.octet),
		read_half(entry->prefix.address.octet + 8), (uint8_t)length, entry->verdict};
	uint32_t hashed = hash(new.high, new.low, length), at = hashed & overlay->mask;
	overlay->mark[hashed >> 5 & overlay->mask] |= UINT32_C(1) << hashed % 32;
	while (overlay->slot[at].verdict != BS_OVERLAY_NONE)
		at = (at + 1) & overlay->mask;
	overlay->slot[at] = new;
	overlay->lengths[entry->verdict][length / 64] |= UINT64_C(1) << length % 64;
}

struct bs_overlay *bs_overlay_new(const struct bs_overlay_entry *entry, size_t count)
{
	uint32_t slots = 16;
	while (slots < 2 * count)
		slots *= 2;
	struct bs_overlay *overlay = calloc(
		1, sizeof(*overlay) +
			   (size_t)slots * (sizeof(overlay->slot[0]) + sizeof(*overlay->mark)));
	if (overlay == NULL)
		return NULL;
	overlay->mask = slots - 1;
	overlay->mark = (uint32_t *)&overlay->slot[slots];
	for (size_t i = 0; i < count; i++)
		insert(overlay, &entry[i]);
	return overlay;
}

void bs_overlay_free(struct bs_overlay *overlay)
{
	free(overlay);
}

static bool has(const struct bs_overlay *overlay, uint64_t high, uint64_t low, unsigned length,
	enum bs_overlay_verdict verdict)
{
	cut(&high, &low, length);
	uint32_t at = hash(high, low, length) & overlay->mask;
	for (; overlay->slot[at].verdict != BS_OVERLAY_NONE; at = (at + 1) & overlay->mask) {
		const struct slot *slot = &overlay->slot[at];
		if (slot->high == high && slot->low == low && slot->length == length)
			return slot->verdict == verdict; // a prefix stands in it once
	}
	return false;
}

// Any entry of this verdict that holds the address.
static bool holds(const struct bs_overlay *overlay, const struct bs_address *address,
	enum bs_overlay_verdict verdict)
{
	uint64_t high = read_half(address->octet), low = read_half(address->octet + 8);
	bool ipv4 = bs_address_is_ipv4(address);
	for (unsigned word = 0; word < 3; word++) {
		uint64_t bits = overlay->lengths[verdict][word];
		for (; bits != 0; bits &= bits - 1) {
			unsigned length = word * 64 + (unsigned)__builtin_ctzll(bits);
			if ((!ipv4 || length >= IPV4_LENGTH) &&
				has(overlay, high, low, length, verdict))
				return true;
		}
	}
	return false;
}

enum bs_overlay_verdict bs_overlay_lookup(
	const struct bs_overlay *overlay, const struct bs_address *address)
{
	if (holds(overlay, address, BS_OVERLAY_ALLOW))
		return BS_OVERLAY_ALLOW;
	return holds(overlay, address, BS_OVERLAY_DENY) ? BS_OVERLAY_DENY : BS_OVERLAY_NONE;
}

// Of either verdict.
static inline uint64_t lengths(const struct bs_overlay *overlay, unsigned word)
{
	return overlay->lengths[BS_OVERLAY_ALLOW][word] | overlay->lengths[BS_OVERLAY_DENY][word];
}

// 1 where an entry of that length may hold the address.
static inline uint64_t may_stand(
	const struct bs_overlay *overlay, uint64_t high, uint64_t low, unsigned length)
{
	cut(&high, &low, length);
	return is_marked(overlay, hash(high, low, length));
}

uint64_t bs_overlay_may_hold_ipv4(
	const struct bs_overlay *overlay, const uint32_t *addresses, unsigned count)
{
	uint64_t found = 0;
	for (unsigned word = IPV4_LENGTH / 64; word < 3; word++) {
		uint64_t bits = lengths(overlay, word);
		if (word == IPV4_LENGTH / 64)
			bits &= UINT64_MAX << IPV4_LENGTH % 64;
		for (; bits != 0; bits &= bits - 1) {
			unsigned length = word * 64 + (unsigned)__builtin_ctzll(bits);
			for (unsigned i = 0; i < count; i++) {
				uint64_t low = UINT64_C(0xffff) << 32 | addresses[i];
				found |= may_stand(overlay, 0, low, length) << i;
			}
		}
	}
	return found;
}

uint64_t bs_overlay_may_hold_ipv6(
	const struct bs_overlay *overlay, const uint64_t *high, const uint64_t *low, unsigned count)
{
	uint64_t found = 0;
	for (unsigned word = 0; word < 3; word++) {
		for (uint64_t bits = lengths(overlay, word); bits != 0; bits &= bits - 1) {
			unsigned length = word * 64 + (unsigned)__builtin_ctzll(bits);
			for (unsigned i = 0; i < count; i++) {
				found |= may_stand(overlay, high[i], low[i], length) << i;
			}
		}
	}
	return found;
}
