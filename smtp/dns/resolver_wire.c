// SPDX-License-Identifier: BSD-3-Clause
//
// What c-ares calls only moves a question to those that are done; all that follows from an answer (the next try, the news) happens in resolver_turn(), so no
// asker is told from within its own question and nothing of c-ares is called from within c-ares.
#include <string.h>
#include <sys/random.h>

#include "smtp/dns/resolver_state.h"
#include "smtp/worker/heap.h"

#define DONE_A_TURN 256u // the rest comes in the next

// A server that answers FORMERR knows nothing of EDNS; so long it is believed to.
#define PLAIN_MS (UINT64_C(10) * 60 * 1000)

static const struct dns_answer no_memory = {.status = DNS_TROUBLE, .why = "no memory"};

static unsigned server_of(const struct question *question)
{
	return (question->first + question->attempt) % question->resolver->servers.count;
}

// The answer is there: those who wait are told in this turn or the next.
static void finish(struct question *question, const struct dns_answer *answer, size_t bytes,
	uint64_t lifetime_ms)
{
	struct resolver *resolver = question->resolver;
	struct dns_entry *entry = question->entry;
	struct dns_hold *hold;
	dns_cache_answer(resolver->cache, entry, answer, bytes, resolver->now_ms + lifetime_ms);
	while ((hold = LIST_FIRST(&entry->waiting)) != NULL) {
		LIST_REMOVE(hold, of_entry);
		resolver_tell(resolver, hold->asker);
	}
	dns_cache_release(resolver->cache, entry);
	heap_release(resolver->heap, question);
}

static void finish_trouble(struct question *question, const char *why)
{
	struct resolver *resolver = question->resolver;
	struct dns_answer *answer = heap_take(resolver->heap, sizeof(*answer));
	resolver->counters->dns_trouble++;
	if (answer == NULL) {
		finish(question, &no_memory, 0, 0);
		return;
	}
	answer->status = DNS_TROUBLE;
	answer->why = why;
	finish(question, answer, sizeof(*answer), resolver->settings.trouble_ms);
}

static uint64_t lifetime(const struct resolver_settings *settings, const struct dns_message *read)
{
	uint64_t ms = read->has_ttl ? UINT64_C(1000) * read->ttl : 0;
	uint64_t most = settings->ttl_most_ms;
	if (read->answer->status != DNS_FOUND && settings->negative_most_ms < most)
		most = settings->negative_most_ms;
	if (ms < settings->ttl_least_ms)
		ms = settings->ttl_least_ms;
	return ms < most ? ms : most;
}

static void finish_answered(struct question *question)
{
	struct resolver *resolver = question->resolver;
	const struct dns_message *read = &question->read;
	resolver->preferred = server_of(question);
	if (read->answer->status == DNS_FOUND)
		resolver->counters->dns_found++;
	else
		resolver->counters->dns_negative++;
	finish(question, read->answer, read->bytes, lifetime(&resolver->settings, read));
}

// From within c-ares.
static void answered(struct channel_ask *ask, enum channel_outcome outcome, const uint8_t *bytes,
	size_t length, const char *why)
{
	struct question *question = (struct question *)((char *)ask -
							offsetof(struct question, ask));
	struct resolver *resolver = question->resolver;
	question->outcome = outcome;
	if (outcome == CHANNEL_ANSWER)
		dns_message_read(bytes, length, question->entry->name, question->entry->type,
			resolver->heap, &question->read);
	else
		question->read = (struct dns_message){.why = why};
	TAILQ_REMOVE(&resolver->wire, question, link);
	TAILQ_INSERT_TAIL(&resolver->done, question, link);
	resolver->under_way--;
}

// False when there is no room for it now.
static bool send_question(struct question *question)
{
	struct resolver *resolver = question->resolver;
	unsigned server = server_of(question);
	uint8_t packet[DNS_ASK_MOST];
	uint16_t id;
	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id))
		return false;
	question->plain = resolver->now_ms < resolver->plain_ms[server];
	size_t length = dns_message_ask(
		packet, id, question->entry->name, question->entry->type, !question->plain);
	TAILQ_REMOVE(&resolver->queue, question, link);
	TAILQ_INSERT_TAIL(&resolver->wire, question, link); // before: it may be done at once
	resolver->queued--;
	resolver->under_way++;
	if (channels_ask(resolver->channels, &resolver->servers.server[server], packet, length,
		    !question->plain, &question->ask)) {
		resolver->counters->dns_asked++;
		return true;
	}
	TAILQ_REMOVE(&resolver->wire, question, link);
	TAILQ_INSERT_HEAD(&resolver->queue, question, link);
	resolver->queued++;
	resolver->under_way--;
	return false;
}

// Nobody wants to know any more.
static void drop(struct question *question)
{
	struct resolver *resolver = question->resolver;
	TAILQ_REMOVE(&resolver->queue, question, link);
	resolver->queued--;
	dns_cache_unlist(resolver->cache, question->entry);
	dns_cache_release(resolver->cache, question->entry);
	heap_release(resolver->heap, question);
}

void resolver_send(struct resolver *resolver)
{
	struct question *question;
	for (unsigned i = 0; i < DONE_A_TURN && resolver->under_way < resolver->settings.in_flight;
		i++) {
		question = TAILQ_FIRST(&resolver->queue);
		if (question == NULL)
			return;
		if (LIST_EMPTY(&question->entry->waiting))
			drop(question);
		else if (!send_question(question))
			return;
	}
}

// Whether another server, or the same once more, may know better. Silence may be a lost packet, so each server is asked `tries` times; one
// that answers that it can't is not asked again (RFC 9520, 3.1).
static bool try_again(struct question *question)
{
	struct resolver *resolver = question->resolver;
	unsigned most = resolver->servers.count;
	if (question->outcome == CHANNEL_END)
		return false;
	if (question->outcome != CHANNEL_ANSWER) {
		most *= resolver->settings.tries;
	} else if (question->read.format_error && !question->plain) { // RFC 6891, 7
		resolver->plain_ms[server_of(question)] = resolver->now_ms + PLAIN_MS;
		return true;
	}
	return ++question->attempt < most;
}

static void take_one(struct resolver *resolver, struct question *question)
{
	TAILQ_REMOVE(&resolver->done, question, link);
	if (question->outcome == CHANNEL_SILENCE)
		resolver->counters->dns_timeouts++;
	if (question->read.answer != NULL) {
		finish_answered(question);
	} else if (!LIST_EMPTY(&question->entry->waiting) && try_again(question)) {
		TAILQ_INSERT_HEAD(&resolver->queue, question, link);
		resolver->queued++;
	} else {
		finish_trouble(question, question->read.why);
	}
}

struct dns_entry *resolver_begin(struct resolver *resolver, const char *name, enum dns_type type)
{
	struct question *question = heap_take(resolver->heap, sizeof(*question));
	if (question == NULL)
		return NULL;
	question->entry = dns_cache_add(resolver->cache, name, type);
	if (question->entry == NULL) {
		heap_release(resolver->heap, question);
		return NULL;
	}
	question->ask.done = answered;
	question->resolver = resolver;
	question->first = resolver->preferred;
	TAILQ_INSERT_TAIL(&resolver->queue, question, link);
	resolver->queued++;
	return question->entry;
}

void resolver_take_done(struct resolver *resolver)
{
	struct question *question;
	for (unsigned i = 0; i < DONE_A_TURN && (question = TAILQ_FIRST(&resolver->done)) != NULL;
		i++)
		take_one(resolver, question);
}

void resolver_end_questions(struct resolver *resolver)
{
	struct question *question;
	while ((question = TAILQ_FIRST(&resolver->done)) != NULL) {
		question->outcome = CHANNEL_END;
		take_one(resolver, question);
	}
	while ((question = TAILQ_FIRST(&resolver->queue)) != NULL)
		drop(question);
}
