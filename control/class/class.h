// SPDX-License-Identifier: BSD-3-Clause
//
// The class table: which class an address belongs to. Immutable once built; any number of threads read
// it at once.
//
// Structure: sorted disjoint ranges. IPv4 has them under a direct index (DXR: Zec, Rizzo, Mikuc, "DXR:
// towards a billion routing lookups per second in software", 2012), IPv6, whose addresses crowd, under a static
// search tree. A million scattered entries take 6 MB in IPv4 (12 MB
// when they are of more than sixteen classes) and 20 MB in IPv6 (prefixes up to /64).
#pragma once

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/seam/address.h"

#define BS_CLASS_PLAIN 0u
#define BS_CLASSES_MAX 256u // a class fits a byte

struct bs_class_table;

// A rule paints all addresses of a prefix with a class. Where rules overlap the higher priority wins, and among
// equals the longer prefix, and among equals of these the rule that stands first.
struct bs_class_rule {
	struct bs_prefix prefix;
	uint8_t class;
	uint8_t priority;
};

// Addresses that no rule covers are BS_CLASS_PLAIN. A rule of an IPv6 prefix never paints an IPv4 address, not
// even ::/0 (dataplane/seam/address.h). Rules are read during the call only and may be reordered by
// it. NULL without memory. Control thread; up to a few million rules.
struct bs_class_table *bs_class_table_new(struct bs_class_rule *rules, size_t count);
void bs_class_table_free(struct bs_class_table *table);

// Memory the table takes, in bytes.
size_t bs_class_table_size(const struct bs_class_table *table);

// Lookups in flight: as many as the memory system has misses for, and more, since a burst takes as long as its slowest line.
#define BS_CLASS_BURST 64u

// Addresses taken apart by family as they come off the wire, of at most so many in all; empty when both counts are 0.
struct bs_class_burst {
	uint32_t ipv4[BS_CLASS_BURST]; // host byte order
	uint64_t high[BS_CLASS_BURST], low[BS_CLASS_BURST];
	uint8_t place4[BS_CLASS_BURST], place6[BS_CLASS_BURST]; // where their class is to stand
	unsigned count4, count6;
};

static inline void bs_class_burst_add(
	struct bs_class_burst *burst, const struct bs_address *address, uint8_t place)
{
	uint64_t high, low;
	memcpy(&high, address->octet, sizeof(high));
	memcpy(&low, address->octet + 8, sizeof(low));
	low = be64toh(low);
	// Without a branch: the address is written to both lists, and only the right one grows.
	unsigned four = (high == 0) & (low >> 32 == 0xffff);
	burst->ipv4[burst->count4] = (uint32_t)low;
	burst->place4[burst->count4] = place;
	burst->high[burst->count6] = be64toh(high);
	burst->low[burst->count6] = low;
	burst->place6[burst->count6] = place;
	burst->count4 += four;
	burst->count6 += !four;
}

// What an IPv4 lookup touches first: who comes by an address early has it fetched while he does other things.
struct bs_class_fetch {
	const void *index;
	unsigned shift, size; // an address >> shift is its place there, in words of so many bytes
};
struct bs_class_fetch bs_class_fetch(const struct bs_class_table *table);

static inline void bs_class_fetch_ipv4(const struct bs_class_fetch *fetch, uint32_t address)
{
	__builtin_prefetch(
		(const uint8_t *)fetch->index + (address >> fetch->shift) * (size_t)fetch->size);
}

// classes[place] becomes the class of each address.
void bs_classify_burst(
	const struct bs_class_table *table, const struct bs_class_burst *burst, uint8_t *classes);

// classes[i] becomes the class of addresses[i]. `count` is any number; BS_CLASS_BURST is what it is made for.
void bs_classify_bulk(const struct bs_class_table *table, const struct bs_address *addresses,
	uint8_t *classes, size_t count);
