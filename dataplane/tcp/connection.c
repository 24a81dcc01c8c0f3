// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/connection.h"

#include <rte_malloc.h>
#include <time.h>

#include "dataplane/tcp/connection_index.h"
#include "dataplane/tcp/handshake.h"
#include "dataplane/tcp/judge.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/overload.h"

_Static_assert(sizeof(((struct bs_dataplane_counters *)0)->text_holders) ==
		       BS_TEMPLATE_SETS * sizeof(uint64_t),
	"a count for each template set");

struct connections *connections_new(
	uint32_t capacity, uint32_t half_open_limit, const struct siphash_key *key)
{
	struct connections *connections = rte_zmalloc("connections", sizeof(*connections), 64);
	if (connections == NULL)
		return NULL;
	connections->record = rte_zmalloc(
		"connection records", (size_t)capacity * sizeof(struct connection), 64);
	connections->index = connection_index_new(capacity, key);
	if (connections->record == NULL || connections->index == NULL) {
		connections_free(connections);
		return NULL;
	}
	connections->capacity = capacity;
	connections->half_open_limit = half_open_limit;
	connections->free = CONNECTION_NONE;
	delays_clear(connections);
	return connections;
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	connection_index_free(connections->index);
	rte_free(connections->record);
	rte_free(connections);
}

static uint64_t *gauge(struct bs_dataplane_counters *counters, enum stage stage)
{
	switch (stage) {
	case STAGE_HALF_OPEN:
		return &counters->half_open;
	case STAGE_WAITING:
		return &counters->waiting;
	case STAGE_TIME_WAIT:
		return &counters->time_wait;
	case STAGE_FIN_WAIT_2:
		return &counters->fin_wait_2;
	case STAGE_STUTTER:
		return &counters->stuttering;
	default:
		return NULL;
	}
}

// Stages in which we say texts of our own: only then does the number of the template set mean something.
static bool has_text(const struct connection *c, enum stage stage)
{
	return stage == STAGE_GREETED || stage == STAGE_REFUSED || stage == STAGE_STUTTER ||
	       (stage == STAGE_WAITING && c->teased);
}

static void keep_texts(struct dataplane *dataplane, struct connection *c, enum stage stage)
{
	bool holds = has_text(c, stage);
	if (holds == c->text_held)
		return;
	c->text_held = holds;
	if (holds) {
		c->text_set = dataplane->policy->text_set & (BS_TEMPLATE_SETS - 1);
		dataplane->counters->text_holders[c->text_set]++;
	} else {
		dataplane->counters->text_holders[c->text_set]--;
		c->text_position = 0;
	}
}

void connection_stage(struct dataplane *dataplane, struct connection *c, enum stage stage)
{
	keep_texts(dataplane, c, stage);
	uint64_t *before = gauge(dataplane->counters, c->stage);
	uint64_t *after = gauge(dataplane->counters, stage);
	if (before != NULL)
		(*before)--;
	if (after != NULL)
		(*after)++;
	c->stage = (uint8_t)stage;
	judge_count(dataplane, c);
}

bool connections_are_out(const struct connections *connections)
{
	return connections->free == CONNECTION_NONE &&
	       connections->fresh == connections->capacity &&
	       connections->queue[DELAY_TIME_WAIT].head == CONNECTION_NONE;
}

static struct connection *free_record(struct dataplane *dataplane)
{
	struct connections *connections = dataplane->connections;
	if (connections->free == CONNECTION_NONE && connections->fresh == connections->capacity) {
		uint32_t oldest = connections->queue[DELAY_TIME_WAIT].head;
		if (oldest == CONNECTION_NONE)
			return NULL;
		dataplane->counters->time_wait_recycled++;
		connection_release(dataplane, &connections->record[oldest]);
	}
	if (connections->free == CONNECTION_NONE)
		return &connections->record[connections->fresh++];
	struct connection *c = &connections->record[connections->free];
	connections->free = c->next;
	return c;
}

static void give_back(struct connections *connections, struct connection *c)
{
	c->stage = STAGE_FREE;
	c->next = connections->free;
	connections->free = connection_number(connections, c);
}

struct connection *connection_take(struct dataplane *dataplane, const struct bs_address *peer,
	uint16_t peer_port, uint8_t local)
{
	struct connection *c = free_record(dataplane);
	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->peer = *peer;
	c->peer_port = peer_port;
	c->local = local;
	c->link = LINK_NONE;
	c->challenged_ms = dataplane->now_ms - CHALLENGE_GAP_MS;
	if (bs_prefix_contains(&dataplane->ports->local[local].on_link, peer))
		c->flags |= CONNECTION_ON_LINK;
	struct connections *connections = dataplane->connections;
	if (!connection_index_insert(connections->index, c, connection_number(connections, c))) {
		give_back(connections, c);
		return NULL;
	}
	connections->inserted++;
	dataplane->counters->records++;
	connection_stage(dataplane, c, STAGE_HALF_OPEN);
	return c;
}

// TIME_WAIT is for late segments of the past; it must not eat the room of the present.
#define TIME_WAIT_SHARE 4

void connection_time_wait(struct dataplane *dataplane, struct connection *c, bool spent)
{
	struct connections *connections = dataplane->connections;
	const struct delay_queue *queue = &connections->queue[DELAY_TIME_WAIT];
	connection_stage(dataplane, c, STAGE_TIME_WAIT);
	connection_delay(dataplane, c, DELAY_TIME_WAIT);
	c->line = spent;
	if (queue->count > connections->capacity / TIME_WAIT_SHARE) {
		dataplane->counters->time_wait_recycled++;
		connection_release(dataplane, &connections->record[queue->head]);
	}
}

// The age is counted from when it was refused where it was: then it is older.
static bool may_be_opened_again(const struct dataplane *dataplane, const struct connection *c)
{
	return c->stage != STAGE_HALF_OPEN && c->stage != STAGE_TIME_WAIT &&
	       handshake_expects_cookies(dataplane) &&
	       dataplane->now_ms - c->opened_ms < COOKIE_LIFETIME_MS;
}

void connection_release(struct dataplane *dataplane, struct connection *c)
{
	struct connections *connections = dataplane->connections;
	if (may_be_opened_again(dataplane, c)) {
		connection_time_wait(dataplane, c, true);
		return;
	}
	connection_delay(dataplane, c, DELAY_NONE);
	connection_index_remove(connections->index, c, connection_number(connections, c));
	link_release(dataplane->links, c->link);
	connection_stage(dataplane, c, STAGE_FREE);
	dataplane->counters->records--;
	give_back(connections, c);
}

void connection_client(
	const struct dataplane *dataplane, const struct connection *c, struct bs_client *client)
{
	memset(client, 0, sizeof(*client));
	client->address = c->peer;
	client->local_address = dataplane->ports->local[c->local].address;
	client->port = c->peer_port;
	client->local_port = dataplane->ports->service;
	client->class = c->class;
	client->dataplane = dataplane->number;
	client->serial = c->serial;
	client->counted = c->counted;
	client->opened_ms = dataplane->clock_ms - (uint32_t)(dataplane->now_ms - c->opened_ms);
}

static void notice(
	struct dataplane *dataplane, const struct connection *c, struct bs_notice *notice)
{
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall); // vDSO: no system call
	notice->wall_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec;
	connection_client(dataplane, c, &notice->client);
	notice->elapsed_ms = dataplane->now_ms - c->opened_ms;
	if (!bs_ring_push(dataplane->notices, notice, sizeof(*notice)))
		dataplane->counters->notices_lost++;
}

void connection_notice(struct dataplane *dataplane, const struct connection *c,
	enum bs_notice_kind kind, const uint8_t *sample, uint32_t length)
{
	struct bs_notice n = {.kind = (uint8_t)kind, .total = length};
	n.sample_length = length < BS_NOTICE_SAMPLE ? (uint8_t)length : BS_NOTICE_SAMPLE;
	if (sample != NULL)
		memcpy(n.sample, sample, n.sample_length);
	else
		n.sample_length = 0;
	notice(dataplane, c, &n);
}

void connection_notice_verdict(struct dataplane *dataplane, const struct connection *c,
	enum bs_notice_kind kind, unsigned verdict)
{
	struct bs_notice n = {.kind = (uint8_t)kind,
		.verdict = (uint8_t)verdict,
		.lifetime_s = dataplane->policy->verdicts.lifetime_ms / 1000};
	notice(dataplane, c, &n);
}
