// SPDX-License-Identifier: BSD-3-Clause
//
// The delay queues of connection.h: how long a delay lasts, into a queue, out of it, is it over.
#include "dataplane/overload.h"
#include "dataplane/tcp/connection.h"

// RFC 5321, 4.5.3.2.1: clients wait five minutes for a greeting.
#define WAIT_MOST_MS 240000u

static uint32_t long_wait_ms(const struct bs_policy *policy)
{
	uint32_t wait = policy->suspicious_wait_ms != 0 ? policy->suspicious_wait_ms
							: 2 * policy->wait_ms;
	return wait < WAIT_MOST_MS ? wait : WAIT_MOST_MS;
}

static uint32_t short_wait_ms(const struct dataplane *dataplane)
{
	const struct bs_policy *policy = dataplane->policy;
	if (dataplane->stress & STRESS_RECORDS && policy->stress_wait_ms < policy->wait_ms)
		return policy->stress_wait_ms;
	return policy->wait_ms;
}

static const uint32_t constant_ms[DELAYS] = {
	[DELAY_ACK] = 40,
	[DELAY_RTO_FIRST] = 1000,
	[DELAY_RTO_FIRST + 1] = 2000,
	[DELAY_RTO_FIRST + 2] = 4000,
	[DELAY_RTO_FIRST + 3] = 8000,
	[DELAY_RTO_FIRST + 4] = 16000,
	[DELAY_RTO_FIRST + 5] = 32000,
	[DELAY_RTO_LAST] = 64000,
	[DELAY_TIME_WAIT] = 64000,
};

uint32_t delay_ms(const struct dataplane *dataplane, enum delay delay)
{
	switch (delay) {
	case DELAY_WAIT:
		return short_wait_ms(dataplane);
	case DELAY_WAIT_LONG:
		return long_wait_ms(dataplane->policy);
	case DELAY_GREETED:
		return dataplane->policy->greeted_timeout_ms;
	default:
		return delay < DELAYS ? constant_ms[delay] : 0;
	}
}

// Delays of the policy may change while connections stand in their queue: these count from their begin, so that a change
// holds for all at once and the queue stays in order.
static bool is_policys(enum delay delay)
{
	return delay == DELAY_WAIT || delay == DELAY_WAIT_LONG || delay == DELAY_GREETED;
}

uint32_t connection_due_ms(const struct dataplane *dataplane, const struct connection *c)
{
	return c->deadline_ms + (is_policys(c->delay) ? delay_ms(dataplane, c->delay) : 0);
}

bool connection_due(const struct dataplane *dataplane, const struct connection *c)
{
	return time_reached(dataplane->now_ms, connection_due_ms(dataplane, c));
}

void delays_clear(struct connections *connections)
{
	for (unsigned i = 0; i < DELAYS; i++)
		connections->queue[i].head = connections->queue[i].tail = CONNECTION_NONE;
}

static void leave_queue(struct connections *connections, struct connection *c)
{
	if (c->delay == DELAY_NONE)
		return;
	struct delay_queue *queue = &connections->queue[c->delay];
	if (c->previous != CONNECTION_NONE)
		connections->record[c->previous].next = c->next;
	else
		queue->head = c->next;
	if (c->next != CONNECTION_NONE)
		connections->record[c->next].previous = c->previous;
	else
		queue->tail = c->previous;
	if (--queue->count == 0)
		connections->armed &= (uint16_t) ~(1u << c->delay);
	c->delay = DELAY_NONE;
}

unsigned delay_take_due(
	struct dataplane *dataplane, enum delay delay, unsigned most, struct connection **taken)
{
	struct connections *connections = dataplane->connections;
	struct delay_queue *queue = &connections->queue[delay];
	uint32_t number = queue->head, since = is_policys(delay) ? delay_ms(dataplane, delay) : 0;
	unsigned count = 0;
	for (; count < most && number != CONNECTION_NONE; count++) {
		struct connection *c = &connections->record[number];
		if (!time_reached(dataplane->now_ms, c->deadline_ms + since))
			break;
		c->delay = DELAY_NONE;
		taken[count] = c;
		number = c->next;
	}
	queue->head = number;
	queue->count -= count;
	if (number != CONNECTION_NONE) {
		connections->record[number].previous = CONNECTION_NONE;
	} else {
		queue->tail = CONNECTION_NONE;
		connections->armed &= (uint16_t) ~(1u << delay);
	}
	return count;
}

void connection_delay(struct dataplane *dataplane, struct connection *c, enum delay delay)
{
	struct connections *connections = dataplane->connections;
	leave_queue(connections, c);
	if (delay == DELAY_NONE)
		return;
	struct delay_queue *queue = &connections->queue[delay];
	uint32_t number = connection_number(connections, c);
	c->delay = (uint8_t)delay & 0xfu;
	c->deadline_ms = dataplane->now_ms + constant_ms[delay]; // 0 of the policy's
	c->next = CONNECTION_NONE;
	c->previous = queue->tail;
	if (queue->tail != CONNECTION_NONE)
		connections->record[queue->tail].next = number;
	else
		queue->head = number;
	queue->tail = number;
	queue->count++;
	connections->armed |= (uint16_t)(1u << delay);
}
