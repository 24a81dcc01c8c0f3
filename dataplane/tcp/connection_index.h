// SPDX-License-Identifier: BSD-3-Clause
//
// Finding a connection by its 4-tuple: a table of buckets of one cache line, eight entries of a 32-bit tag and a
// record number each; a tuple has two buckets and its entry goes into the emptier one. At the 60 % that
// the size allows for, eight entries and two choices overflow with a probability far below one in 10^9 inserts
// (Azar, Broder, Karlin, Upfal, "Balanced allocations", 1999); an overflow is answered as "no free record". The
// hash is keyed (SipHash-1-3), so tuples can't be chosen to collide.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/seam/siphash.h"

struct connection;
struct connection_index;

struct connection_index *connection_index_new(uint32_t capacity, const struct siphash_key *key);
void connection_index_free(struct connection_index *index);

// False when both buckets are full.
bool connection_index_insert(
	struct connection_index *index, const struct connection *connection, uint32_t number);
void connection_index_remove(
	struct connection_index *index, const struct connection *connection, uint32_t number);

// found[i] becomes the record number of frames[i]'s connection or CONNECTION_NONE, and its record is on its way
// into the cache. The only door on a packet's path.
void connection_lookup_bulk(const struct connection_index *index, const struct connection *record,
	struct frame *const *frames, uint32_t *found, unsigned count);
