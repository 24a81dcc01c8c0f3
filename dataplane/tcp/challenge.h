// SPDX-License-Identifier: BSD-3-Clause
//
// How many ACKs a stranger may have us send by segments that do not fit (RFC 5961, 7). One bound for all connections would be
// a side channel (CVE-2016-5696): who uses it up with a connection of his own, and counts, sees whether he hit somebody else's.
// So each connection has its own, and the total is far above what a few connections can use and not the same in any
// two seconds.
//
// Owner: one dataplane lcore.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct connection;
struct dataplane;

// Between two of a connection: what a true peer needs once a round trip at most.
#define CHALLENGE_GAP_MS 500u
// Of all connections of an lcore, a second: drawn between the half and one and a half of this.
#define CHALLENGES_A_SECOND 10000u

struct challenges {
	uint32_t second; // of the draw
	uint32_t left;
};

// Takes one; false when it must not be sent. Counts it either way.
bool challenge_take(struct dataplane *dataplane, struct connection *connection);
