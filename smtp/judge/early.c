// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/judge/early.h"

#include <sys/queue.h>

#include "control/policy/policy.h"
#include "dataplane/seam/log.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/stream.h"
#include "smtp/worker/heap.h"

#define CLIENTS_MOST   1024u // asked about at once: 8 KB each
#define CLIENTS_A_TURN 16u
// For how long what the DNS said holds as a verdict: lists change within minutes to hours.
#define VERDICT_S 600u

struct client {
	struct early *early;
	struct judgement *judgement;
	const struct bs_policy *policy; // held
	struct facts facts;
	struct bs_streams *streams; // of the dataplane that it waits at
	struct bs_greet connection;
	bool queued;
	STAILQ_ENTRY(client) news;
	LIST_ENTRY(client) entry;
};

struct early {
	struct judge *judge;
	struct bs_sources *sources;
	uint32_t worker;
	uint32_t count;
	uint64_t now_ms;
	LIST_HEAD(, client) all;
	STAILQ_HEAD(, client) news;
};

struct early *early_new(struct judge *judge, struct bs_sources *sources, uint32_t worker)
{
	struct early *early = heap_take(judge->heap, sizeof(*early));
	if (early == NULL)
		return NULL;
	early->judge = judge;
	early->sources = sources;
	early->worker = worker;
	LIST_INIT(&early->all);
	STAILQ_INIT(&early->news);
	return early;
}

static void let_go(struct client *client)
{
	struct early *early = client->early;
	if (client->queued)
		STAILQ_REMOVE(&early->news, client, client, news);
	LIST_REMOVE(client, entry);
	judgement_free(client->judgement);
	bs_policy_release(client->policy);
	early->count--;
	heap_release(early->judge->heap, client);
}

void early_free(struct early *early)
{
	if (early == NULL)
		return;
	while (!LIST_EMPTY(&early->all))
		let_go(LIST_FIRST(&early->all));
	heap_release(early->judge->heap, early);
}

static void queue(void *context)
{
	struct client *client = context;
	if (client->queued)
		return;
	client->queued = true;
	STAILQ_INSERT_TAIL(&client->early->news, client, news);
}

// The dataplane looks whether it still waits; without room it waits to the end.
static void end_wait(const struct client *client)
{
	struct bs_streams *streams = client->streams;
	if (bs_ring_push(streams->greet[client->early->worker], &client->connection,
		    sizeof(client->connection)))
		bs_bell_ring(streams->bell);
}

// Nothing to tell when the client has left and its source is forgotten.
static void conclude(struct client *client, const struct judgement_verdict *verdict)
{
	const struct bs_policy *policy = client->policy;
	struct early *early = client->early;
	uint32_t now_s = bs_source_seconds(early->now_ms);
	struct bs_source *source = early->sources == NULL
					   ? NULL
					   : bs_source_hold(early->sources, &client->facts.client);
	bool skips = verdict->code == 250 && policy->checks.skip < 0 &&
		     verdict->score <= policy->checks.skip;
	if (skips)
		end_wait(client);
	if (source == NULL)
		return;
	if (policy->refuse_at == BS_AT_CONNECT && verdict->code >= 500)
		bs_source_convict(source, BS_VERDICT_LISTED, VERDICT_S, now_s);
	else if (skips)
		bs_source_remember(source, now_s + VERDICT_S);
	bs_source_let_go(source);
}

static void look(struct client *client)
{
	struct judgement_verdict verdict;
	client->facts.now_ms = client->early->now_ms;
	if (!judgement_find(client->judgement, &client->facts, client->policy, &verdict))
		return;
	conclude(client, &verdict);
	let_go(client);
}

void early_ask(struct early *early, struct bs_streams *streams, const struct bs_early *what,
	uint64_t now_ms)
{
	const struct bs_address *address = &what->client;
	const struct bs_policy *policy = bs_policy_get();
	uint8_t class = BS_CLASS_PLAIN;
	early->now_ms = now_ms;
	if (policy->classes != NULL)
		bs_policy_classify(policy, address, &class, 1);
	if (early->count == CLIENTS_MOST || bs_action_spares(policy->class[class].action))
		return;
	struct client *client = heap_take(early->judge->heap, sizeof(*client));
	if (client == NULL)
		return;
	client->judgement = judgement_new(early->judge, queue, client);
	if (client->judgement == NULL) {
		heap_release(early->judge->heap, client);
		return;
	}
	judgement_quiet(client->judgement);
	client->early = early;
	client->streams = streams;
	client->connection = what->connection;
	client->policy = bs_policy_hold(policy);
	client->facts = (struct facts){.client = *address, .class = class, .helo = ""};
	LIST_INSERT_HEAD(&early->all, client, entry);
	early->count++;
	look(client);
}

unsigned early_turn(struct early *early, uint64_t now_ms)
{
	unsigned done = 0;
	early->now_ms = now_ms;
	while (done < CLIENTS_A_TURN && !STAILQ_EMPTY(&early->news)) {
		struct client *client = STAILQ_FIRST(&early->news);
		STAILQ_REMOVE_HEAD(&early->news, news);
		client->queued = false;
		look(client);
		done++;
	}
	return done;
}

bool early_ready(const struct early *early)
{
	return !STAILQ_EMPTY(&early->news);
}
