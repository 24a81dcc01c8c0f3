// SPDX-License-Identifier: BSD-3-Clause
//
// The test bed: the real dataplane on an in-memory port, with rounds of prebuilt frames. A round puts frames into the
// port's receive ring (not timed; they lie in the caches, as a NIC leaves them), then the loop under test takes all of them
// out (timed). One a process, one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/packets/mix.h"
#include "control/counters.h"
#include "control/policy/policy.h"
#include "dataplane/dataplane.h"
#include "dataplane/seam/qsbr.h"

struct bs_sources;
struct rte_mempool;
struct rte_ring;

#define BED_ROUND_MAX 16384u

struct bed_settings {
	bool offloads;                   // the port verifies and fills in checksums, as NICs do
	uint32_t connections, half_open; // of the dataplane
	uint32_t mbufs;                  // 0: four rounds; else a power of two less one
	uint16_t mbuf_room;              // bytes for a frame, headroom included; 0: DPDK's default
	struct bs_sources *table;        // the caller's; NULL: as `sources` says
	struct bs_class_table
		*classes;   // taken over: of 8 lists with the action drop, from BS_CLASS_LISTS on
	bool no_policy;     // the caller publishes one himself
	uint32_t sources;   // the dataplane has a table of so many, all taken; 0: it has none
	bool virtual_clock; // of a microsecond a turn, so that all runs are alike
};

struct bed {
	struct rte_mempool *pool;
	struct rte_ring *receive, *transmit;
	uint16_t port_id;
	struct ports ports;
	struct bs_policy policy;
	struct bs_template_set texts[BS_TEMPLATE_SETS];
	struct bs_dataplane_counters counters;
	struct bs_bell bell, worker_bell;
	_Atomic bool draining;
	struct bs_qsbr qsbr;
	struct bs_qsbr_reader *reader;
	struct dataplane *dataplane;
	struct bs_sources *sources;
	uint64_t now_ns;   // of the virtual clock; 0: it is the machine's
	uint64_t rx_flags; // what the port says of each frame
};

extern const uint8_t bed_mac[6], bed_peer_mac[6]; // of our port, of who sends

// DPDK without devices, on the first processor that we may run on; with huge pages where there are free ones. Exits where
// it does not start.
void bed_start_dpdk(void);

// Exits where it can't be made.
struct bed *bed_new(const struct bed_settings *settings);
void bed_free(struct bed *bed);

// Seeded, from the mix's weights, to our addresses and from `bed_peer_mac`.
void bed_mix(struct mix *mix, const struct mix_settings *settings);

// Writes the next frame, of at most MIX_FRAME_BYTES; returns its length.
typedef uint16_t bed_next(void *self, uint8_t *frame);

// Puts `count` frames into the receive ring.
void bed_put_bulk(struct bed *bed, bed_next *next, void *self, uint32_t count);
// The same of a mix.
void bed_fill(struct bed *bed, struct mix *mix, uint32_t count);
// The same with one that is made already.
void bed_put(struct bed *bed, const uint8_t *frame, uint16_t length);

// Takes out of the transmit ring, frees, returns how many. `see`: may be NULL.
typedef void bed_see(void *self, const uint8_t *frame, uint32_t length, uint64_t tx_flags);
uint32_t bed_sent(struct bed *bed, bed_see *see, void *self);

// What a loop does in one turn: dataplane_poll() or what stands in its place.
typedef unsigned bed_poll(void *self, uint64_t now_ns);
unsigned bed_poll_free(void *bed, uint64_t now_ns); // receive and free
unsigned bed_poll_swap(void *bed, uint64_t now_ns); // receive, swap MAC addresses, send

// One turn of an lcore.
void bed_turn(struct bed *bed, bed_poll *poll, void *self);
// Turns of an lcore (clock, quiescent state, poll) until the receive ring is empty; the TSC's ticks that it took.
uint64_t bed_ticks(struct bed *bed, bed_poll *poll, void *self);
