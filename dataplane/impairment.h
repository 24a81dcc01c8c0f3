// SPDX-License-Identifier: BSD-3-Clause
//
// A bad network, made on purpose: packets are lost, put out of order, doubled and damaged in the shares that the policy
// names (impairment { } of the configuration). It stands behind the receive queue, in front of the parser, and behind the
// transmit buffer, in front of the port, so all that barscreen hears and says goes through it. For tests, and for those
// who want to see what their senders' bad lines would do.
//
// Off, it costs a look at the policy a turn and a branch a burst. The lcore's own; nothing is shared.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dataplane.h"

struct rte_mbuf;

// NULL without memory. Control thread, at start.
struct impairment *impairment_new(void);
// Frees the packets that it holds back too.
void impairment_free(struct impairment *impairment);

void impairment_switch(struct dataplane *dataplane);
// Once a turn, after the policy was read: says in dataplane->impaired whether the two below are to be called. Switched off
// they are as long as packets are held back: those are delivered.
static inline void impairment_turn(struct dataplane *dataplane)
{
	if (__builtin_expect(dataplane->policy->impairment.on || dataplane->impaired, 0))
		impairment_switch(dataplane);
}

// Reads a burst from receive queue `row` of the dataplane. As rte_eth_rx_burst(); `mbuf` has room for BURST.
uint16_t impairment_receive(struct dataplane *dataplane, unsigned row, struct rte_mbuf **mbuf);

// Takes `count` packets for the port, 0 too, and sends (transmit_burst()) what comes of them and of those held back.
void impairment_send(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	uint16_t count);
