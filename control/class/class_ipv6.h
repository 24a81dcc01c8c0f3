// SPDX-License-Identifier: BSD-3-Clause
//
// The IPv6 half of the class table. A direct index would be lopsided: what is in use of IPv6, and
// what lists hold of it, crowds in a few /32s, as an attacker may choose. So the ranges are found by a
// static search tree of one cache line a node over the upper 64 bits of their starts: seven lines
// for a million scattered /64s, of which the upper five stay in the cache, however they crowd. 20 MB.
//
// Prefixes longer than /64 are rare, as a source is a /64: a "split" /64 has its ranges in a side table.
// A million of them, all in different /64s, take 44 MB in all.
#pragma once

#include "control/class/class_ipv4.h"

#define CLASS_LEVELS 12u // 9^12 nodes of 8 keys: more than can be

struct class_ipv6 {
	// upper halves of the starts, sorted, then what fills the last node; by level: 0 holds all, each other the
	// first key of each node below but a parent's first child
	uint64_t *key[CLASS_LEVELS];
	size_t nodes[CLASS_LEVELS];
	unsigned levels;
	uint8_t *class; // of key[0][i], at least up to the first start inside a split /64
	size_t count;
	// split /64s; absent when there are none
	struct class_split_map *map; // which of the keys are split: 64 keys a row
	uint32_t *split_first; // of split /64 number n: its first place below; one more at the end
	uint64_t *split_low;   // lower halves of the starts, never 0
	uint8_t *split_class;
	size_t split_count, split_ranges;
};

// False without memory.
bool class_ipv6_build(struct class_ipv6 *table, const struct class_ranges *ranges);
void class_ipv6_free(struct class_ipv6 *table);
size_t class_ipv6_size(const struct class_ipv6 *table);

// classes[i] becomes the class of the address high[i], low[i] (host byte order); `count` up to
// BS_CLASS_BURST.
void class_ipv6_lookup(const struct class_ipv6 *table, const uint64_t *high, const uint64_t *low,
	uint8_t *classes, unsigned count);
