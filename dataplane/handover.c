// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/handover.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/seam/bell.h"
#include "dataplane/seam/ring.h"
#include "dataplane/seam/siphash.h"

// Of a ring's slots, what a SYN must leave free: one in so many.
#define KEPT_FROM_SYNS 4u

struct handed {
	struct frame frame; // `bytes` is put right by who takes it
	uint8_t bytes[];
};
_Static_assert(sizeof(struct handed) <= HANDOVER_FRAME, "a slot has room for the largest frame");

struct handover {
	uint32_t lcores;
	uint32_t room;
	struct siphash_key key;
	struct bs_bell *bell[BS_DATAPLANES_MAX];
	struct bs_ring *ring[]; // from * lcores + to
};

static struct bs_ring *ring_of(const struct handover *handover, uint32_t from, uint32_t to)
{
	return handover->ring[from * handover->lcores + to];
}

struct handover *handover_new(uint32_t lcores, uint32_t room, const uint8_t secret[16])
{
	size_t rings = (size_t)lcores * lcores * sizeof(struct bs_ring *);
	struct handover *handover = calloc(1, sizeof(*handover) + rings);
	if (handover == NULL)
		return NULL;
	handover->lcores = lcores;
	handover->room = room;
	memcpy(&handover->key, secret, sizeof(handover->key));
	for (uint32_t i = 0; i < lcores * lcores; i++) {
		if (i / lcores == i % lcores)
			continue;
		handover->ring[i] = bs_ring_new(handover_slots(lcores), handover_slot_bytes(room));
		if (handover->ring[i] == NULL) {
			handover_free(handover);
			return NULL;
		}
	}
	return handover;
}

void handover_free(struct handover *handover)
{
	if (handover == NULL)
		return;
	for (uint32_t i = 0; i < handover->lcores * handover->lcores; i++)
		free(handover->ring[i]);
	free(handover);
}

void handover_join(struct handover *handover, uint32_t number, struct bs_bell *bell)
{
	handover->bell[number] = bell;
}

uint32_t handover_owner(
	const struct handover *handover, const struct port *port, const struct frame *frame)
{
	uint64_t word[3];
	memcpy(word, frame->source.octet, 16);
	word[2] = (uint64_t)frame->source_port << 8 | frame->local;
	uint64_t h = siphash(&handover->key, word, 3, 1, 3);
	return (uint32_t)((h >> 32) * port->queues >> 32);
}

static bool leaves_room(const struct dataplane *dataplane, const struct frame *frame)
{
	return frame_opens(frame) &&
	       !bs_action_spares(dataplane->policy->class[frame->class].action);
}

bool handover_give(struct dataplane *dataplane, uint32_t owner, const struct frame *frame)
{
	struct handover *handover = dataplane->handover;
	struct bs_ring *ring = ring_of(handover, dataplane->number, owner);
	uint32_t spare = leaves_room(dataplane, frame) ? (ring->mask + 1) / KEPT_FROM_SYNS : 1;
	struct handed *handed = bs_ring_reserve(ring, spare);
	if (handed == NULL || frame->length > handover->room)
		return false;
	handed->frame = *frame;
	handed->frame.mbuf = NULL;
	handed->frame.prepared = 0;
	memcpy(handed->bytes, frame->bytes, frame->length);
	bs_ring_commit(ring);
	dataplane->handed_to |= UINT64_C(1) << owner;
	return true;
}

void handover_wake(struct dataplane *dataplane)
{
	for (; dataplane->handed_to != 0; dataplane->handed_to &= dataplane->handed_to - 1) {
		int owner = __builtin_ctzll(dataplane->handed_to);
		if (dataplane->handover->bell[owner] != NULL)
			bs_bell_ring(dataplane->handover->bell[owner]);
	}
}

unsigned handover_burst(
	struct dataplane *dataplane, const struct port *port, struct frame **frames, unsigned count)
{
	unsigned ours = 0;
	for (unsigned i = 0; i < count; i++) {
		uint32_t owner = handover_owner(dataplane->handover, port, frames[i]);
		if (owner == dataplane->number)
			frames[ours++] = frames[i];
		else if (handover_give(dataplane, owner, frames[i]))
			dataplane->counters->handed_over++;
		else
			dataplane->counters->reason[BS_REASON_HANDOVER_FULL]++;
	}
	handover_wake(dataplane);
	return ours;
}

unsigned handover_receive(struct dataplane *dataplane, handover_input *input)
{
	const struct handover *handover = dataplane->handover;
	unsigned done = 0;
	for (uint32_t from = 0; handover != NULL && from < handover->lcores; from++) {
		struct frame *frames[BURST];
		unsigned count = 0;
		if (from == dataplane->number)
			continue;
		struct bs_ring *ring = ring_of(handover, from, dataplane->number);
		for (; count < BURST; count++) {
			struct handed *handed = bs_ring_peek(ring, count);
			if (handed == NULL)
				break;
			handed->frame.bytes = handed->bytes;
			frames[count] = &handed->frame;
		}
		if (count == 0)
			continue;
		input(dataplane, frames, count);
		bs_ring_drop(ring, count);
		done += count;
	}
	return done;
}

bool handover_waits(const struct dataplane *dataplane)
{
	const struct handover *handover = dataplane->handover;
	for (uint32_t from = 0; handover != NULL && from < handover->lcores; from++) {
		if (from != dataplane->number &&
			!bs_ring_empty(ring_of(handover, from, dataplane->number)))
			return true;
	}
	return false;
}
