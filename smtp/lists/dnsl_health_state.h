// SPDX-License-Identifier: BSD-3-Clause
//
// What the health of the DNS lists is made of, for the files smtp/dnsl_health*.c only.
#pragma once

#include "dataplane/seam/siphash.h"
#include "smtp/lists/dnsl_health.h"
#include "smtp/lists/dnsl_share.h"

#define ROWS (2u * BS_DNSL_MOST) // a reload may bring as many new lists as there were

// Of one list. Any worker, but for `key` and `points`, which the worker that asks the points writes.
struct row {
	_Atomic uint64_t key; // of name and zone; 0: free
	_Atomic uint64_t
		points; // enum dnsl_points_state, number of the point, its address: see points_pack()
	_Atomic uint32_t unproved;   // hits since the last miss and the last good points
	_Atomic uint8_t share_state; // enum dnsl_share_state
	_Atomic bool wanted;         // the points, early
	_Atomic uint32_t error;      // the last address that was no entry
	_Atomic uint64_t error_ms;   // and when; 0: none yet
	_Atomic uint64_t asked, hits, errors, suspensions;
	struct dnsl_share share;
};

// Of the same list, of the worker that asks.
struct watch {
	struct dns_asker asker;
	struct dnsl_health *health;
	bool asking, silent_once, told_suspended, told_error;
	uint64_t tested_ms, due_ms;
	uint32_t turn; // the last whose policy has it
};

struct dnsl_health {
	struct siphash_key key;
	_Atomic uint32_t rows;
	_Atomic bool wanted; // something in a row
	_Atomic(struct bs_bell *) bell;
	// of the worker that asks
	bool news;
	uint32_t turn;
	uint64_t next_ms;
	const struct bs_policy *policy; // of the last turn: only compared
	struct watch watch[ROWS];
	struct row row[ROWS];
};

// How a list stands. In the order of their weight: what suspends first is what is said.
enum state {
	STATE_COUNTS,
	STATE_PROVING, // its points are asked early and have not answered
	STATE_AWAITED,
	STATE_POINTS,
	STATE_RUN,
	STATE_OVER,
};

// `row` may be NULL.
enum state row_state(const struct row *row, const struct bs_dnsl *list);
struct row *find_row(const struct dnsl_health *health, const struct bs_dnsl *list);
uint64_t list_key(const struct bs_dnsl *list);
// Has the worker that asks take a turn soon.
void want_turn(struct dnsl_health *health);

static inline bool state_suspends(enum state state)
{
	return state >= STATE_POINTS;
}

static inline uint64_t points_pack(struct dnsl_points_word points)
{
	uint64_t word = (uint64_t)points.state << 40 | (uint64_t)points.point << 32;
	for (unsigned i = 0; i < 4; i++)
		word |= (uint64_t)points.octets[i] << 8 * i;
	return word;
}

static inline struct dnsl_points_word points_unpack(uint64_t word)
{
	struct dnsl_points_word points = {
		(enum dnsl_points_state)(word >> 40), (uint8_t)(word >> 32), {0}};
	for (unsigned i = 0; i < 4; i++)
		points.octets[i] = (uint8_t)(word >> 8 * i);
	return points;
}
