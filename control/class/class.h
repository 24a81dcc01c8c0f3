// SPDX-License-Identifier: BSD-3-Clause
//
// The class table: which class an address belongs to. Immutable once built; any number of threads read
// it at once. bs_classify_bulk() is its only door on a packet's path.
//
// Structure: sorted disjoint ranges. IPv4 has them under a direct index (DXR: Zec, Rizzo, Mikuc, "DXR:
// towards a billion routing lookups per second in software", 2012), IPv6, whose addresses crowd, under a static
// search tree. A million scattered entries take 12 MB in IPv4 and 20 MB in IPv6 (prefixes up to /64).
#pragma once

#include <stddef.h>
#include <stdint.h>

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

// classes[i] becomes the class of addresses[i]. `count` is any number; a burst of 32 is what it is made for.
void bs_classify_bulk(const struct bs_class_table *table, const struct bs_address *addresses,
	uint8_t *classes, size_t count);
