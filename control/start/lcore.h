// SPDX-License-Identifier: BSD-3-Clause
//
// An lcore: a thread pinned to one core that runs a list of roles (dataplane/seam/role.h) in turn, as long as there
// is work, and sleeps when there is none.
//
// Idling. After a turn without work it looks again for a short while, then naps: 50 us, doubling up to 1 ms, each
// nap ended early by the lcore's bell or a role's descriptor and never longer than the most impatient role allows. Work found resets the nap. A
// spinning lcore never sleeps. The bell is set to sleep before the roles are asked once more whether something waits, so
// no doorbell is lost (dataplane/seam/bell.h). Each turn begins in a quiescent state, and a nap is offline
// (dataplane/seam/qsbr.h): roles hold nothing of the policy between turns.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/bell.h"
#include "dataplane/seam/qsbr.h"
#include "dataplane/seam/role.h"

#define LCORE_ROLES_MAX 8u

struct lcore;

struct lcore_settings {
	int core;                              // CPU number
	bool spin;                             // never sleep
	uint64_t nap_first_ns, nap_longest_ns; // 0: 50 us, 1 ms
	struct role role[LCORE_ROLES_MAX];
	unsigned role_count;
	struct bs_bell *bell;          // outlives the lcore
	struct bs_qsbr_reader *reader; // what its roles read of control's; may be NULL
	const _Atomic bool *stop; // set, then lcore_join(): the loop ends after the turn under way
	// A net_tap device tells of packets by a real-time signal to the process: with this the signal comes here, where
	// it also ends a nap. All other signals are blocked.
	bool takes_packet_signals;
	// First and last act on the new thread: membership in DPDK. `enter` false: the lcore was not started. May be NULL.
	bool (*enter)(void);
	void (*leave)(void);
};

// Starts the thread; `settings` is copied. On failure NULL and one line in `error`. Control thread.
struct lcore *lcore_start(const struct lcore_settings *settings, char error[256]);

// Rings the bell, waits for the thread's end, frees. `stop` was set before. Control thread. NULL is allowed.
void lcore_join(struct lcore *lcore);

// Turns begun and naps taken; for tests and figures. Any thread, a moment's truth.
uint64_t lcore_turns(const struct lcore *lcore);
uint64_t lcore_naps(const struct lcore *lcore);

// Blocks all signals but those that report a fault of the thread itself (DPDK meets SIGBUS when it tries hugepages).
// main() calls it before it makes any thread; all threads inherit it.
void lcore_block_signals(void);
