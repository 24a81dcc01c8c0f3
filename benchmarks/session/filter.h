// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen as the daemon puts it together (control/start/assembly.c), but on a port in memory, without control socket, and
// with the roles of its one lcore called by hand on a clock that the caller moves, or run by the lcore. It says why not on standard error
// and ends the program where it can't be made.
#pragma once

#include <stdint.h>

#include "control/start/daemon.h"

struct rte_mempool;
struct rte_ring;
struct filter;

// By hand: its addresses are ready.
struct filter *filter_new(const char *config);
// On the core that the configuration says, by the machine's clock; threads beside it stay on that core, too. The caller is on the first.
struct filter *filter_start(const char *config);
void filter_stop(struct filter *filter); // what filter_start() made, before it is freed

void filter_free(struct filter *filter); // after all that was logged is written

// One turn of the lcore, then its clock moves on. Returns what the roles did.
unsigned filter_turn(struct filter *filter);

struct rte_mempool *filter_pool(struct filter *filter);
struct rte_ring *filter_receive(struct filter *filter);  // frames to it
struct rte_ring *filter_transmit(struct filter *filter); // frames from it
const struct daemon *filter_daemon(const struct filter *filter);
