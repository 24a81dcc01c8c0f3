// SPDX-License-Identifier: BSD-3-Clause
//
// How much memory a connection takes that waits for its greeting, and whether it is greeted in time: the real dataplane on
// one processor, on an in-memory port, and a stateless generator on another, by the real clock.
//
//	waiting CONNECTIONS SOURCES WAIT_MS OPENED-IN-A-MS PROCESSOR-OF-THE-FILTER PROCESSOR-OF-THE-GENERATOR
//
// Prints name=figure words: what was held at once, bytes of the whole process without the generator's own, milliseconds of lateness: as clients
// see it, and as the filter knows it of itself (how many waits it ended late, its longest turn), since the generator may be late as well.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_eal.h>
#include <rte_lcore.h>

#include "benchmarks/waiting/proc.h"
#include "benchmarks/waiting/scanner.h"
#include "dataplane/seam/source.h"

#define USAGE     "usage: waiting CONNECTIONS SOURCES WAIT_MS OPENED-IN-A-MS PROCESSOR PROCESSOR"
#define MBUFS     16383u
#define HALF_OPEN 65536u
#define RESERVE   64u      // records above those that wait
#define GRACE_MS  20000u   // for the last ones, after their time
#define SMALL     1000000u // below it no huge pages are needed
#define SMALL_MB  "256"

struct filter {
	struct bed *bed;
	int processor;
	_Atomic bool stop;
	_Atomic uint64_t peak; // of those that wait
	uint64_t longest_ns;   // turn
	pthread_t thread;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "waiting: %s\n", what);
	exit(EXIT_FAILURE);
}

static void start_dpdk(uint32_t connections, const char *processor)
{
	char lcores[32];
	char *huge[] = {"waiting", "--in-memory", "--no-pci", "--iova-mode=va", "--no-telemetry",
		"--log-level=error", "--lcores", lcores, NULL};
	char *small[] = {"waiting", "--no-huge", "-m", SMALL_MB, "--no-shconf", "--no-pci",
		"--iova-mode=va", "--no-telemetry", "--log-level=error", "--lcores", lcores, NULL};
	snprintf(lcores, sizeof(lcores), "0@%s", processor);
	if ((connections < SMALL ? rte_eal_init(11, small) : rte_eal_init(8, huge)) < 0)
		fail("DPDK does not start: not enough huge pages?");
}

static void *filter_run(void *self)
{
	struct filter *filter = self;
	struct bed *bed = filter->bed;
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	CPU_SET(filter->processor, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	if (rte_thread_register() != 0)
		fail("no lcore for the filter");
	uint64_t now_ns = scanner_clock_ns();
	while (!atomic_load_explicit(&filter->stop, memory_order_relaxed)) {
		uint64_t begin_ns = now_ns;
		dataplane_poll(bed->dataplane, begin_ns);
		now_ns = scanner_clock_ns();
		if (now_ns - begin_ns > filter->longest_ns)
			filter->longest_ns = now_ns - begin_ns;
		if (bed->counters.waiting > filter->peak)
			atomic_store_explicit(
				&filter->peak, bed->counters.waiting, memory_order_relaxed);
	}
	rte_thread_unregister();
	return NULL;
}

// Bytes of the process: resident, in huge pages, and the page tables for both.
static uint64_t process_bytes(void)
{
	static const char *const words[] = {"VmRSS:", "HugetlbPages:", "VmPTE:"};
	uint64_t bytes = proc_bytes("/proc/self/status", words, 3);
	if (bytes == 0)
		fail("no /proc");
	return bytes;
}

static uint32_t number(const char *word)
{
	char *end;
	unsigned long value = strtoul(word, &end, 10);
	if (*end != '\0' || value > UINT32_MAX)
		fail(USAGE);
	return (uint32_t)value;
}

// Opens all, lets them wait, takes the greetings. Returns the process's bytes when all were open.
static uint64_t run(struct scanner *scanner, uint32_t *open_ms)
{
	uint64_t bytes = 0;
	scanner->start_ms = scanner_clock_ns() / 1000000;
	uint32_t end = UINT32_MAX;
	while (scanner->greeted < scanner->clients && scanner->now_ms < end) {
		scanner_turn(scanner, bytes == 0);
		if (bytes == 0 && scanner->open == scanner->clients) {
			bytes = process_bytes();
			*open_ms = scanner->now_ms;
			end = scanner->now_ms + scanner->wait_ms + GRACE_MS;
		} else if (bytes == 0 && scanner->now_ms > scanner->wait_ms + GRACE_MS) {
			fail("they could not be opened within the wait");
		}
	}
	return bytes;
}

// Nothing is said before the greeting, and short waits in STRESS mode would be no measurement.
static void configure(struct bed *bed, uint32_t wait_ms)
{
	bed->texts[0].template[BS_TEMPLATE_TEASER].length = 0;
	bed->policy.wait_ms = bed->policy.stress_wait_ms = wait_ms;
}

int main(int count, char **word)
{
	if (count != 7)
		fail(USAGE);
	struct scanner scanner = {.clients = number(word[1]),
		.sources = number(word[2]),
		.wait_ms = number(word[3]),
		.pace = number(word[4])};
	struct siphash_key key = {{11, 12}};
	uint64_t own = (uint64_t)scanner.clients * sizeof(uint32_t);
	if (scanner.sources == 0 || scanner.clients / scanner.sources > 60000)
		fail("too many connections a source");
	start_dpdk(scanner.clients, word[6]);
	// Twice the sources: with two buckets of seven places hardly any source finds none.
	struct bs_sources *sources = bs_sources_new(2 * scanner.sources, &key);
	scanner.open_ms = mmap(NULL, own, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (sources == NULL || scanner.open_ms == MAP_FAILED)
		fail("not enough memory");
	struct bed *bed = bed_new(&(struct bed_settings){.offloads = true,
		.connections = scanner.clients + RESERVE,
		.half_open = HALF_OPEN,
		.mbufs = MBUFS,
		.table = sources});
	configure(bed, scanner.wait_ms);
	scanner.bed = bed;
	struct filter filter = {.bed = bed, .processor = (int)number(word[5])};
	if (pthread_create(&filter.thread, NULL, filter_run, &filter) != 0)
		fail("no thread");
	uint32_t open_ms = 0;
	uint64_t bytes = run(&scanner, &open_ms);
	filter.stop = true;
	pthread_join(filter.thread, NULL);
	printf("held=%llu bytes=%llu greeted=%u late=%u early=%u worst_ms=%u open_ms=%u sources=%u "
	       "no_room=%llu ended_late=%llu longest_turn_us=%llu\n",
		(unsigned long long)filter.peak, (unsigned long long)(bytes - own), scanner.greeted,
		scanner.late, scanner.early, scanner.worst_ms, open_ms, bs_sources_count(sources),
		(unsigned long long)bed->counters.sources_no_room,
		(unsigned long long)bed->counters.expired_late,
		(unsigned long long)filter.longest_ns / 1000);
	return 0;
}
