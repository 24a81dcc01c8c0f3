// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/lcore.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

// How long an lcore without work looks on before its first nap: the time in which a burst's next packet or a worker's
// answer usually comes. Longer would tell on an idle program, shorter would pay a system call for each packet.
#define LINGER_NS (UINT64_C(20) * 1000)
#define NAP_FIRST (UINT64_C(50) * 1000)
#define NAP_LONGEST \
	(UINT64_C(100) * 1000 * 1000) // the bell ends it; a role without one says its patience

struct lcore {
	struct lcore_settings settings;
	pthread_t thread;
	sem_t started;
	bool entered;
	// Written by the lcore alone.
	_Atomic uint64_t turns, naps;
};

static inline uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline void count(_Atomic uint64_t *counter)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
	atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

void lcore_block_signals(void)
{
	sigset_t set;
	sigfillset(&set);
	const int own_fault[] = {SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT};
	for (size_t i = 0; i < sizeof(own_fault) / sizeof(own_fault[0]); i++)
		sigdelset(&set, own_fault[i]);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
}

static void unblock_packet_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static inline void online(const struct lcore_settings *settings)
{
	if (settings->reader != NULL)
		bs_qsbr_online(settings->reader);
}

static inline void offline(const struct lcore_settings *settings)
{
	if (settings->reader != NULL)
		bs_qsbr_offline(settings->reader);
}

// Waits for the bell, a role's descriptor, the time, or a packet signal: all mean look again.
static void wait_for_news(struct lcore *lcore, uint64_t nap)
{
	const struct lcore_settings *settings = &lcore->settings;
	struct pollfd news[1 + LCORE_ROLES_MAX] = {{.fd = settings->bell->fd, .events = POLLIN}};
	nfds_t count = 1;
	for (unsigned i = 0; i < settings->role_count; i++) {
		const struct role *role = &settings->role[i];
		int fd = role->descriptor == NULL ? -1 : role->descriptor(role->self);
		if (fd >= 0)
			news[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	struct timespec timeout = {
		.tv_sec = (time_t)(nap / 1000000000u), .tv_nsec = (long)(nap % 1000000000u)};
	offline(settings);
	ppoll(news, count, &timeout, NULL);
	online(settings);
}

// Sleeps at most `nap`, unless a role has something to do or no time to lose.
static void sleep_on_bell(struct lcore *lcore, uint64_t nap, uint64_t now)
{
	const struct lcore_settings *settings = &lcore->settings;
	for (unsigned i = 0; i < settings->role_count; i++) {
		const struct role *role = &settings->role[i];
		uint64_t patience = role->patience(role->self, now);
		if (patience < nap)
			nap = patience;
	}
	if (nap == 0)
		return;
	bs_bell_sleep(settings->bell);
	// What was left for us before the bell knew of our sleep rang nobody: look once more.
	bool ready = atomic_load_explicit(settings->stop, memory_order_seq_cst);
	for (unsigned i = 0; i < settings->role_count && !ready; i++)
		ready = settings->role[i].ready(settings->role[i].self);
	if (!ready) {
		count(&lcore->naps);
		wait_for_news(lcore, nap);
	}
	bs_bell_awake(settings->bell);
}

static void run(struct lcore *lcore)
{
	const struct lcore_settings *settings = &lcore->settings;
	uint64_t first = settings->nap_first_ns != 0 ? settings->nap_first_ns : NAP_FIRST;
	uint64_t longest = settings->nap_longest_ns != 0 ? settings->nap_longest_ns : NAP_LONGEST;
	uint64_t worked_at = 0, nap = first;
	online(settings);
	while (!atomic_load_explicit(settings->stop, memory_order_acquire)) {
		uint64_t now = clock_ns();
		unsigned done = 0;
		if (settings->reader != NULL)
			bs_qsbr_quiescent(settings->reader);
		for (unsigned i = 0; i < settings->role_count; i++)
			done += settings->role[i].poll(settings->role[i].self, now);
		count(&lcore->turns);
		if (done > 0) {
			worked_at = now;
			nap = first;
		} else if (settings->spin || now - worked_at < LINGER_NS) {
			relax();
		} else {
			sleep_on_bell(lcore, nap, now);
			nap = nap < longest / 2 ? nap * 2 : longest;
		}
	}
	offline(settings);
}

static void *lcore_main(void *argument)
{
	struct lcore *lcore = argument;
	const struct lcore_settings *settings = &lcore->settings;
	// The kernel adds 50 us to each sleep of a thread that does not ask otherwise.
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	lcore->entered = settings->enter == NULL || settings->enter();
	if (lcore->entered && settings->takes_packet_signals)
		unblock_packet_signals();
	bool entered = lcore->entered;
	sem_post(&lcore->started);
	if (!entered)
		return NULL;
	run(lcore);
	lcore_block_signals(); // the roles' devices may outlive us
	if (settings->leave != NULL)
		settings->leave();
	return NULL;
}

// The new thread has its core before its first instruction: what it allocates lies in that core's memory.
static int make_thread(struct lcore *lcore)
{
	pthread_attr_t attributes;
	cpu_set_t *set = CPU_ALLOC((size_t)lcore->settings.core + 1);
	size_t size = CPU_ALLOC_SIZE((size_t)lcore->settings.core + 1);
	if (set == NULL)
		return ENOMEM;
	CPU_ZERO_S(size, set);
	CPU_SET_S((size_t)lcore->settings.core, size, set);
	int result = pthread_attr_init(&attributes);
	if (result == 0) {
		result = pthread_attr_setaffinity_np(&attributes, size, set);
		sigset_t before;
		pthread_sigmask(SIG_SETMASK, NULL, &before);
		lcore_block_signals(); // inherited
		if (result == 0)
			result = pthread_create(&lcore->thread, &attributes, lcore_main, lcore);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
		pthread_attr_destroy(&attributes);
	}
	CPU_FREE(set);
	return result;
}

struct lcore *lcore_start(const struct lcore_settings *settings, char error[256])
{
	struct lcore *lcore = calloc(1, sizeof(*lcore));
	if (lcore == NULL) {
		snprintf(error, 256, "no memory for core %d", settings->core);
		return NULL;
	}
	lcore->settings = *settings;
	sem_init(&lcore->started, 0, 0);
	int result = make_thread(lcore);
	if (result != 0) {
		snprintf(error, 256,
			result == EINVAL ? "core %d does not exist or is not allowed to us: `nproc "
					   "--all`, `taskset -p $$`"
					 : "no thread for core %d: the limit of threads or of "
					   "memory is reached",
			settings->core);
		sem_destroy(&lcore->started);
		free(lcore);
		return NULL;
	}
	char name[16];
	snprintf(name, sizeof(name), "bs-core-%d", settings->core);
	pthread_setname_np(lcore->thread, name);
	while (sem_wait(&lcore->started) != 0)
		; // EINTR only
	if (!lcore->entered) {
		snprintf(error, 256, "core %d can't join DPDK: too many lcores", settings->core);
		pthread_join(lcore->thread, NULL);
		sem_destroy(&lcore->started);
		free(lcore);
		return NULL;
	}
	return lcore;
}

void lcore_join(struct lcore *lcore)
{
	if (lcore == NULL)
		return;
	bs_bell_ring(lcore->settings.bell);
	pthread_join(lcore->thread, NULL);
	sem_destroy(&lcore->started);
	free(lcore);
}

uint64_t lcore_turns(const struct lcore *lcore)
{
	return atomic_load_explicit(&lcore->turns, memory_order_relaxed);
}

uint64_t lcore_naps(const struct lcore *lcore)
{
	return atomic_load_explicit(&lcore->naps, memory_order_relaxed);
}
