// SPDX-License-Identifier: BSD-3-Clause
#include "control/policy/policy_store.h"

#include <stdlib.h>
#include <sys/queue.h>

#include "control/policy/policy_make.h"
#include "control/policy/templates.h"

struct snapshot {
	TAILQ_ENTRY(snapshot) entry;
	struct bs_policy *policy;
	struct policy_base *base;
	struct bs_overlay *overlay;
	uint64_t epoch; // fading: until it is over
};
TAILQ_HEAD(snapshots, snapshot);

struct policy_store {
	struct policy_readers readers;
	const struct config *config;
	struct snapshot *current;
	struct snapshots fading, held; // the oldest first
	struct template_sets sets;
	struct policy_store_state state;
};

static bool in_list(const struct snapshots *list, const struct policy_base *base)
{
	const struct snapshot *snapshot;
	TAILQ_FOREACH(snapshot, list, entry)
	if (snapshot->base == base)
		return true;
	return false;
}

static bool overlay_is_seen(const struct policy_store *store, const struct bs_overlay *overlay)
{
	const struct snapshot *snapshot;
	if (store->current->overlay == overlay)
		return true;
	TAILQ_FOREACH(snapshot, &store->fading, entry)
	if (snapshot->overlay == overlay)
		return true;
	return false;
}

// Not in a list any more.
static void free_snapshot(struct policy_store *store, struct snapshot *snapshot)
{
	struct policy_base *base = snapshot->base;
	if (base != store->current->base && !in_list(&store->fading, base) &&
		!in_list(&store->held, base))
		policy_base_free(base);
	free(snapshot->policy);
	free(snapshot);
}

static bool is_held(const struct snapshot *snapshot)
{
	return atomic_load_explicit(&snapshot->policy->holders, memory_order_acquire) != 0;
}

// No turn can see it any more.
static void faded(struct policy_store *store, struct snapshot *snapshot)
{
	TAILQ_REMOVE(&store->fading, snapshot, entry);
	store->state.fading--;
	if (!overlay_is_seen(store, snapshot->overlay))
		bs_overlay_free(snapshot->overlay);
	snapshot->overlay = NULL;
	if (snapshot->base != store->current->base && !in_list(&store->fading, snapshot->base))
		policy_base_free_table(snapshot->base);
	TAILQ_INSERT_TAIL(&store->held, snapshot, entry);
	store->state.held++;
}

static void collect(struct policy_store *store)
{
	struct snapshot *snapshot, *next;
	while ((snapshot = TAILQ_FIRST(&store->fading)) != NULL &&
		bs_qsbr_over(store->readers.qsbr, snapshot->epoch))
		faded(store, snapshot);
	for (snapshot = TAILQ_FIRST(&store->held); snapshot != NULL; snapshot = next) {
		next = TAILQ_NEXT(snapshot, entry);
		if (is_held(snapshot))
			continue;
		TAILQ_REMOVE(&store->held, snapshot, entry);
		store->state.held--;
		free_snapshot(store, snapshot);
	}
}

// No turn can begin a text of the set any more, so that its holders become only fewer; and there are none. The counts are
// read after the grace period: what an lcore wrote before its quiescent state is seen.
static bool may_write(const void *self, unsigned number)
{
	const struct policy_store *store = self;
	const struct snapshot *snapshot;
	if (store->current != NULL && store->current->policy->text_set == number)
		return false;
	TAILQ_FOREACH(snapshot, &store->fading, entry)
	if (snapshot->policy->text_set == number)
		return false;
	for (uint32_t i = 0; i < *store->readers.dataplane_count; i++) {
		const struct bs_dataplane_counters *counters = store->readers.dataplane[i];
		if (__atomic_load_n(&counters->text_holders[number], __ATOMIC_RELAXED) != 0)
			return false;
	}
	return true;
}

// The number of the set with the configuration's texts, or that of the texts in force.
static bool choose_texts(struct policy_store *store, uint8_t *number)
{
	struct bs_template_set *wanted = malloc(sizeof(*wanted));
	struct template_words words = template_words_of(store->config);
	if (wanted == NULL || !templates_compose(&words, wanted)) {
		free(wanted);
		return false;
	}
	int chosen = templates_choose(&store->sets, wanted, may_write, store);
	free(wanted);
	store->state.texts_wait = chosen < 0;
	*number = chosen >= 0 ? (uint8_t)chosen : store->current->policy->text_set;
	return true;
}

static struct snapshot *make_snapshot(
	struct policy_store *store, struct policy_base *base, struct bs_overlay *overlay)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	uint8_t text_set;
	if (snapshot == NULL || !choose_texts(store, &text_set)) {
		free(snapshot);
		return NULL;
	}
	snapshot->base = base;
	snapshot->overlay = overlay;
	snapshot->policy = policy_make(store->config, base, overlay, store->sets.set, text_set);
	if (snapshot->policy != NULL)
		return snapshot;
	free(snapshot);
	return NULL;
}

static bool publish(
	struct policy_store *store, struct policy_base *base, struct bs_overlay *overlay)
{
	collect(store);
	struct snapshot *old = store->current, *new = make_snapshot(store, base, overlay);
	if (new == NULL)
		return false;
	store->current = new;
	store->state.published++;
	atomic_store_explicit(&bs_policy_current, new->policy, memory_order_seq_cst);
	if (old != NULL) {
		old->epoch = bs_qsbr_begin(store->readers.qsbr);
		TAILQ_INSERT_TAIL(&store->fading, old, entry);
		store->state.fading++;
	}
	collect(store);
	return true;
}

struct policy_store *policy_store_new(
	const struct policy_readers *readers, const struct config *config, struct policy_base *base)
{
	struct policy_store *store = calloc(1, sizeof(*store));
	if (store == NULL) {
		policy_base_free(base);
		return NULL;
	}
	store->readers = *readers;
	store->config = config;
	TAILQ_INIT(&store->fading);
	TAILQ_INIT(&store->held);
	if (publish(store, base, NULL))
		return store;
	policy_base_free(base);
	free(store);
	return NULL;
}

void policy_store_free(struct policy_store *store)
{
	struct snapshot *snapshot;
	if (store == NULL)
		return;
	while ((snapshot = TAILQ_FIRST(&store->fading)) != NULL)
		faded(store, snapshot);
	while ((snapshot = TAILQ_FIRST(&store->held)) != NULL) {
		TAILQ_REMOVE(&store->held, snapshot, entry);
		free_snapshot(store, snapshot);
	}
	atomic_store(&bs_policy_current, NULL);
	policy_base_free(store->current->base);
	bs_overlay_free(store->current->overlay);
	free(store->current->policy);
	free(store->current);
	free(store);
}

bool policy_store_base(struct policy_store *store, struct policy_base *base)
{
	if (publish(store, base, store->current->overlay))
		return true;
	policy_base_free(base);
	return false;
}

bool policy_store_overlay(struct policy_store *store, struct bs_overlay *overlay)
{
	if (publish(store, store->current->base, overlay))
		return true;
	bs_overlay_free(overlay);
	return false;
}

bool policy_store_numbers(struct policy_store *store)
{
	return publish(store, store->current->base, store->current->overlay);
}

const struct policy_base *policy_store_base_now(const struct policy_store *store)
{
	return store->current->base;
}

void policy_store_turn(struct policy_store *store)
{
	collect(store);
	if (!store->state.texts_wait)
		return;
	for (unsigned i = 0; i < BS_TEMPLATE_SETS; i++) {
		if (may_write(store, i)) {
			policy_store_numbers(store);
			return;
		}
	}
}

struct policy_store_state policy_store_state(const struct policy_store *store)
{
	return store->state;
}
