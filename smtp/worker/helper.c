// SPDX-License-Identifier: BSD-3-Clause
//
// The helper pool: one list of jobs under a lock for all threads, and for each worker a list of finished jobs that
// the threads push on without a lock and the worker takes whole. A delivery hands in one job at a time, so first
// come, first served is fair among sessions.
#include "smtp/worker/helper.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

// Jobs finished in one turn of a worker: the rest waits for the next, so that sessions with input get theirs.
#define HELPER_BURST 64

struct helper_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct helper_job *first, **last; // under the lock
	bool ending;                      // under the lock
	unsigned threads;
	pthread_t thread[];
};

struct helper_queue {
	struct helper_pool *pool;
	struct bs_bell *bell;
	struct helper_job *_Atomic finished; // newest first; helpers push, the worker takes all
	struct helper_job *ready;            // oldest first; the worker's own
	uint32_t under_way;                  // the worker's own
};

// Waits for a job; NULL when the pool ends and none is left.
static struct helper_job *next_job(struct helper_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->first == NULL && !pool->ending)
		pthread_cond_wait(&pool->work, &pool->lock);
	struct helper_job *job = pool->first;
	if (job != NULL) {
		pool->first = job->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *helper_run(void *argument)
{
	struct helper_pool *pool = argument;
	struct helper_job *job;
	while ((job = next_job(pool)) != NULL) {
		struct helper_queue *queue = job->queue;
		// once the job is on the list, the worker may free it and, with its last job, the queue
		struct bs_bell *bell = queue->bell;
		job->work(job);
		job->next = atomic_load_explicit(&queue->finished, memory_order_relaxed);
		while (!atomic_compare_exchange_weak_explicit(&queue->finished, &job->next, job,
			memory_order_release, memory_order_relaxed))
			;
		bs_bell_ring(bell);
	}
	return NULL;
}

static void end_threads(struct helper_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->threads; i++)
		pthread_join(pool->thread[i], NULL);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

struct helper_pool *helper_pool_new(unsigned threads)
{
	if (threads == 0) {
		errno = EINVAL;
		return NULL;
	}
	struct helper_pool *pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->thread[0]));
	if (pool == NULL)
		return NULL;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pool->last = &pool->first;

	// signals are control's: a helper that took one would only delay it
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = 0;
	while (pool->threads < threads && error == 0) {
		error = pthread_create(&pool->thread[pool->threads], NULL, helper_run, pool);
		if (error == 0)
			pthread_setname_np(pool->thread[pool->threads++], "bs-helper");
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0) {
		end_threads(pool);
		errno = error;
		return NULL;
	}
	return pool;
}

void helper_pool_free(struct helper_pool *pool)
{
	if (pool != NULL)
		end_threads(pool);
}

struct helper_queue *helper_queue_new(struct helper_pool *pool, struct bs_bell *bell)
{
	struct helper_queue *queue = calloc(1, sizeof(*queue));
	if (queue == NULL)
		return NULL;
	queue->pool = pool;
	queue->bell = bell;
	return queue;
}

void helper_queue_free(struct helper_queue *queue)
{
	free(queue);
}

void helper_submit(struct helper_queue *queue, struct helper_job *job)
{
	struct helper_pool *pool = queue->pool;
	job->queue = queue;
	job->next = NULL;
	queue->under_way++;
	pthread_mutex_lock(&pool->lock);
	*pool->last = job;
	pool->last = &job->next;
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

// Takes what the helpers finished, oldest first. Nothing may be ready.
static void collect(struct helper_queue *queue)
{
	struct helper_job *newest = atomic_exchange_explicit(
		&queue->finished, NULL, memory_order_acquire);
	struct helper_job *oldest = NULL;
	while (newest != NULL) {
		struct helper_job *next = newest->next;
		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	queue->ready = oldest;
}

unsigned helper_turn(struct helper_queue *queue)
{
	unsigned done = 0;
	if (queue->ready == NULL && queue->under_way != 0)
		collect(queue);
	while (queue->ready != NULL && done < HELPER_BURST) {
		struct helper_job *job = queue->ready;
		queue->ready = job->next;
		queue->under_way--;
		done++;
		job->after(job);
	}
	return done;
}

bool helper_ready(struct helper_queue *queue)
{
	return queue->ready != NULL ||
	       atomic_load_explicit(&queue->finished, memory_order_seq_cst) != NULL;
}

uint32_t helper_under_way(const struct helper_queue *queue)
{
	return queue->under_way;
}
