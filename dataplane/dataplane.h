// SPDX-License-Identifier: BSD-3-Clause
//
// A dataplane lcore: the receive queues it polls, the connections it owns, what it sends. Everything here
// belongs to one lcore; what is shared is said so.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/counters.h"
#include "control/policy/policy.h"
#include "dataplane/bucket.h"
#include "dataplane/port/port.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/seam/inquiry.h"
#include "dataplane/seam/notice.h"
#include "dataplane/seam/stream.h"
#include "dataplane/seam/siphash.h"
#include "dataplane/tcp/challenge.h"

struct rte_mbuf;
struct rte_mempool;
struct blocks;
struct connections;
struct handover;
struct links;
struct neighbours;
struct impairment;
struct plain;
struct syn_ack;
struct bs_sources;
struct syn_rate;

// Packets a receive burst: so many lookups are on their way at once. DPDK's drivers with vector code give half of it at most, and are asked again.
#define BURST        64u
#define DRIVER_BURST 32u
// Full bursts taken from a queue in a turn. A worker on the same core has its turn behind ours, and 64 segments of mails take it longer
// than us: the queue would overflow while the connections' windows are open. So what is behind is taken first, and who sends too fast is slowed
// down by his window and not by loss.
#define BURSTS_A_TURN 4u
// Connections that may owe an ACK, before it is looked who does.
#define TOUCHED (BURSTS_A_TURN * BURST)

struct transmit_buffer {
	struct rte_mbuf *mbuf[BURST];
	uint16_t count;
};

struct receive_queue {
	uint8_t port;   // index into ports
	uint16_t queue; // of that port
};

struct dataplane {
	uint8_t number;                 // of this dataplane lcore; part of session ids
	uint32_t now_ms;                // start of this turn; wraps, compare with time_reached()
	uint64_t clock_ms;              // the same, not wrapped
	const struct bs_policy *policy; // read once a turn
	struct bs_dataplane_counters *counters; // control reads
	struct ports *ports;                    // shared, constant but for the fields it names
	struct rte_mempool *pool;
	struct receive_queue queue[PORTS_MAX];
	uint8_t queue_count;
	struct plain *plain;      // of each port
	struct syn_ack *syn_acks; // of each port
	uint16_t transmit_queue;  // our own on every port
	struct transmit_buffer transmit[PORTS_MAX];
	struct neighbours *neighbours; // the neighbour lcore's; NULL on the others
	struct bucket echoes;          // ICMP echo replies; made by the first request
	struct connections *connections;
	struct blocks *blocks;
	struct links *links;
	struct syn_rate *syn_rates;
	struct bs_sources *sources; // shared by all lcores; NULL: nothing is counted nor learnt
	struct cookies cookies;
	struct siphash_key worker_secret; // which worker a source goes to (block.h)
	uint64_t last_cookie_ms;          // clock_ms of the last SYN-ACK without a record, 0: never
	struct bucket resets;             // RSTs to strangers
	struct challenges challenges;     // ACKs that say where we are
	uint32_t touched[TOUCHED];        // connections that may owe an ACK after this turn
	unsigned touched_count;
	struct bs_streams *streams;
	struct bs_door *door;         // where control asks; NULL: it does not
	struct bs_ring *notices;      // of struct bs_notice, to the log writer
	const _Atomic bool *draining; // shared, written by control: no new connections
	uint32_t lcores;              // dataplanes in all
	uint8_t stress;               // enum stress (overload.h), as of this turn
	struct handover *
		handover; // shared, constant (handover.h); NULL: every port keeps a connection on its queue
	uint64_t handed_to;            // lcores that were given frames in this burst, a bit each
	struct impairment *impairment; // a bad network made on purpose (impairment.h)
	bool impaired;                 // it is on, or holds packets back
	uint32_t counted_ms;           // when the packet buffers were counted
};

// What a dataplane lcore is made of. Pointers outlive it.
struct dataplane_settings {
	uint8_t number;
	struct ports *ports;
	struct rte_mempool *pool;
	const struct receive_queue *queue;
	uint8_t queue_count;
	uint16_t transmit_queue;
	uint32_t connections, half_open, talking; // records in all, half-open ones, session blocks
	uint32_t data_rings, data_ring_size; // large receive rings and their bytes (a power of two)
	uint32_t data_ring_most; // that one may grow to (a power of two), out of the memory of all
	uint32_t workers;
	uint32_t
		lcores; // dataplanes in all, at least 1: each has its share of what the policy counts for all
	struct bs_bell *bell; // of the lcore that runs us
	struct bs_bell *worker_bell[BS_WORKERS_MAX];
	struct bs_dataplane_counters *counters;
	uint32_t notices; // room of the notice ring
	const _Atomic bool *draining;
	struct bs_door *door; // may be NULL
	uint8_t secret
		[64]; // random: keys of index, cookies, rate limits and locality; the same for all lcores
	bool neighbour_lcore;       // exactly one of them
	struct bs_sources *sources; // may be NULL
	struct handover *handover;  // may be NULL
};

// NULL without memory. Control thread, at start; memory comes from the calling thread's NUMA node.
struct dataplane *dataplane_new(const struct dataplane_settings *settings, uint64_t now_ns);
void dataplane_free(struct dataplane *dataplane);

// The role (dataplane/seam/role.h): receive, classify, handshake, TCP, timers, wishes, send.
unsigned dataplane_poll(void *dataplane, uint64_t now_ns);
bool dataplane_ready(void *dataplane);
uint64_t dataplane_patience(void *dataplane, uint64_t now_ns);

// True when `moment` is not after `now` on a clock that wraps.
static inline int time_reached(uint32_t now, uint32_t moment)
{
	return (int32_t)(now - moment) >= 0;
}
