// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/overload.h"

#include <time.h>

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/tcp/waiting.h"

// Shares in per cent at which it begins and ends. Blocks are taken and given back many times a second, and a full house of
// them is no more than 421 for some: so they may come nearer to their end.
#define RECORDS_HIGH 80u
#define RECORDS_LOW  60u
#define BLOCKS_HIGH  90u
#define BLOCKS_LOW   70u

// Suspicious connections told 421 in a turn.
#define SHED_A_TURN 64u

static bool is_high(bool before, uint64_t used, uint64_t room, unsigned high, unsigned low)
{
	return used * 100 >= room * (before ? low : high);
}

// Records in TIME_WAIT are recycled when others are wanted.
static uint64_t records_in_use(const struct dataplane *dataplane)
{
	return dataplane->counters->records - dataplane->counters->time_wait;
}

static void say(struct dataplane *dataplane, enum bs_notice_kind kind)
{
	struct bs_notice notice = {
		.kind = (uint8_t)kind, .total = (uint32_t)records_in_use(dataplane)};
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall); // vDSO: no system call
	notice.wall_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec;
	if (!bs_ring_push(dataplane->notices, &notice, sizeof(notice)))
		dataplane->counters->notices_lost++;
}

static void look(struct dataplane *dataplane)
{
	uint8_t before = dataplane->stress, now = 0;
	if (is_high(before & STRESS_RECORDS, records_in_use(dataplane),
		    dataplane->connections->capacity, RECORDS_HIGH, RECORDS_LOW))
		now |= STRESS_RECORDS;
	if (is_high(before & STRESS_BLOCKS, dataplane->counters->blocks, dataplane->streams->count,
		    BLOCKS_HIGH, BLOCKS_LOW))
		now |= STRESS_BLOCKS;
	dataplane->stress = now;
	dataplane->counters->stress = now != 0;
	if (before == 0 && now != 0) {
		dataplane->counters->stressed++;
		say(dataplane, BS_NOTICE_STRESS);
	} else if (before != 0 && now == 0) {
		say(dataplane, BS_NOTICE_STRESS_OVER);
	}
}

unsigned overload_turn(struct dataplane *dataplane)
{
	struct connections *connections = dataplane->connections;
	const struct delay_queue *suspicious = &connections->queue[DELAY_WAIT_LONG];
	unsigned done = 0;
	look(dataplane);
	if (dataplane->stress == 0)
		return 0;
	for (; done < SHED_A_TURN && suspicious->head != CONNECTION_NONE; done++)
		waiting_shed(dataplane, &connections->record[suspicious->head]);
	return done;
}

// How many records of a queue are looked at: other stages stand in the same ones.
#define LOOKED_AT 16u

static struct connection *record(struct connections *connections, uint32_t number)
{
	return number == CONNECTION_NONE ? NULL : &connections->record[number];
}

// One that has been half open for long, and whose source is on no allow list.
static struct connection *half_open(const struct dataplane *dataplane)
{
	struct connections *connections = dataplane->connections;
	for (unsigned delay = DELAY_8S; delay >= DELAY_1S; delay--) {
		struct connection *c = record(connections, connections->queue[delay].head);
		for (unsigned i = 0; c != NULL && i < LOOKED_AT; i++) {
			if (c->stage == STAGE_HALF_OPEN &&
				!bs_action_spares(dataplane->policy->class[c->class].action))
				return c;
			c = record(connections, c->next);
		}
	}
	return NULL;
}

// One that waits for the greeting, and began last.
static struct connection *stranger(const struct dataplane *dataplane)
{
	static const enum delay waits[] = {DELAY_WAIT_LONG, DELAY_WAIT};
	struct connections *connections = dataplane->connections;
	for (unsigned i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		struct connection *c = record(connections, connections->queue[waits[i]].tail);
		for (unsigned k = 0; c != NULL && k < LOOKED_AT; k++) {
			if (c->stage == STAGE_WAITING && !(c->flags & CONNECTION_FAST))
				return c;
			c = record(connections, c->previous);
		}
	}
	return NULL;
}

bool overload_make_room(struct dataplane *dataplane, const struct bs_address *source, uint8_t class)
{
	if (!connections_are_out(dataplane->connections))
		return false;
	struct connection *c = half_open(dataplane);
	if (c != NULL) {
		dataplane->counters->half_open_displaced++;
		dataplane->last_cookie_ms = dataplane->clock_ms;
		connection_release(dataplane, c);
		return true;
	}
	if (!judge_is_good(dataplane, source, class))
		return false;
	c = stranger(dataplane);
	if (c == NULL)
		return false;
	waiting_displace(dataplane, c);
	return true;
}
