// SPDX-License-Identifier: BSD-3-Clause
//
// Which policy a recipient has: addresses and domains to rows, in one hash. A lookup is a few probes, whose number is known when
// the map is built; nobody but the configuration puts something in.
//
// A leaf. Built in one thread, then immutable; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bs_recipient_map;

// For `most` entries at most; `delimiters` begin an extension, at most 8. NULL without memory.
struct bs_recipient_map *bs_recipient_map_new(size_t most, const char *delimiters);
const char *bs_recipient_map_delimiters(const struct bs_recipient_map *map);
void bs_recipient_map_free(struct bs_recipient_map *map);

// Adds user@domain, user@ (all domains) or @domain; lower case. Of two the first stays. False without memory or room.
bool bs_recipient_map_add(struct bs_recipient_map *map, const char *entry, uint16_t row);

// The row of the `length` bytes at `local`, '@', `domain`; 0 when it has none.
uint16_t bs_recipient_map_find(
	const struct bs_recipient_map *map, const char *local, size_t length, const char *domain);
