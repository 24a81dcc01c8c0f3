// SPDX-License-Identifier: BSD-3-Clause
//
// The software hand-over: on a port whose queues do not keep a connection (port->handover) a keyed hash of the 4-tuple says which
// lcore owns it, and a segment that comes in by another's queue is handed over to that one.
//
// No packet buffer changes lcores: the parsed frame and its bytes are copied into a slot of a ring from the one lcore to the other. A
// frame is validated and checksummed once, where it came in, and counted once, where it ends: by the owner, or here when the ring is
// full. The owner answers by his own transmit queue. Owners are the lcores that poll a queue of the port, so its queues are theirs.
//
// What needs no connection (ARP, neighbour discovery, echo) is answered where it comes in.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bs_bell;
struct dataplane;
struct frame;
struct handover; // the rings of all lcores to each other; constant once made, a ring belongs to its two ends
struct port;

// In front of an IP packet: Ethernet header and VLAN tag.
#define HANDOVER_AROUND 18u

// For `lcores` dataplanes and frames of at most `room` bytes. `secret`: 16 random bytes. NULL without memory. Control, at start.
struct handover *handover_new(uint32_t lcores, uint32_t room, const uint8_t secret[16]);
void handover_free(struct handover *handover);

// Slots that lead to one lcore, shared among the others: some bursts of each even where there are many. Memory grows with the number of
// lcores and not with its square.
#define HANDOVER_SLOTS       512u
#define HANDOVER_SLOTS_LEAST 64u
#define HANDOVER_FRAME       192u // what stands in front of a slot's bytes, at most

static inline uint32_t handover_slots(uint32_t lcores)
{
	uint32_t share = HANDOVER_SLOTS / (lcores - 1), size = HANDOVER_SLOTS_LEAST;
	while (size < share)
		size *= 2;
	return size;
}

static inline uint32_t handover_slot_bytes(uint32_t room)
{
	return (HANDOVER_FRAME + room + 63) & ~63u;
}

// Bytes that its rings take.
static inline uint64_t handover_bytes(uint32_t lcores, uint32_t room)
{
	return lcores < 2 ? 0
			  : (uint64_t)lcores * (lcores - 1) * handover_slots(lcores) *
				    handover_slot_bytes(room);
}

// Who rings for lcore `number`. Control, before the lcores start.
void handover_join(struct handover *handover, uint32_t number, struct bs_bell *bell);

// The number of the dataplane that owns the connection of a TCP frame which came in by `port`, a port with `handover`.
uint32_t handover_owner(
	const struct handover *handover, const struct port *port, const struct frame *frame);

// Copies a TCP frame to its owner, another lcore. False when there is no room for it. SYNs leave a part of the room to segments,
// which may be of connections; those of the allowed (by the frame's class) do not.
bool handover_give(struct dataplane *dataplane, uint32_t owner, const struct frame *frame);
// Wakes whom something was given to since the last time. At a burst's end.
void handover_wake(struct dataplane *dataplane);
// The same for a burst of TCP frames that came in by `port`: gives away what is others', wakes them, and leaves what is ours in front.
// Returns how many these are.
unsigned handover_burst(struct dataplane *dataplane, const struct port *port, struct frame **frames,
	unsigned count);

// Calls `input` with what others handed over, a burst of each at most; the frames are valid during the call and lie in no packet buffer. Returns how many. Once a
// turn.
typedef void handover_input(struct dataplane *dataplane, struct frame **frames, unsigned count);
unsigned handover_receive(struct dataplane *dataplane, handover_input *input);
// True when something waits for us.
bool handover_waits(const struct dataplane *dataplane);
