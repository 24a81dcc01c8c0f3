// SPDX-License-Identifier: BSD-3-Clause
//
// The helper pool: threads for what can block (fsync, stat, rename), so that a worker never does. A job is handed in
// with what to do after it; that part runs on the worker's own thread, in the worker's next turn.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/bell.h"

struct helper_pool;
struct helper_queue; // a worker's own door to the pool

struct helper_job {
	void (*work)(struct helper_job *job);  // on a helper thread
	void (*after)(struct helper_job *job); // on the worker's thread; may free the job
	struct helper_job *next;               // the pool's
	struct helper_queue *queue;            // the pool's
};

// Control thread, at start. NULL when threads can't be made (errno).
struct helper_pool *helper_pool_new(unsigned threads);
// Waits for the jobs under way.
void helper_pool_free(struct helper_pool *pool);

// `bell` of the lcore that runs the worker is rung when a job is done. NULL without memory.
struct helper_queue *helper_queue_new(struct helper_pool *pool, struct bs_bell *bell);
void helper_queue_free(struct helper_queue *queue); // no job under way

// The worker's thread. Never fails: a job is a link in a list.
void helper_submit(struct helper_queue *queue, struct helper_job *job);
// Runs `after` of what is done; returns how many. The worker's thread, once a turn.
unsigned helper_turn(struct helper_queue *queue);
bool helper_ready(struct helper_queue *queue);
// Jobs submitted whose `after` has not run.
uint32_t helper_under_way(const struct helper_queue *queue);
