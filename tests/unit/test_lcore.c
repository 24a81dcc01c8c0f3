// SPDX-License-Identifier: BSD-3-Clause
//
// The role loop: what wakes it, what keeps it awake, what ends it. No assertion looks at the clock: a test that
// waits does so for an event, and one that never comes ends in Criterion's time limit.
#include <criterion/criterion.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "control/start/lcore.h"

// A role whose work is counted in by the test. Its patience says how long it sleeps.
struct script {
	_Atomic unsigned work; // units waiting
	_Atomic unsigned done;
	_Atomic uint64_t patience;
	_Atomic unsigned patience_asked;
	_Atomic bool hidden;   // poll() misses the work as long as ready() was not asked
	_Atomic int polled_on; // core
	sem_t finished;
	bool held; // after work, poll() stands still until the test says go on
	sem_t go_on;
};

static unsigned script_poll(void *self, uint64_t now_ns)
{
	struct script *script = self;
	atomic_store(&script->polled_on, sched_getcpu());
	if (atomic_load(&script->hidden))
		return 0;
	unsigned work = atomic_exchange(&script->work, 0);
	for (unsigned i = 0; i < work; i++) {
		atomic_fetch_add(&script->done, 1);
		sem_post(&script->finished);
	}
	if (work > 0 && script->held)
		sem_wait(&script->go_on);
	return work;
}

static bool script_ready(void *self)
{
	struct script *script = self;
	atomic_store(&script->hidden, false);
	return atomic_load(&script->work) > 0;
}

static uint64_t script_patience(void *self, uint64_t now_ns)
{
	struct script *script = self;
	atomic_fetch_add(&script->patience_asked, 1);
	return atomic_load(&script->patience);
}

static struct bs_bell bell;
static _Atomic bool stop;

static void script_make(struct script *script, uint64_t patience)
{
	atomic_init(&script->patience, patience);
	sem_init(&script->finished, 0, 0);
	sem_init(&script->go_on, 0, 0);
}

#define HOUR UINT64_C(3600000000000)

// With naps of an hour only a bell ends a sleep: a lost one runs into the time limit.
static struct lcore *start_napping(
	struct script *script, unsigned scripts, bool spin, int core, uint64_t nap)
{
	char error[256] = "";
	struct lcore_settings settings = {.core = core,
		.spin = spin,
		.bell = &bell,
		.stop = &stop,
		.role_count = scripts,
		.nap_first_ns = nap,
		.nap_longest_ns = nap};
	for (unsigned i = 0; i < scripts; i++)
		settings.role[i] = (struct role){
			"script", &script[i], script_poll, script_ready, script_patience};
	struct lcore *lcore = lcore_start(&settings, error);
	cr_assert_not_null(lcore, "%s", error);
	return lcore;
}

static struct lcore *start(struct script *script, unsigned scripts, bool spin, int core)
{
	return start_napping(script, scripts, spin, core, 0);
}

// A core that this process may use.
static int some_core(void)
{
	cpu_set_t set;
	cr_assert_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	for (int core = CPU_SETSIZE - 1; core >= 0; core--)
		if (CPU_ISSET(core, &set))
			return core;
	return -1;
}

static void end(struct lcore *lcore)
{
	atomic_store(&stop, true);
	lcore_join(lcore);
	bs_bell_close(&bell);
}

static void prepare(void)
{
	atomic_store(&stop, false);
	cr_assert(bs_bell_open(&bell));
}

TestSuite(lcore, .init = prepare, .timeout = 30);

Test(lcore, bell_wakes_a_sleeper_each_time)
{
	static struct script script;
	script_make(&script, UINT64_MAX);
	struct lcore *lcore = start_napping(&script, 1, false, some_core(), HOUR);
	for (unsigned i = 1; i <= 1000; i++) {
		atomic_fetch_add(&script.work, 1);
		bs_bell_ring(&bell);
		sem_wait(&script.finished);
		cr_assert_eq(atomic_load(&script.done), i);
	}
	end(lcore);
}

static int pipe_end[2];

static int script_descriptor(void *self)
{
	return pipe_end[0];
}

// Nobody rings: what a role waits for outside ends the sleep.
Test(lcore, a_roles_descriptor_ends_the_sleep)
{
	static struct script script;
	char error[256] = "", byte = 0;
	script_make(&script, UINT64_MAX);
	cr_assert_eq(pipe(pipe_end), 0);
	struct lcore_settings settings = {.core = some_core(),
		.bell = &bell,
		.stop = &stop,
		.role = {{"script", &script, script_poll, script_ready, script_patience,
			script_descriptor}},
		.role_count = 1,
		.nap_first_ns = HOUR,
		.nap_longest_ns = HOUR};
	struct lcore *lcore = lcore_start(&settings, error);
	cr_assert_not_null(lcore, "%s", error);
	while (lcore_naps(lcore) < 1)
		usleep(1000);
	atomic_fetch_add(&script.work, 1);
	cr_assert_eq(write(pipe_end[1], &byte, 1), 1);
	sem_wait(&script.finished);
	cr_assert_eq(read(pipe_end[0], &byte, 1), 1);
	end(lcore);
	close(pipe_end[0]);
	close(pipe_end[1]);
}

Test(lcore, work_left_before_the_sleep_was_known_is_found)
{
	// The work is there, poll() does not see it, and nobody rings: only ready() can tell.
	static struct script script;
	script_make(&script, UINT64_MAX);
	script.held = true;
	atomic_store(&script.hidden, true);
	atomic_store(&script.work, 1);
	struct lcore *lcore = start_napping(&script, 1, false, some_core(), HOUR);
	sem_wait(&script.finished);
	cr_assert_eq(lcore_naps(lcore), 0u, "it slept although a role was ready");
	sem_post(&script.go_on);
	end(lcore);
}

Test(lcore, sleeps_when_idle)
{
	static struct script script;
	script_make(&script, UINT64_MAX);
	struct lcore *lcore = start(&script, 1, false, some_core());
	while (lcore_naps(lcore) < 5)
		usleep(1000);
	cr_assert_gt(atomic_load(&script.patience_asked), 0u);
	end(lcore);
}

Test(lcore, spinning_never_sleeps)
{
	static struct script script;
	script_make(&script, UINT64_MAX);
	struct lcore *lcore = start(&script, 1, true, some_core());
	while (lcore_turns(lcore) < 200000)
		usleep(1000);
	cr_assert_eq(lcore_naps(lcore), 0u);
	cr_assert_eq(atomic_load(&script.patience_asked), 0u);
	end(lcore);
}

Test(lcore, impatient_role_keeps_it_awake)
{
	static struct script script[2];
	script_make(&script[0], UINT64_MAX);
	script_make(&script[1], 0);
	struct lcore *lcore = start(script, 2, false, some_core());
	while (lcore_turns(lcore) < 20000)
		usleep(1000);
	cr_assert_eq(lcore_naps(lcore), 0u, "the second role said it can't wait");
	// And once it can bear it, the same lcore sleeps.
	atomic_store(&script[1].patience, UINT64_MAX);
	while (lcore_naps(lcore) < 5)
		usleep(1000);
	end(lcore);
}

Test(lcore, both_roles_have_their_turn)
{
	static struct script script[2];
	script_make(&script[0], UINT64_MAX);
	script_make(&script[1], UINT64_MAX);
	struct lcore *lcore = start_napping(script, 2, false, some_core(), HOUR);
	for (unsigned i = 0; i < 100; i++) {
		atomic_fetch_add(&script[i % 2].work, 1);
		bs_bell_ring(&bell);
		sem_wait(&script[i % 2].finished);
	}
	cr_assert_eq(atomic_load(&script[0].done), 50u);
	cr_assert_eq(atomic_load(&script[1].done), 50u);
	end(lcore);
}

Test(lcore, runs_on_its_core)
{
	static struct script script;
	script_make(&script, UINT64_MAX);
	int core = some_core();
	atomic_store(&script.polled_on, -1);
	struct lcore *lcore = start(&script, 1, false, core);
	while (lcore_turns(lcore) < 10)
		usleep(1000);
	cr_assert_eq(atomic_load(&script.polled_on), core);
	end(lcore);
}

Test(lcore, stop_ends_a_sleeper_and_a_spinner)
{
	for (unsigned spin = 0; spin < 2; spin++) {
		static struct script script;
		if (spin > 0)
			prepare();
		script_make(&script, UINT64_MAX);
		struct lcore *lcore = start_napping(&script, 1, spin != 0, some_core(), HOUR);
		while ((spin != 0 ? lcore_turns(lcore) : lcore_naps(lcore)) < 1)
			usleep(1000);
		end(lcore); // hangs, and runs into the time limit, if the loop goes on
	}
}

static _Atomic int left;

static bool refuse_to_enter(void)
{
	return false;
}

static void note_leaving(void)
{
	atomic_fetch_add(&left, 1);
}

static bool enter_gladly(void)
{
	return true;
}

Test(lcore, refused_entry_is_an_error)
{
	char error[256] = "";
	struct lcore_settings settings = {.core = some_core(), .bell = &bell, .stop = &stop};
	settings.enter = refuse_to_enter;
	settings.leave = note_leaving;
	cr_assert_null(lcore_start(&settings, error));
	cr_assert(strstr(error, "DPDK") != NULL, "%s", error);
	cr_assert_eq(atomic_load(&left), 0);
	settings.enter = enter_gladly;
	struct lcore *lcore = lcore_start(&settings, error);
	cr_assert_not_null(lcore);
	end(lcore);
	cr_assert_eq(atomic_load(&left), 1);
}

Test(lcore, absent_core_is_an_error)
{
	char error[256] = "";
	struct lcore_settings settings = {.core = 60000, .bell = &bell, .stop = &stop};
	cr_assert_null(lcore_start(&settings, error));
	cr_assert(strstr(error, "60000") != NULL, "%s", error);
	bs_bell_close(&bell);
}

static _Atomic pthread_t seen_by;

static void packet_signal(int number)
{
	atomic_store(&seen_by, pthread_self());
}

Test(lcore, packet_signals_reach_only_the_lcore_that_takes_them)
{
	static struct script script;
	struct sigaction action = {.sa_handler = packet_signal, .sa_flags = SA_RESTART};
	script_make(&script, UINT64_MAX);
	lcore_block_signals();
	sigaction(SIGRTMAX, &action, NULL);
	char error[256] = "";
	struct lcore_settings settings = {.core = some_core(),
		.bell = &bell,
		.stop = &stop,
		.role = {{"script", &script, script_poll, script_ready, script_patience}},
		.role_count = 1,
		.takes_packet_signals = true};
	struct lcore *lcore = lcore_start(&settings, error);
	cr_assert_not_null(lcore, "%s", error);
	kill(getpid(), SIGRTMAX);
	while (atomic_load(&seen_by) == 0)
		usleep(1000);
	cr_assert(!pthread_equal(atomic_load(&seen_by), pthread_self()));
	end(lcore);
}
