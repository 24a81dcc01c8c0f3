// SPDX-License-Identifier: BSD-3-Clause
//
// The helper pool: every job runs once on a helper and once after it on its worker, in the worker's own time.
#include <criterion/criterion.h>

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/worker/helper.h"

#define JOBS 500

struct counted {
	struct helper_job job; // first: the job is the struct
	pthread_t worker;
	_Atomic unsigned worked;
	unsigned finished;
	unsigned again; // times the job is handed in again
	bool helper_was_other_thread, after_was_worker;
};

static void work(struct helper_job *job)
{
	struct counted *counted = (struct counted *)job;
	counted->helper_was_other_thread = !pthread_equal(pthread_self(), counted->worker);
	counted->worked++;
}

static void after(struct helper_job *job)
{
	struct counted *counted = (struct counted *)job;
	struct helper_queue *queue = job->queue;
	counted->after_was_worker = pthread_equal(pthread_self(), counted->worker);
	counted->finished++;
	if (counted->again != 0) {
		counted->again--;
		helper_submit(queue, job);
	}
}

// A worker's life: turns until nothing is under way, asleep in between.
static void run_dry(struct helper_queue *queue, struct bs_bell *bell)
{
	while (helper_under_way(queue) != 0) {
		if (helper_turn(queue) != 0)
			continue;
		bs_bell_sleep(bell);
		if (!helper_ready(queue)) {
			struct pollfd wait = {.fd = bell->fd, .events = POLLIN};
			cr_assert_eq(poll(&wait, 1, 60000), 1, "the bell was never rung");
		}
		bs_bell_awake(bell);
	}
}

static void use(struct helper_pool *pool, unsigned again)
{
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	struct helper_queue *queue = helper_queue_new(pool, &bell);
	cr_assert_not_null(queue);
	static _Thread_local struct counted counted[JOBS];
	memset(counted, 0, sizeof(counted));
	for (unsigned i = 0; i < JOBS; i++) {
		counted[i].job.work = work;
		counted[i].job.after = after;
		counted[i].worker = pthread_self();
		counted[i].again = again;
		helper_submit(queue, &counted[i].job);
	}
	cr_assert_eq(helper_under_way(queue), JOBS);
	run_dry(queue, &bell);
	for (unsigned i = 0; i < JOBS; i++) {
		cr_assert_eq(counted[i].worked, again + 1);
		cr_assert_eq(counted[i].finished, again + 1);
		cr_assert(counted[i].helper_was_other_thread);
		cr_assert(counted[i].after_was_worker);
	}
	cr_assert_not(helper_ready(queue));
	cr_assert_eq(helper_turn(queue), 0);
	helper_queue_free(queue);
	bs_bell_close(&bell);
}

Test(helper, runs_every_job_once)
{
	struct helper_pool *pool = helper_pool_new(4);
	cr_assert_not_null(pool);
	use(pool, 0);
	helper_pool_free(pool);
}

Test(helper, takes_a_job_again_from_its_after)
{
	struct helper_pool *pool = helper_pool_new(2);
	cr_assert_not_null(pool);
	use(pool, 3);
	helper_pool_free(pool);
}

static void *one_worker(void *pool)
{
	for (int i = 0; i < 5; i++)
		use(pool, 1);
	return NULL;
}

Test(helper, serves_several_workers)
{
	struct helper_pool *pool = helper_pool_new(3);
	pthread_t thread[4];
	cr_assert_not_null(pool);
	for (int i = 0; i < 4; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, one_worker, pool), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	helper_pool_free(pool);
}

struct ordered {
	struct helper_job job;
	unsigned number;
};
static unsigned order[10], orders;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void ordered_work(struct helper_job *job)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

static void ordered_after(struct helper_job *job)
{
	order[orders++] = ((struct ordered *)job)->number;
}

Test(helper, keeps_the_order_with_one_thread_and_finishes_all_when_the_pool_ends)
{
	struct helper_pool *pool = helper_pool_new(1);
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	struct helper_queue *queue = helper_queue_new(pool, &bell);
	struct ordered ordered[10] = {0};
	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < 10; i++) {
		ordered[i] = (struct ordered){{ordered_work, ordered_after}, i};
		helper_submit(queue, &ordered[i].job);
	}
	cr_assert_not(helper_ready(queue));
	cr_assert_eq(helper_turn(queue), 0, "nothing can be finished");
	pthread_mutex_unlock(&gate);
	helper_pool_free(pool);
	cr_assert(helper_ready(queue));
	cr_assert_eq(helper_turn(queue), 10);
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(order[i], i);
	helper_queue_free(queue);
	bs_bell_close(&bell);
}

Test(helper, gives_a_turn_that_ends)
{
	struct helper_pool *pool = helper_pool_new(1);
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	struct helper_queue *queue = helper_queue_new(pool, &bell);
	static struct counted counted[JOBS];
	for (unsigned i = 0; i < JOBS; i++) {
		counted[i].job.work = work;
		counted[i].job.after = after;
		helper_submit(queue, &counted[i].job);
	}
	helper_pool_free(pool);
	unsigned first = helper_turn(queue);
	cr_assert(first > 0 && first < JOBS, "one turn took %u of %u", first, JOBS);
	cr_assert(helper_ready(queue));
	for (int i = 0; i < JOBS && helper_turn(queue) != 0; i++)
		;
	cr_assert_eq(helper_under_way(queue), 0);
	helper_queue_free(queue);
	bs_bell_close(&bell);
}

Test(helper, says_why_it_can_not_be_made)
{
	cr_assert_null(helper_pool_new(0));
	helper_pool_free(NULL);
}

static _Atomic bool blocked;
static void look_at_signals(struct helper_job *job)
{
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	blocked = sigismember(&mask, SIGTERM) == 1;
}

Test(helper, leaves_signals_to_control)
{
	struct helper_pool *pool = helper_pool_new(1);
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	struct helper_queue *queue = helper_queue_new(pool, &bell);
	struct counted counted = {{look_at_signals, after}};
	helper_submit(queue, &counted.job);
	run_dry(queue, &bell);
	cr_assert(blocked);
	sigset_t mask;
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	cr_assert_eq(sigismember(&mask, SIGTERM), 0);
	helper_queue_free(queue);
	helper_pool_free(pool);
	bs_bell_close(&bell);
}
