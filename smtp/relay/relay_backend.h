// SPDX-License-Identifier: BSD-3-Clause
//
// A server to relay to, as all workers share it.
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "smtp/relay/delivered.h"
#include "smtp/worker/helper.h"
#include "smtp/relay/recipient_cache.h"
#include "smtp/relay/relay.h"
#include "smtp/relay/relay_probe.h"

struct relay_backend {
	struct backend backend; // first: what the others see
	// constant
	struct relay_place place;
	struct backend_settings settings;
	char hello[256];
	struct recipient_cache *cache;
	struct delivered *delivered; // NULL for SMTP
	// where it is: under the lock
	pthread_mutex_t lock;
	struct relay_address address[RELAY_ADDRESSES];
	unsigned addresses;
	_Atomic unsigned preferred; // the one that answered last
	_Atomic bool down;          // what the log was told
	// learning: whoever wins `learning` owns what follows until its job is done
	_Atomic uint64_t learn_ms; // when the next is due
	_Atomic bool learning;
	struct helper_job job; // first of what the job has
	struct bs_log *log;    // of the worker that asked
	const _Atomic bool *stopping;
	uint64_t asked_ms;
	bool reached;
	struct relay_probe probe;
};

// Any worker.
// The `attempt`th address to try, beginning with the preferred; false when there are no more. `*index` is for
// relay_backend_works().
bool relay_backend_address(struct relay_backend *backend, unsigned attempt,
	struct relay_address *address, unsigned *index);
bool relay_backend_resolved(struct relay_backend *backend);
// A connection got as far as EHLO's reply.
void relay_backend_works(struct relay_backend *backend, unsigned index,
	const struct relay_offers *offers, uint64_t now_ms, struct bs_log *log);
// A connection could not be had, or was lost: what was learnt is doubtful.
void relay_backend_failed(
	struct relay_backend *backend, const char *why, uint64_t now_ms, struct bs_log *log);
