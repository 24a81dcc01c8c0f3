// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/dataplane.h"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/tcp/block.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/greeting.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/expiry.h"
#include "dataplane/handover.h"
#include "dataplane/impairment.h"
#include "dataplane/ingress.h"
#include "dataplane/inquiry.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/overload.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/port/transmit.h"
#include "dataplane/tcp/waiting.h"

// Connections told 421 in a turn when we are stopping.
#define DRAINED_A_TURN 64u
// Without interrupts from the port, the longest nap between two looks at it: a millisecond where somebody is
// connected, and so little more where nobody is that a SYN does not mind.
#define PATIENCE_NS       1000000u
#define PATIENCE_ALONE_NS 4000000u
#define BUFFERS_MS        1000u

static inline unsigned take(uint16_t port, uint16_t queue, struct rte_mbuf **mbuf)
{
	unsigned count = rte_eth_rx_burst(port, queue, mbuf, BURST);
	if (count == DRIVER_BURST)
		count += rte_eth_rx_burst(port, queue, mbuf + count, BURST - DRIVER_BURST);
	return count;
}

// One burst of a queue.
static unsigned receive_burst(struct dataplane *dataplane, unsigned i)
{
	const struct receive_queue *queue = &dataplane->queue[i];
	const struct port *port = &dataplane->ports->port[queue->port];
	struct rte_mbuf *mbuf[BURST];
	unsigned count = unlikely(dataplane->impaired) ? impairment_receive(dataplane, i, mbuf)
						       : take(port->id, queue->queue, mbuf);
	if (count > 0)
		ingress_burst(dataplane, port, mbuf, count);
	return count;
}

static unsigned receive(struct dataplane *dataplane)
{
	unsigned done = 0;
	for (unsigned i = 0; i < dataplane->queue_count; i++) {
		unsigned count = BURST;
		for (unsigned n = 0; n < BURSTS_A_TURN && count == BURST; n++) {
			count = receive_burst(dataplane, i);
			done += count;
		}
	}
	return done;
}

// We are stopping: those who wait, and those who were greeted and said nothing yet, are told so.
static unsigned drain(struct dataplane *dataplane)
{
	static const enum delay waiting[] = {DELAY_WAIT, DELAY_WAIT_LONG, DELAY_GREETED};
	struct connections *connections = dataplane->connections;
	unsigned done = 0;
	for (unsigned i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
		while (connections->queue[waiting[i]].head != CONNECTION_NONE &&
			done < DRAINED_A_TURN) {
			waiting_drain(dataplane,
				&connections->record[connections->queue[waiting[i]].head]);
			done++;
		}
	}
	return done;
}

// A walk over the caches of all lcores: not in every turn.
static void count_buffers(struct dataplane *dataplane)
{
	if (dataplane->now_ms - dataplane->counted_ms < BUFFERS_MS)
		return;
	dataplane->counted_ms = dataplane->now_ms;
	dataplane->counters->mbufs = rte_mempool_in_use_count(dataplane->pool);
}

unsigned dataplane_poll(void *self, uint64_t now_ns)
{
	struct dataplane *dataplane = self;
	dataplane->clock_ms = now_ns / 1000000;
	dataplane->now_ms = (uint32_t)dataplane->clock_ms;
	dataplane->policy = bs_policy_get();
	cookies_turn(&dataplane->cookies, dataplane->clock_ms);
	impairment_turn(dataplane);
	unsigned received = receive(dataplane);
	received += handover_receive(dataplane, ingress_handed);
	// One for all that the turn brought: where many send at once a burst has a segment or two of each.
	talk_acknowledge(dataplane);
	unsigned done = received;
	done += talk_wishes(dataplane);
	done += greetings_wished(dataplane);
	done += overload_turn(dataplane);
	done += expiry_turn(dataplane, received);
	done += inquiry_turn(dataplane);
	if (*dataplane->draining)
		done += drain(dataplane);
	if (dataplane->neighbours != NULL)
		neighbour_turn(dataplane, dataplane->neighbours, dataplane->now_ms);
	transmit_flush(dataplane);
	count_buffers(dataplane);
	return done;
}

bool dataplane_ready(void *self)
{
	struct dataplane *dataplane = self;
	if (bs_door_look(dataplane->door) != NULL || handover_waits(dataplane))
		return true;
	for (uint32_t worker = 0; worker < dataplane->streams->workers; worker++) {
		if (!bs_ring_empty(dataplane->streams->wishes[worker]) ||
			!bs_ring_empty(dataplane->streams->greet[worker]))
			return true;
	}
	return false;
}

uint64_t dataplane_patience(void *self, uint64_t now_ns)
{
	const struct dataplane *dataplane = self;
	return dataplane->counters->records > 0 ? PATIENCE_NS : PATIENCE_ALONE_NS;
}
