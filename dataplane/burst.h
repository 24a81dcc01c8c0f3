// SPDX-License-Identifier: BSD-3-Clause
//
// What the stages of the ingress filter (ingress.h) hand on to each other. Owner: one dataplane lcore, for as long as a burst takes.
#pragma once

#include <rte_mbuf.h>

#include "control/class/class.h"
#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/plain.h"

// A stage of its own in a profile.
#define STAGE __attribute__((noinline))

// A burst on its way. Row i of each array is packet i.
struct burst {
	struct dataplane *dataplane;
	const struct port *port;
	struct plain *plain;
	struct rte_mbuf **mbuf;
	unsigned count;
	uint8_t kind[BURST];  // enum plain_kind, until it is filled in
	uint8_t said[BURST];  // enum frame_checksums
	uint8_t class[BURST]; // of SYNs
	struct frame frame[BURST];
	struct bs_class_burst sources; // of SYNs
};

// What else a packet may be here than one of enum plain_kind.
enum { DONE = PLAIN_IPV6 + 1, PARSED };

static inline const uint8_t *bytes_of(const struct burst *burst, unsigned i)
{
	return rte_pktmbuf_mtod(burst->mbuf[i], const uint8_t *);
}

static inline void done(struct burst *burst, unsigned i, enum bs_reason reason)
{
	burst->kind[i] = DONE;
	burst->dataplane->counters->reason[reason]++;
}

// The first stage: every byte that is read later is there and says what it may. What is not TCP ends here.
void ingress_validate(struct burst *burst);
