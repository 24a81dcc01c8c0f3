// SPDX-License-Identifier: BSD-3-Clause
//
// A worker: drives the SMTP sessions of its streams. It takes events from the dataplane lcores, feeds sessions, passes on
// their replies, carries out their wishes through the backend, and keeps their deadlines.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "control/counters.h"
#include "dataplane/seam/bell.h"
#include "dataplane/seam/inquiry.h"
#include "dataplane/seam/log.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/stream.h"
#include "smtp/backend.h"
#include "smtp/worker/helper.h"

struct explain_door;
struct dnsl_health;
struct resolver_settings;
struct worker;

// Pointers outlive the worker.
struct worker_settings {
	uint32_t number;
	struct bs_streams *const *streams; // one a dataplane lcore
	uint32_t dataplanes;
	struct backend *backend;
	struct helper_pool *helpers;
	struct bs_bell *bell; // of the lcore that runs us
	struct bs_log *log;
	struct bs_worker_counters *counters;
	struct bs_door *door;         // where control asks; may be NULL
	const _Atomic bool *draining; // sessions end with 421 at the next command
	struct bs_sources *sources;   // may be NULL
	struct explain_door *explain; // of one worker; NULL: not this one
	struct memory *memory;        // may be NULL
	struct dnsl_health *dnsl;     // of all workers; the first looks after it; may be NULL
	const struct resolver_settings *dns; // NULL: no resolver; only for worker_new()
	const char *hostname;                // ours, for SPF; NULL: none is evaluated
	char *error; // of 256 bytes, for worker_new() to say what is wrong; may be NULL
};

// NULL without memory or, with a line in settings->error, without a resolver. Control thread, at start.
struct worker *worker_new(const struct worker_settings *settings);
// After the lcore has stopped: aborts what is left.
void worker_free(struct worker *worker);

unsigned worker_poll(void *worker, uint64_t now_ns);
bool worker_ready(void *worker);
uint64_t worker_patience(void *worker, uint64_t now_ns);
// What a nap has to wait for besides the bell: the backends' sockets. -1: nothing.
int worker_descriptor(void *worker);
