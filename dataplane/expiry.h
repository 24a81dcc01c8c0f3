// SPDX-License-Identifier: BSD-3-Clause
//
// Delays that are over: a bounded number a turn, the queues in turns, what comes next on its way into the cache.
//
// Owner: one dataplane lcore.
#pragma once

struct dataplane;

// Ends what is due, after the receive queues gave `received` packets in this turn. Returns how many ended. What is left over is
// next turn's, and counted: expiry-lag, expired-late. Once a turn.
unsigned expiry_turn(struct dataplane *dataplane, unsigned received);
