// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen as the daemon puts it together (control/start/assembly.c), but on a port in memory, without control socket, and
// with the roles of its one lcore called by hand on a clock that the caller moves.
#pragma once

#include <stdint.h>

#include "control/start/daemon.h"

struct rte_mempool;
struct rte_ring;
struct filter;

struct filter *filter_new(
	const char *config);             // writes why not to standard error and ends the program
void filter_free(struct filter *filter); // after all that was logged is written

// One turn of the lcore, then its clock moves on. Returns what the roles did.
unsigned filter_turn(struct filter *filter);

struct rte_mempool *filter_pool(struct filter *filter);
struct rte_ring *filter_receive(struct filter *filter);  // frames to it
struct rte_ring *filter_transmit(struct filter *filter); // frames from it
const struct daemon *filter_daemon(const struct filter *filter);
