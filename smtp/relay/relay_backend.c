// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/session/received.h"
#include "smtp/relay/relay_state.h"

#define LEARN_EVERY_MS (UINT64_C(10) * 60 * 1000)
#define LEARN_FAILURE_MS \
	5000u // after a failure; more often would be a load on a server that is down
#define DELIVERED_MOST 65536u // entries of 48 bytes

bool relay_backend_address(struct relay_backend *backend, unsigned attempt,
	struct relay_address *address, unsigned *index)
{
	pthread_mutex_lock(&backend->lock);
	bool found = attempt < backend->addresses;
	if (found) {
		*index = (atomic_load(&backend->preferred) + attempt) % backend->addresses;
		*address = backend->address[*index];
	}
	pthread_mutex_unlock(&backend->lock);
	return found;
}

bool relay_backend_resolved(struct relay_backend *backend)
{
	pthread_mutex_lock(&backend->lock);
	bool resolved = backend->addresses != 0;
	pthread_mutex_unlock(&backend->lock);
	return resolved;
}

// The headers that we add count in the server's limit (RFC 1870, 3), so our clients have so much less.
static void take_offers(struct relay_backend *backend, const struct relay_offers *offers)
{
	uint64_t size = offers->size > UINT64_C(2) * TRACE_TEXT ? offers->size - TRACE_TEXT
								: offers->size;
	atomic_store(&backend->backend.offers.size, size);
	atomic_store(&backend->backend.offers.eight_bit, offers->eight_bit);
}

void relay_backend_works(struct relay_backend *backend, unsigned index,
	const struct relay_offers *offers, uint64_t now_ms, struct bs_log *log)
{
	take_offers(backend, offers);
	atomic_store_explicit(&backend->preferred, index, memory_order_relaxed);
	atomic_store_explicit(&backend->learn_ms, now_ms + LEARN_EVERY_MS, memory_order_relaxed);
	if (atomic_load_explicit(&backend->down, memory_order_relaxed) &&
		atomic_exchange(&backend->down, false))
		bs_log(log, BS_LOG_INFO, "backend %s answers again", backend->place.text);
}

void relay_backend_failed(
	struct relay_backend *backend, const char *why, uint64_t now_ms, struct bs_log *log)
{
	uint64_t soon = now_ms + LEARN_FAILURE_MS;
	if (atomic_load_explicit(&backend->learn_ms, memory_order_relaxed) > soon)
		atomic_store_explicit(&backend->learn_ms, soon, memory_order_relaxed);
	if (!atomic_exchange(&backend->down, true))
		bs_log(log, BS_LOG_WARNING, "backend %s: %s; its mail is deferred",
			backend->place.text, why);
}

// On a helper thread.
static void learn(struct helper_job *job)
{
	struct relay_backend *backend =
		(struct relay_backend *)((char *)job - offsetof(struct relay_backend, job));
	backend->reached = relay_probe(
		&backend->place, backend->hello, NULL, backend->stopping, &backend->probe);
}

// On the thread of the worker that asked.
static void learnt(struct helper_job *job)
{
	struct relay_backend *backend =
		(struct relay_backend *)((char *)job - offsetof(struct relay_backend, job));
	const struct relay_probe *probe = &backend->probe;
	if (probe->addresses != 0) { // else the old ones may still be right
		pthread_mutex_lock(&backend->lock);
		memcpy(backend->address, probe->address, sizeof(backend->address));
		backend->addresses = probe->addresses;
		pthread_mutex_unlock(&backend->lock);
	}
	if (backend->reached)
		relay_backend_works(
			backend, probe->answered, &probe->offers, backend->asked_ms, backend->log);
	else if (backend->stopping == NULL || !*backend->stopping)
		relay_backend_failed(backend, probe->why, backend->asked_ms, backend->log);
	atomic_store_explicit(&backend->learning, false, memory_order_release);
}

static void tick(
	struct backend *opaque, const struct delivery_surroundings *around, uint64_t now_ms)
{
	struct relay_backend *backend = (struct relay_backend *)opaque;
	if (now_ms < atomic_load_explicit(&backend->learn_ms, memory_order_relaxed) ||
		atomic_load_explicit(&backend->learning, memory_order_relaxed) ||
		atomic_exchange_explicit(&backend->learning, true, memory_order_acquire))
		return;
	atomic_store_explicit(&backend->learn_ms, now_ms + LEARN_FAILURE_MS, memory_order_relaxed);
	backend->job = (struct helper_job){.work = learn, .after = learnt};
	backend->log = around->log;
	backend->stopping = around->stopping;
	backend->asked_ms = now_ms;
	helper_submit(around->helpers, &backend->job);
}

static void relay_free(struct backend *opaque)
{
	struct relay_backend *backend = (struct relay_backend *)opaque;
	recipient_cache_free(backend->cache);
	delivered_free(backend->delivered);
	pthread_mutex_destroy(&backend->lock);
	free(backend);
}

static const struct backend_operations operations = {
	.scheme = "relay",
	.open = relay_open,
	.recipient = relay_recipient,
	.begin = relay_begin,
	.write = relay_write,
	.commit = relay_commit,
	.abandon = relay_abandon,
	.close = relay_close,
	.tick = tick,
	.free = relay_free,
};

struct backend *relay_new(const char *uri, const char *hostname,
	const struct backend_settings *settings, char error[256])
{
	char why[160];
	struct relay_backend *backend = calloc(1, sizeof(*backend));
	if (backend == NULL) {
		snprintf(error, 256, "backend: out of memory");
		return NULL;
	}
	if (!relay_place_parse(uri, &backend->place, why)) {
		snprintf(error, 256, "backend \"%.60s\": %s", uri, why);
		free(backend);
		return NULL;
	}
	pthread_mutex_init(&backend->lock, NULL);
	backend->backend.operations = &operations;
	backend->settings = *settings;
	snprintf(backend->hello, sizeof(backend->hello), "%s", hostname);
	backend->addresses = relay_place_resolve(&backend->place, true, backend->address, why);
	backend->cache = recipient_cache_new(
		settings->cache_size, settings->negative_ttl_ms, settings->positive_ttl_ms);
	if (backend->place.lmtp)
		backend->delivered = delivered_new(DELIVERED_MOST);
	if (backend->cache == NULL || (backend->place.lmtp && backend->delivered == NULL)) {
		snprintf(error, 256, "backend: out of memory; lower relay/cache-size");
		relay_free(&backend->backend);
		return NULL;
	}
	return &backend->backend;
}
