// SPDX-License-Identifier: BSD-3-Clause
//
// What faces the askers: what each of them holds, who is told what news, whose patience ends.
#include <stdio.h>
#include <string.h>

#include "smtp/dns/resolver_state.h"
#include "smtp/worker/heap.h"

// Of one turn; the rest comes in the next.
#define TOLD_A_TURN   256u
#define TIMERS_A_TURN 256u

// Questions that wait for the wire: beyond, and with servers that answer at all, they would wait longer than anybody for them.
#define QUEUE_MOST 32768u

static const struct dns_answer no_memory = {.status = DNS_TROUBLE, .why = "no memory"};
static const struct dns_answer too_many = {.status = DNS_TROUBLE, .why = "too many questions"};

static struct resolver *of_source(struct dns_source *source)
{
	return (struct resolver *)((char *)source - offsetof(struct resolver, source));
}

void resolver_tell(struct resolver *resolver, struct dns_asker *asker)
{
	if (asker->telling)
		return;
	asker->telling = true;
	TAILQ_INSERT_TAIL(&resolver->news, asker, entry);
}

static struct dns_hold *held_by(
	const struct dns_asker *asker, const char *name, size_t length, enum dns_type type)
{
	struct dns_hold *hold;
	SLIST_FOREACH(hold, &asker->held, of_asker)
	if (hold->entry->length == length && hold->entry->type == type &&
		memcmp(hold->entry->name, name, length) == 0)
		break;
	return hold;
}

static const struct dns_answer *look(
	struct dns_source *source, struct dns_asker *asker, const char *name, enum dns_type type)
{
	struct resolver *resolver = of_source(source);
	struct dns_hold *hold = held_by(asker, name, strlen(name), type);
	if (hold != NULL)
		return hold->entry->answer;
	resolver->counters->dns_looked++;
	struct dns_entry *entry = dns_cache_find(resolver->cache, name, type, resolver->now_ms);
	bool fresh = entry == NULL;
	if (fresh && resolver->queued >= QUEUE_MOST) {
		resolver->counters->dns_trouble++;
		return &too_many;
	}
	hold = heap_take(resolver->heap, sizeof(*hold));
	if (hold == NULL)
		return &no_memory;
	if (fresh)
		entry = resolver_begin(resolver, name, type);
	else if (entry->answer != NULL)
		resolver->counters->dns_cached++;
	else
		resolver->counters->dns_joined++;
	if (entry == NULL) {
		heap_release(resolver->heap, hold);
		return &no_memory;
	}
	hold->asker = asker;
	hold->entry = entry;
	dns_cache_hold(entry);
	SLIST_INSERT_HEAD(&asker->held, hold, of_asker);
	if (entry->answer != NULL)
		return entry->answer;
	LIST_INSERT_HEAD(&entry->waiting, hold, of_entry);
	timers_set(&resolver->timers, &asker->timer, asker->deadline_ms);
	if (fresh)
		resolver_send(resolver);
	return NULL;
}

static void forget(struct dns_source *source, struct dns_asker *asker)
{
	struct resolver *resolver = of_source(source);
	struct dns_hold *hold;
	while ((hold = SLIST_FIRST(&asker->held)) != NULL) {
		SLIST_REMOVE_HEAD(&asker->held, of_asker);
		if (hold->entry->answer == NULL)
			LIST_REMOVE(hold, of_entry);
		dns_cache_release(resolver->cache, hold->entry);
		heap_release(resolver->heap, hold);
	}
	timers_remove(&resolver->timers, &asker->timer);
	if (asker->telling)
		TAILQ_REMOVE(&resolver->news, asker, entry);
	asker->telling = false;
}

static void deadline(struct dns_source *source, struct dns_asker *asker)
{
	timers_set(&of_source(source)->timers, &asker->timer,
		asker->pending != 0 ? asker->deadline_ms : TIMERS_NEVER);
}

static void take_deadlines(struct resolver *resolver)
{
	unsigned budget = TIMERS_A_TURN;
	struct timer *timer;
	while ((timer = timers_pop(&resolver->timers, resolver->now_ms, &budget)) != NULL) {
		struct dns_asker *asker = (struct dns_asker *)((char *)timer -
							       offsetof(struct dns_asker, timer));
		asker->late = true;
		if (asker->pending != 0)
			resolver_tell(resolver, asker);
	}
}

static unsigned tell_news(struct resolver *resolver)
{
	unsigned told = 0;
	struct dns_asker *asker;
	while (told < TOLD_A_TURN && (asker = TAILQ_FIRST(&resolver->news)) != NULL) {
		TAILQ_REMOVE(&resolver->news, asker, entry);
		asker->telling = false;
		told++;
		if (asker->pending != 0)
			asker->news(asker); // after which it may be gone
	}
	return told;
}

unsigned resolver_turn(struct resolver *resolver, uint64_t now_ms)
{
	resolver->now_ms = now_ms;
	channels_turn(resolver->channels);
	take_deadlines(resolver);
	resolver_take_done(resolver);
	resolver_send(resolver);
	return tell_news(resolver);
}

uint64_t resolver_next(const struct resolver *resolver)
{
	bool room = resolver->under_way < resolver->settings.in_flight;
	if (!TAILQ_EMPTY(&resolver->news) || !TAILQ_EMPTY(&resolver->done) ||
		channels_restless(resolver->channels))
		return 0;
	uint64_t next = timers_next(&resolver->timers);
	// When there was no port for it: an answer, or the tick of the channels, comes before long.
	uint64_t soon = resolver->now_ms + TIMERS_TICK_MS;
	return !TAILQ_EMPTY(&resolver->queue) && room && soon < next ? soon : next;
}

uint32_t resolver_forget(struct resolver *resolver, const char *name, enum dns_type type)
{
	static const enum dns_type all[] = {DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA};
	char lower[DNS_NAME];
	uint32_t forgotten = 0;
	if (dns_name_lower(name, lower) == 0)
		return 0;
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (type != 0 && type != all[i])
			continue;
		struct dns_entry *entry = dns_cache_find(
			resolver->cache, lower, all[i], resolver->now_ms);
		if (entry == NULL || entry->answer == NULL)
			continue;
		dns_cache_unlist(resolver->cache, entry);
		forgotten++;
	}
	return forgotten;
}

struct dns_source *resolver_source(struct resolver *resolver)
{
	return &resolver->source;
}

struct resolver *resolver_new(const struct resolver_settings *settings, struct heap *heap,
	struct poller *poller, struct bs_worker_counters *counters, char error[256])
{
	char why[DNS_SERVER_WHY];
	struct resolver *resolver = heap_take(heap, sizeof(*resolver));
	if (resolver == NULL) {
		snprintf(error, 256, "dns: no memory for the resolver");
		return NULL;
	}
	resolver->settings = *settings;
	resolver->heap = heap;
	resolver->counters = counters;
	resolver->source = (struct dns_source){
		.look = look, .forget = forget, .deadline = deadline, .heap = heap};
	timers_init(&resolver->timers, 0);
	TAILQ_INIT(&resolver->queue);
	TAILQ_INIT(&resolver->wire);
	TAILQ_INIT(&resolver->done);
	TAILQ_INIT(&resolver->news);
	if (!dns_servers_parse(settings->servers, &resolver->servers, why) ||
		(resolver->servers.count == 0 && !dns_servers_of_host(&resolver->servers, why))) {
		snprintf(error, 256, "dns/servers: %s", why);
		heap_release(heap, resolver);
		return NULL;
	}
	resolver->channels = channels_new(
		heap, poller, settings->timeout_ms, settings->in_flight, error);
	resolver->cache = dns_cache_new(heap, settings->cache_size, &counters->dns_evicted);
	if (resolver->channels == NULL || resolver->cache == NULL) {
		if (resolver->cache == NULL)
			snprintf(error, 256, "dns: no memory; lower dns/cache-size");
		resolver_free(resolver);
		return NULL;
	}
	return resolver;
}

void resolver_free(struct resolver *resolver)
{
	if (resolver == NULL)
		return;
	channels_free(resolver->channels); // what is on the wire is done with it
	resolver_end_questions(resolver);
	dns_cache_free(resolver->cache);
	heap_release(resolver->heap, resolver);
}
