// SPDX-License-Identifier: BSD-3-Clause
//
// The ingress filter: what becomes of a received burst. Each stage takes the whole burst, so that what one packet waits for
// in memory is fetched while others are worked on, and hands on what it did not drop:
//
//   validate   ingress_validate.c: every byte that is read later is there and says what it may; what is not TCP goes to neighbour/
//   classify   SYNs only: the class of the source; bogons, own addresses and lists with the action `drop` end here
//   checksum   TCP's, where the port did not say; after the classes, for who is dropped anyway need not be right
//   hand over  where the port may bring a connection's segments by any queue (handover.h): to the lcore that owns it
//   known      the connection that a segment belongs to
//   tcp        in the order of arrival: connections, SYNs, and what belongs to neither
//
// Each stage is a function of its own, which profiles can name.
#pragma once

struct dataplane;
struct frame;
struct port;
struct rte_mbuf;

// Takes the packets: they are given back, or sent as the answer. Each is counted once in counters->reason. At most BURST of them. Owner: the dataplane lcore.
void ingress_burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	unsigned count);

// Frames that another lcore received and found good, and whose connections are ours. At most BURST of them. Owner: the dataplane lcore.
void ingress_handed(struct dataplane *dataplane, struct frame **frames, unsigned count);

// The first two of these stages alone, validate and classify: how many of the packets neither dropped. They stay the caller's. For benches, with TCP alone: what is not is answered in place.
// At most BURST of them. Owner: the dataplane lcore.
unsigned ingress_decide(struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf **mbuf, unsigned count);
