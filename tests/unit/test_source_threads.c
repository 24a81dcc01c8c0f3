// SPDX-License-Identifier: BSD-3-Clause
//
// The source table under many threads: counts add up, entries are nobody else's while they are held, and limits are exact.
#include <criterion/criterion.h>

#include <pthread.h>

#include "dataplane/seam/source.h"
#include "tests/unit/interleave.h"

static const struct siphash_key key = {{3, 4}};
static const struct bs_verdict_rules rules = {.action = BS_VERDICT_REFUSE,
	.lifetime_ms = 3600000,
	.window_ms = 600000,
	.refused_sessions = 10,
	.refused_share = 90,
	.unknown_recipients = 20,
	.early_talks = 5,
	.forgiven_ms = 604800000};

static struct bs_address numbered(uint32_t number)
{
	return bs_address_from_ipv4((const uint8_t[]){
		10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number});
}

#define THREADS 4
#define ROUNDS  100000
#define CROWD   42u // sources, three times what there is room for

struct thread {
	struct bs_sources *sources;
	uint64_t state;
	unsigned given, wrong;
	pthread_t id;
};

static uint32_t any(struct thread *thread, uint32_t below)
{
	thread->state ^= thread->state << 13;
	thread->state ^= thread->state >> 7;
	thread->state ^= thread->state << 17;
	return (uint32_t)((thread->state >> 11) % below);
}

// An lcore: opens, looks, teaches and closes. An entry that it holds is never another's.
static void *lcore(void *self)
{
	struct thread *thread = self;
	uint32_t held[8], count = 0;
	for (uint32_t i = 0; i < ROUNDS; i++) {
		enum bs_source_opening how;
		uint32_t number = any(thread, CROWD), what = any(thread, 8);
		struct bs_address address = numbered(number);
		bs_source_verdict(thread->sources, &address, i / 1000);
		if (count < 3 && what < 5) {
			struct bs_source *source = bs_source_open(
				thread->sources, &address, i / 1000, &how);
			if (source == NULL)
				continue;
			held[count++] = number;
			if (any(thread, 20) == 0)
				thread->given += bs_source_learn(source,
							 &(struct bs_lesson){.unknown = 20}, &rules,
							 true, i / 1000) != BS_VERDICT_NONE;
		} else if (count > 0) {
			address = numbered(held[--count]);
			struct bs_source *source = bs_source_find(thread->sources, &address);
			thread->wrong += source == NULL || bs_source_open_count(source) == 0 ||
					 bs_source_open_count(source) > 3 * THREADS;
			bs_source_close(thread->sources, &address, i / 1000);
		}
		if (any(thread, 1000) == 0)
			bs_source_forget(thread->sources, any(thread, 2) ? &address : NULL, i);
	}
	while (count > 0) {
		struct bs_address address = numbered(held[--count]);
		bs_source_close(thread->sources, &address, ROUNDS / 1000);
	}
	return NULL;
}

Test(source_threads, threads_agree_on_the_counts)
{
	struct bs_sources *sources = bs_sources_new(14, &key);
	struct thread thread[THREADS];
	struct bs_source_view view;
	uint32_t cursor = 0, seen = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		thread[i] = (struct thread){.sources = sources, .state = 77 + i};
		cr_assert_eq(pthread_create(&thread[i].id, NULL, lcore, &thread[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		pthread_join(thread[i].id, NULL);
		cr_expect_eq(thread[i].wrong, 0);
		cr_expect_gt(thread[i].given, 0);
	}
	while (bs_sources_next(sources, &cursor, 600, ROUNDS / 1000, &view)) {
		cr_expect_eq(view.open, 0);
		seen++;
	}
	cr_assert_eq(seen, bs_sources_count(sources));
	cr_assert_eq(seen, 14);
	bs_sources_free(sources);
}

// --- two at the same moment ---

#ifdef INTERLEAVE
struct comer {
	struct bs_source *source; // entered
	bool admitted;
};

static void admit(void *context)
{
	struct comer *comer = context;
	comer->admitted = bs_source_admit(comer->source, 2);
	if (!comer->admitted)
		bs_source_let_go(comer->source);
}

// One connection of the source is there, two are allowed, and two more come.
static struct interleaving race(unsigned first_stops, unsigned second_stops)
{
	struct bs_sources *sources = bs_sources_new(14, &key);
	struct bs_address address = numbered(1);
	struct comer comer[2] = {{0}};
	struct interleaved side[2];
	enum bs_source_opening how;
	bs_source_open(sources, &address, 1, &how);
	for (unsigned i = 0; i < 2; i++) {
		comer[i].source = bs_source_enter(sources, &address, 1, &how);
		side[i] = (struct interleaved){.run = admit,
			.context = &comer[i],
			.stop = i == 0 ? first_stops : second_stops};
	}
	struct interleaving was = interleave(&side[0], &side[1]);
	cr_assert_eq(comer[0].admitted + comer[1].admitted, 1,
		"%u of two were admitted, stopped after %u and %u instructions",
		comer[0].admitted + comer[1].admitted, first_stops, second_stops);
	cr_assert_eq(atomic_load(&comer[0].source->open), 2, "and both count");
	bs_sources_free(sources);
	return was;
}

#define INSTRUCTIONS_MOST 1000u

// Two handshakes of a source complete at the same moment, and one more connection is allowed: one of them gets it, whatever instructions
// of the two come first.
Test(source_threads, one_of_two_at_the_same_moment_is_admitted)
{
	unsigned first = 0, second, races = 0;
	struct interleaving was = {true, true};
	for (; was.first && first < INSTRUCTIONS_MOST; first++) {
		was.second = true;
		for (second = 0; was.second && second < INSTRUCTIONS_MOST; second++) {
			was = race(first, second);
			races++;
		}
	}
	cr_assert(first > 5 && first < INSTRUCTIONS_MOST, "%u instructions", first);
	cr_assert_gt(races, 25);
}
#endif
