// SPDX-License-Identifier: BSD-3-Clause
//
// The worker's turn: what helpers finished, what the dataplanes rang for, whose time has come, and then a bounded
// number of conversations a bounded piece each, in the order in which they asked.
#include "smtp/worker/worker.h"

#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "control/policy/policy.h"
#include "smtp/worker/conversation.h"
#include "smtp/dns/resolver.h"
#include "smtp/judge/early.h"
#include "smtp/judge/explain.h"
#include "smtp/judge/prepared.h"
#include "smtp/lists/dnsl_health.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/poller.h"
#include "smtp/spf/spf.h"
#include "smtp/worker/worker_inquiry.h"

// Of one turn, so that the dataplane on the same core gets back to its port in well under a millisecond.
#define EVENTS_A_TURN        64u // a dataplane
#define TIMERS_A_TURN        64u
#define EARLY_A_TURN         32u // a dataplane
#define CONVERSATIONS_A_TURN 64u
#define BYTES_A_TURN \
	131072u // of input: two pieces of a mail, which go to a backend with a system call each

#define NS_PER_MS 1000000u

struct worker {
	struct worker_settings settings;
	struct conversations conversations;
	struct resolver *resolver;   // NULL: the configuration has none
	struct early *early;         // may be NULL
	struct explainer *explainer; // may be NULL
};

static uint64_t wall_seconds(void)
{
	return (uint64_t)time(NULL);
}

// True also when none is wanted.
static bool make_resolver(struct worker *worker)
{
	const struct worker_settings *settings = &worker->settings;
	struct conversations *all = &worker->conversations;
	char why[256];
	if (settings->dns == NULL)
		return true;
	worker->resolver = resolver_new(settings->dns, all->delivery.heap, all->delivery.poller,
		settings->counters, settings->error != NULL ? settings->error : why);
	if (worker->resolver == NULL)
		return false;
	all->judge.dns = resolver_source(worker->resolver);
	all->judge.spf = settings->hostname != NULL ? spf_new(settings->hostname) : NULL;
	return true;
}

struct worker *worker_new(const struct worker_settings *settings)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return NULL;
	worker->settings = *settings;
	struct conversations *all = &worker->conversations;
	struct heap *heap = heap_new();
	struct helper_queue *helpers = helper_queue_new(settings->helpers, settings->bell);
	struct poller *poller = poller_new(0);
	if (heap == NULL || helpers == NULL || poller == NULL) {
		heap_free(heap);
		helper_queue_free(helpers);
		poller_free(poller);
		free(worker);
		return NULL;
	}
	all->session = (struct session_surroundings){
		.heap = heap,
		.log = settings->log,
		.counters = settings->counters,
		.policy = bs_policy_get,
		.wall_seconds = wall_seconds,
		.sources = settings->sources,
		.memory = settings->memory,
		.offers = &settings->backend->offers,
	};
	all->delivery = (struct delivery_surroundings){.heap = heap,
		.helpers = helpers,
		.poller = poller,
		.log = settings->log,
		.counters = settings->counters,
		.stopping = settings->draining};
	all->judge = (struct judge){.heap = heap,
		.log = settings->log,
		.counters = settings->counters,
		.memory = settings->memory,
		.health = settings->dnsl,
		.prepared = heap_take(heap, sizeof(struct prepared))}; // none: all is asked ahead
	all->backend = settings->backend;
	worker->explainer = explainer_new(&all->judge, settings->explain);
	worker->early = early_new(&all->judge, settings->sources, settings->number);
	timers_init(&all->timers, 0);
	LIST_INIT(&all->all);
	TAILQ_INIT(&all->run);
	if (!make_resolver(worker)) {
		worker_free(worker);
		return NULL;
	}
	return worker;
}

// Lets the jobs under way finish: their mails are the backend's or nobody's, never half.
static void finish_jobs(struct worker *worker)
{
	struct helper_queue *helpers = worker->conversations.delivery.helpers;
	struct bs_bell *bell = worker->settings.bell;
	while (helper_under_way(helpers) != 0) {
		if (helper_turn(helpers) != 0)
			continue;
		bs_bell_sleep(bell);
		struct pollfd wait = {.fd = bell->fd, .events = POLLIN};
		if (!helper_ready(helpers))
			poll(&wait, 1, 1000);
		bs_bell_awake(bell);
	}
}

// One of the workers looks after the DNS lists for all.
static bool minds_lists(const struct worker *worker)
{
	return worker->settings.number == 0 && worker->settings.dnsl != NULL &&
	       worker->resolver != NULL;
}

void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	struct conversations *all = &worker->conversations;
	finish_jobs(worker);
	while (!LIST_EMPTY(&all->all))
		conversation_abort(LIST_FIRST(&all->all));
	explainer_free(worker->explainer);
	early_free(worker->early);
	finish_jobs(worker); // that take the mails begun back
	spf_free(all->judge.spf);
	if (minds_lists(worker))
		dnsl_health_leave(worker->settings.dnsl);
	resolver_free(worker->resolver);
	poller_free(all->delivery.poller); // ends connections that wait for a goodbye
	helper_queue_free(all->delivery.helpers);
	heap_release(all->session.heap, all->judge.prepared);
	heap_free(all->session.heap);
	free(worker);
}

static void take_event(struct conversations *all, struct bs_streams *streams, uint32_t number)
{
	struct bs_stream *stream = &streams->stream[number];
	uint32_t events = atomic_exchange_explicit(&stream->events, 0, memory_order_acq_rel);
	struct conversation *conversation = stream->session;
	if (events & BS_EVENT_OPEN)
		conversation = conversation_open(all, streams, number);
	// none: what is left of a connection that we let go already
	if (conversation != NULL)
		conversation_events(conversation, events);
}

static unsigned take_events(struct worker *worker)
{
	const struct worker_settings *settings = &worker->settings;
	unsigned done = 0;
	for (uint32_t i = 0; i < settings->dataplanes; i++) {
		struct bs_streams *streams = settings->streams[i];
		struct bs_ring *ring = streams->events[settings->number];
		uint32_t number;
		for (unsigned n = 0;
			n < EVENTS_A_TURN && bs_ring_pop(ring, &number, sizeof(number));
			n++, done++)
			take_event(&worker->conversations, streams, number);
	}
	return done;
}

static unsigned take_early(struct worker *worker)
{
	const struct worker_settings *settings = &worker->settings;
	uint64_t now_ms = worker->conversations.now_ms;
	unsigned done = 0;
	if (worker->early == NULL)
		return 0;
	for (uint32_t i = 0; i < settings->dataplanes; i++) {
		struct bs_streams *streams = settings->streams[i];
		struct bs_ring *ring = streams->early[settings->number];
		struct bs_early what;
		for (unsigned n = 0; n < EARLY_A_TURN && bs_ring_pop(ring, &what, sizeof(what));
			n++, done++)
			early_ask(worker->early, streams, &what, now_ms);
	}
	return done + early_turn(worker->early, now_ms);
}

static unsigned take_timers(struct conversations *all)
{
	unsigned budget = TIMERS_A_TURN, done = 0;
	struct timer *timer;
	while ((timer = timers_pop(&all->timers, all->now_ms, &budget)) != NULL) {
		conversation_expired(conversation_of_timer(timer));
		done++;
	}
	return done;
}

static bool stop_is_news(const struct worker *worker)
{
	return !worker->conversations.draining &&
	       atomic_load_explicit(worker->settings.draining, memory_order_relaxed);
}

static void drain(struct conversations *all)
{
	struct conversation *conversation;
	all->draining = true;
	for (conversation = LIST_FIRST(&all->all); conversation != NULL;
		conversation = conversation_next(conversation))
		conversation_drain(conversation);
}

static unsigned mind_lists(struct worker *worker)
{
	const struct bs_policy *policy = bs_policy_get();
	struct dnsl_tools tools = {.source = worker->conversations.judge.dns,
		.log = worker->settings.log,
		.bell = worker->settings.bell,
		.forget = resolver_forget,
		.resolver = worker->resolver};
	return policy != NULL ? dnsl_health_turn(worker->settings.dnsl, &tools, policy,
					worker->conversations.now_ms)
			      : 0;
}

static unsigned take_turns(struct conversations *all)
{
	uint64_t end = all->fed + BYTES_A_TURN;
	unsigned done = 0;
	while (done < CONVERSATIONS_A_TURN && all->fed < end && !TAILQ_EMPTY(&all->run)) {
		conversation_turn(TAILQ_FIRST(&all->run));
		done++;
	}
	return done;
}

unsigned worker_poll(void *self, uint64_t now_ns)
{
	struct worker *worker = self;
	struct conversations *all = &worker->conversations;
	all->now_ms = now_ns / NS_PER_MS;
	unsigned done = helper_turn(all->delivery.helpers);
	done += poller_turn(all->delivery.poller, all->now_ms);
	if (worker->resolver != NULL)
		done += resolver_turn(worker->resolver, all->now_ms);
	if (minds_lists(worker))
		done += mind_lists(worker);
	if (all->backend->operations->tick != NULL)
		all->backend->operations->tick(all->backend, &all->delivery, all->now_ms);
	done += take_events(worker);
	done += take_timers(all);
	done += take_early(worker);
	if (worker->explainer != NULL)
		done += explainer_turn(worker->explainer, all->now_ms, wall_seconds());
	if (stop_is_news(worker))
		drain(all);
	else if (!atomic_load_explicit(worker->settings.draining, memory_order_relaxed))
		all->draining =
			false; // taken back: new clients are served, those who were told end
	done += worker_inquiry_turn(&worker->settings, worker->resolver);
	return done + take_turns(all);
}

bool worker_ready(void *self)
{
	struct worker *worker = self;
	const struct worker_settings *settings = &worker->settings;
	for (uint32_t i = 0; i < settings->dataplanes; i++)
		if (!bs_ring_empty(settings->streams[i]->events[settings->number]) ||
			!bs_ring_empty(settings->streams[i]->early[settings->number]))
			return true;
	return !TAILQ_EMPTY(&worker->conversations.run) ||
	       (worker->explainer != NULL && explainer_ready(worker->explainer)) ||
	       (worker->early != NULL && early_ready(worker->early)) ||
	       bs_door_look(settings->door) != NULL ||
	       helper_ready(worker->conversations.delivery.helpers) || stop_is_news(worker) ||
	       (minds_lists(worker) && dnsl_health_ready(worker->settings.dnsl));
}

int worker_descriptor(void *self)
{
	struct worker *worker = self;
	return poller_descriptor(worker->conversations.delivery.poller);
}

uint64_t worker_patience(void *self, uint64_t now_ns)
{
	struct worker *worker = self;
	struct conversations *all = &worker->conversations;
	uint64_t next_ms = timers_next(&all->timers), poller_ms = poller_next(all->delivery.poller);
	if (poller_ms < next_ms)
		next_ms = poller_ms;
	uint64_t resolver_ms = worker->resolver != NULL ? resolver_next(worker->resolver)
							: TIMERS_NEVER;
	if (resolver_ms < next_ms)
		next_ms = resolver_ms;
	if (minds_lists(worker) && dnsl_health_next(worker->settings.dnsl) < next_ms)
		next_ms = dnsl_health_next(worker->settings.dnsl);
	if (next_ms == TIMERS_NEVER || next_ms > UINT64_MAX / NS_PER_MS)
		return UINT64_MAX;
	return next_ms * NS_PER_MS > now_ns ? next_ms * NS_PER_MS - now_ns : 0;
}
