// SPDX-License-Identifier: BSD-3-Clause
//
// Finding a connection by its 4-tuple: a table of cells of one cache line, seven entries of a 32-bit tag and a
// record number each; a tuple has two cells that it may stand in. At the 70 % that the size allows for, an
// insert that finds both full moves one of the fourteen there to its other cell (cuckoo hashing: Pagh, Rodler, 2001), so that
// none fails in practice; if one does it is answered as "no free record". The hash is keyed (SipHash-1-3), so
// tuples can't be chosen to collide.
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

// False when there is no room.
bool connection_index_insert(
	struct connection_index *index, const struct connection *connection, uint32_t number);
void connection_index_remove(
	struct connection_index *index, const struct connection *connection, uint32_t number);

// The buckets of a connection that will be removed, on their way into the cache.
void connection_index_prefetch(
	const struct connection_index *index, const struct connection *connection);

// found[i] becomes the record number of frames[i]'s connection or CONNECTION_NONE, and its record is on its way
// into the cache. The only door on a packet's path.
void connection_lookup_bulk(const struct connection_index *index, const struct connection *record,
	struct frame *const *frames, uint32_t *found, unsigned count);
