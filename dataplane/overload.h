// SPDX-License-Identifier: BSD-3-Clause
//
// Overload: what is done without when this lcore's records or session blocks come to their end, so that it is not the good clients who
// go without. Stutters end first, then the suspicious are told to come again, and plain clients wait shorter; those who
// behaved, the allowed and relays notice nothing. It ends well below where it began.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/dataplane.h"

enum stress {
	STRESS_RECORDS = 1 << 0, // waits are short: each wait is a record
	STRESS_BLOCKS = 1 << 1,  // they are not: who waits has no block yet
};

// A handshake is complete and no record is free, not even one in TIME_WAIT. Frees one at the cost of who loses least by it: a
// handshake that is not complete, since its SYN-ACK was a cookie that is still good; for a good source (judge.h) then a client that waits, the
// one that came last, suspicious ones first: it is reset and comes again. Never for a SYN, which may be forged. True when it did.
bool overload_make_room(
	struct dataplane *dataplane, const struct bs_address *source, uint8_t class);

// Once a turn: looks where we are, and sheds a bounded number of connections. Returns how many.
unsigned overload_turn(struct dataplane *dataplane);
