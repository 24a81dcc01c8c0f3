// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/expiry.h"

#include <rte_prefetch.h>

#include "dataplane/seam/source.h"
#include "dataplane/tcp/closing.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/connection_index.h"
#include "dataplane/tcp/greeting.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/tcp/refused.h"
#include "dataplane/tcp/stutter.h"
#include "dataplane/tcp/talk.h"
#include "dataplane/tcp/waiting.h"

// A burst of delays that end must not starve the receive queues. While these are full every packet pays for half a delay at
// most: at 3 Mpps that is more than a million of them a second, and 10 million waiting end at 400,000. With nothing to receive
// a turn takes as many as end in some 20 microseconds, in which the smallest frames at 10 Gbit/s fill a third of a
// queue of 1024.
#define EXPIRIES_IDLE        BURST
#define EXPIRIES_BUSY(count) ((count) / 2)

// Of one queue, before the next one's turn comes: enough to hide the way to the memory behind the others, and to ask the tables about
// as many at once as they are made for.
#define BATCH BURST

// More than this behind its time is late: what a client that waits may notice, and half a hundred turns of the clock.
#define LATE_MS 50u

static void expired(struct dataplane *dataplane, struct connection *c)
{
	switch ((enum stage)c->stage) {
	case STAGE_HALF_OPEN:
		handshake_expired(dataplane, c);
		break;
	case STAGE_GREETED:
		waiting_expired(dataplane, c);
		break;
	case STAGE_REFUSED:
		refused_expired(dataplane, c);
		break;
	case STAGE_STUTTER:
		stutter_expired(dataplane, c);
		break;
	case STAGE_TALKING:
		talk_expired(dataplane, c);
		break;
	case STAGE_LINGER:
	case STAGE_FIN_WAIT_1:
	case STAGE_FIN_WAIT_2:
	case STAGE_CLOSING:
	case STAGE_LAST_ACK:
	case STAGE_TIME_WAIT:
		closing_expired(dataplane, c);
		break;
	case STAGE_WAITING: // only in the queues of end_waits()
	case STAGE_FREE:
	case STAGES:
		break;
	}
}

static uint32_t lag_ms(const struct dataplane *dataplane, const struct connection *c)
{
	return dataplane->now_ms - connection_due_ms(dataplane, c);
}

// A step along a queue, whose next record is fetched meanwhile. A record knows the one behind it: so while one ends the
// queue is followed a step beyond the batch, and when the next batch begins its records are there.
static uint32_t step(const struct connections *connections, uint32_t number)
{
	if (number == CONNECTION_NONE)
		return CONNECTION_NONE;
	uint32_t next = connections->record[number].next;
	if (next != CONNECTION_NONE)
		rte_prefetch0(&connections->record[next]);
	return next;
}

// Up to `most` whose wait is over.
static unsigned end_waits(struct dataplane *dataplane, enum delay delay, unsigned most)
{
	struct connections *connections = dataplane->connections;
	struct connection *c[BATCH];
	uint8_t verdict[BATCH];
	uint32_t late_ms = dataplane->now_ms - delay_ms(dataplane, delay) - LATE_MS;
	unsigned due = delay_take_due(dataplane, delay, most, c), greeted = 0;
	uint32_t ahead = connections->queue[delay].head;
	if (due == 0)
		return 0;
	greetings_judge(dataplane, c, due, verdict);
	for (unsigned i = 0; i < due; i++) {
		ahead = step(connections, ahead);
		dataplane->counters->expired_late += !time_reached(c[i]->deadline_ms, late_ms);
		if (greeting_due(dataplane, c[i], (enum bs_verdict)verdict[i]))
			c[greeted++] = c[i];
	}
	greetings_send(dataplane, c, greeted);
	return due;
}

// What the stages of the first `most` that are due will touch, fetched ahead. Returns how many are due; `*after`: the record behind
// them, or CONNECTION_NONE.
static unsigned fetch(
	const struct dataplane *dataplane, uint32_t number, unsigned most, uint32_t *after)
{
	const struct connections *connections = dataplane->connections;
	const struct bs_address *source[BATCH];
	unsigned due = 0, sources = 0;
	for (; number != CONNECTION_NONE && due < most; due++) {
		const struct connection *c = &connections->record[number];
		if (!connection_due(dataplane, c))
			break;
		if (c->counted) // its verdict is asked for, or it is counted out
			source[sources++] = &c->peer;
		else if (c->stage == STAGE_HALF_OPEN || c->stage == STAGE_TIME_WAIT)
			connection_index_prefetch(connections->index, c); // goes out of the index
		number = c->next;
	}
	if (sources > 0)
		bs_source_prefetch_bulk(dataplane->sources, source, sources);
	*after = number;
	return due;
}

// Ends up to `most` of one queue.
static unsigned end_batch(struct dataplane *dataplane, enum delay delay, unsigned most)
{
	struct connections *connections = dataplane->connections;
	const struct delay_queue *queue = &connections->queue[delay];
	uint32_t ahead;
	if (delay == DELAY_WAIT || delay == DELAY_WAIT_LONG)
		return end_waits(dataplane, delay, most);
	unsigned due = fetch(dataplane, queue->head, most, &ahead), done = 0;
	for (; done < due && queue->head != CONNECTION_NONE; done++) {
		struct connection *c = &connections->record[queue->head];
		ahead = step(connections, ahead);
		dataplane->counters->expired_late += lag_ms(dataplane, c) > LATE_MS;
		connection_delay(dataplane, c, DELAY_NONE);
		expired(dataplane, c);
	}
	return done;
}

// How far the queue that is furthest behind is behind.
static uint32_t worst_lag(const struct dataplane *dataplane)
{
	const struct connections *connections = dataplane->connections;
	uint32_t worst = 0;
	for (unsigned armed = connections->armed; armed != 0; armed &= armed - 1) {
		uint32_t head = connections->queue[__builtin_ctz(armed)].head;
		const struct connection *c = &connections->record[head];
		if (connection_due(dataplane, c) && lag_ms(dataplane, c) > worst)
			worst = lag_ms(dataplane, c);
	}
	return worst;
}

// A batch of each queue in turns, until none has one that is due or the budget is spent; the next turn goes on where this
// one ended.
static unsigned end_due(struct dataplane *dataplane, unsigned budget)
{
	struct connections *connections = dataplane->connections;
	unsigned done = 0, in_vain = 0;
	while (in_vain < DELAYS && done < budget) {
		unsigned delay = connections->expiry_next, ended = 0;
		connections->expiry_next = (uint8_t)((delay + 1) % DELAYS);
		if (connections->armed & 1u << delay) {
			unsigned most = budget - done < BATCH ? budget - done : BATCH;
			ended = end_batch(dataplane, (enum delay)delay, most);
		}
		in_vain = ended > 0 ? 0 : in_vain + 1;
		done += ended;
	}
	connections->expiry_behind = in_vain < DELAYS;
	return done;
}

unsigned expiry_turn(struct dataplane *dataplane, unsigned received)
{
	struct connections *connections = dataplane->connections;
	// Nothing becomes due within a millisecond of the clock.
	if (!connections->expiry_behind && connections->expiry_ms == dataplane->now_ms)
		return 0;
	connections->expiry_ms = dataplane->now_ms;
	unsigned done = end_due(
		dataplane, received < BURST ? EXPIRIES_IDLE : EXPIRIES_BUSY(received));
	dataplane->counters->expiry_lag = connections->expiry_behind ? worst_lag(dataplane) : 0;
	return done;
}
