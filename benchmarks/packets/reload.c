// SPDX-License-Identifier: BSD-3-Clause
//
// reload: while packets come in at half the rate at which they can be dropped, control reloads a list of a million prefixes again
// and again, then adds entries at run time. None of the packets may be lost, and each must be dropped as listed: by the
// old policy or by the new one.
//
// One thread is the lcore and its port: what the clock says has arrived since is put into the receive ring, as deep as a
// NIC's; what finds no room there is lost. While the thread puts packets there, which is a NIC's work, the clock stands. Control is another thread, on another processor. How long the machine kept the
// lcore from its turns is told beside (pauses.h): a loss that this explains is none of the reload's. A real-time priority would
// not help: Linux takes the processor from such a thread for 50 ms a second.
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "benchmarks/packets/compare.h"
#include "benchmarks/packets/pauses.h"
#include "control/configuration/config.h"
#include "control/overlay/overlay_entries.h"
#include "control/policy/policy_store.h"
#include "control/policy/reload.h"

#define RELOADS   5u
#define ENTRIES   20u      // added, one after another
#define STANDING  1000u    // entries that are there before
#define FRAMES    1048576u // their sources are drawn before
#define SOURCE_AT 26u      // in a frame
#define DEPTH     8192u    // of the receive ring, as large NICs have it
#define MBUFS     16383u
#define MBUF_ROOM (RTE_PKTMBUF_HEADROOM + 64u)
#define CHANGED   1000u // prefixes that a reload takes out or puts in
#define CALIBRATE 51u   // rounds of ROUND packets
#define ROUND     4096u
#define SETTLE_US 20000u
#define TURN_US \
	100u // that no turn takes by itself, nor with a tick of the clock: a quarter of what the ring holds

struct run {
	struct bed *bed;
	const char *folder;
	bool unpaced; // packets come with the turns, not with the clock
	struct prefixes prefixes;
	struct config *config;
	struct policy_store *store;
	struct reload *reload;
	struct overlay_entries entries;
	int lcore_cpu;
	double reload_s[RELOADS], entry_ms[ENTRIES];
	bool good;
	_Atomic bool over;
	uint32_t *source; // as they stand in a frame
	uint32_t next;    // of them
	uint16_t frame_length;
	uint64_t put, lost, depth; // packets; the most that were in the ring
	struct pauses pauses;
};

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static FILE *create(const struct run *run, const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", run->folder, name);
	return fopen(path, "w");
}

// The list in two states, which have all prefixes but the last CHANGED in common.
static bool write_list(const struct run *run, const char *name, size_t count)
{
	char text[BS_PREFIX_TEXT];
	FILE *file = create(run, name);
	for (size_t i = 0; file != NULL && i < count; i++)
		fprintf(file, "%s\n", bs_prefix_format(&run->prefixes.prefix[i], text));
	return file != NULL && fclose(file) == 0;
}

static bool write_configuration(const struct run *run)
{
	FILE *file = create(run, "barscreen.conf");
	if (file == NULL)
		return false;
	fprintf(file,
		"hostname = \"mx1.example.org\"\ndomains = {\"example.org\"}\n"
		"backend = \"maildir:%s\"\n"
		"port \"mx0\" {\n\tdevice = net_tap\n\taddresses = {\"192.0.2.25/24\"}\n}\n"
		"list \"listed\" {\n\tfile = \"%s/list\"\n\taction = drop\n}\n",
		run->folder, run->folder);
	return fclose(file) == 0;
}

static bool point_to(const struct run *run, const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/list", run->folder);
	unlink(path);
	return symlink(name, path) == 0;
}

static bool begin(struct run *run)
{
	char path[512];
	snprintf(path, sizeof(path), "%s/barscreen.conf", run->folder);
	if (!write_list(run, "a", run->prefixes.count) ||
		!write_list(run, "b", run->prefixes.count - CHANGED) || !write_configuration(run) ||
		!point_to(run, "a"))
		return false;
	static struct bs_dataplane_counters *counters[1];
	static const uint32_t one = 1;
	counters[0] = &run->bed->counters;
	struct policy_readers readers = {&run->bed->qsbr, counters, &one};
	run->config = config_read(path, stderr);
	struct policy_base *base = run->config != NULL ? policy_base_new(run->config, stderr)
						       : NULL;
	run->store = base != NULL ? policy_store_new(&readers, run->config, base) : NULL;
	run->reload = run->store != NULL ? reload_new(run->config, run->store) : NULL;
	return run->reload != NULL;
}

// No lcore can see another policy than the latest.
static void wait_until_in_force(struct run *run)
{
	do {
		policy_store_turn(run->store);
	} while (policy_store_state(run->store).fading > 0);
}

static bool reload_once(struct run *run, unsigned number)
{
	char text[RELOAD_SUMMARY];
	bool good = false;
	if (!point_to(run, number % 2 == 0 ? "b" : "a"))
		return false;
	double began = now_s();
	if (reload_begin(run->reload, text) == 0)
		return false;
	struct pollfd news = {.fd = reload_fd(run->reload), .events = POLLIN};
	while (!reload_end(run->reload, text, &good))
		poll(&news, 1, 1000);
	wait_until_in_force(run);
	run->reload_s[number] = now_s() - began;
	return good;
}

// 203.1.112.0/20 is on no list.
static struct overlay_item entry(uint32_t number)
{
	uint8_t octet[4] = {203, 1, (uint8_t)(112 + number / 256), (uint8_t)number};
	struct overlay_item item = {
		.prefix = {bs_address_from_ipv4(octet), 128}, .verdict = BS_OVERLAY_ALLOW};
	return item;
}

static bool add_entry(struct run *run, uint32_t number, double *ms)
{
	struct overlay_item item = entry(number);
	struct bs_overlay *overlay;
	uint8_t class;
	double began = now_s();
	if (overlay_entries_put(&run->entries, &item) != OVERLAY_ADDED ||
		!overlay_entries_build(&run->entries, &overlay) ||
		!policy_store_overlay(run->store, overlay))
		return false;
	wait_until_in_force(run);
	*ms = (now_s() - began) * 1e3;
	bs_policy_classify(bs_policy_get(), &item.prefix.address, &class, 1);
	return class == BS_CLASS_RUNTIME_ALLOW;
}

static void *control(void *self)
{
	struct run *run = self;
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	for (int cpu = 0; cpu < (int)sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		if (cpu != run->lcore_cpu)
			CPU_SET(cpu, &cpus);
	}
	pthread_setaffinity_np(
		pthread_self(), sizeof(cpus), &cpus); // with one processor: as we are
	run->good = true;
	for (unsigned i = 0; i < RELOADS && run->good; i++) {
		run->good = reload_once(run, i);
		usleep(SETTLE_US);
	}
	for (uint32_t i = 0; i < STANDING && run->good; i++) {
		struct overlay_item item = entry(i);
		run->good = overlay_entries_put(&run->entries, &item) == OVERLAY_ADDED;
	}
	for (unsigned i = 0; i < ENTRIES && run->good; i++) {
		run->good = add_entry(run, STANDING + i, &run->entry_ms[i]);
		usleep(SETTLE_US);
	}
	run->over = true;
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

// Every buffer has a frame in it, and a filter leaves it there: so a packet arrives by its source alone, and takes the lcore
// little time in which it could have worked.
static void put(struct run *run, uint32_t count)
{
	struct rte_mbuf *mbuf[BURST] = {NULL};
	if (rte_pktmbuf_alloc_bulk(run->bed->pool, mbuf, count) != 0)
		return; // lost: what was put is compared with what was received
	for (uint32_t i = 0; i < count; i++) {
		uint8_t *frame = rte_pktmbuf_mtod(mbuf[i], uint8_t *);
		memcpy(frame + SOURCE_AT, &run->source[run->next++ % FRAMES], sizeof(uint32_t));
		mbuf[i]->pkt_len = mbuf[i]->data_len = run->frame_length;
		mbuf[i]->ol_flags = run->bed->rx_flags;
	}
	rte_ring_enqueue_bulk(run->bed->receive, (void **)mbuf, count, NULL);
}

// What has arrived since; at most a burst at once, so that the lcore has its turn.
static void arrive(struct run *run, uint64_t due)
{
	uint32_t waiting = rte_ring_count(run->bed->receive);
	if (waiting > run->depth)
		run->depth = waiting;
	if (due > DEPTH) { // the ring was full meanwhile
		run->lost += due - DEPTH;
		due = DEPTH;
	}
	uint32_t room = DEPTH - waiting, count = due < room ? (uint32_t)due : room;
	run->lost += due - count;
	run->put += count;
	for (uint32_t now; count > 0; count -= now) {
		now = count < BURST ? count : BURST;
		put(run, now);
	}
}

// `rate`: packets a second; 0: half a burst comes with each turn.
static void turns(struct run *run, double rate)
{
	uint64_t begin = rte_rdtsc();
	double each = rate > 0 ? (double)rte_get_tsc_hz() / rate : 1; // ticks between two packets
	pauses_begin(&run->pauses, rte_get_tsc_hz() / 1000000 * TURN_US);
	uint64_t stood = 0; // ticks
	while (!run->over) {
		uint64_t stop = rte_rdtsc();
		uint64_t arrived = (uint64_t)((double)(stop - begin - stood) / each);
		arrive(run, rate > 0 ? arrived - run->put - run->lost : BURST / 2);
		uint64_t go = rte_rdtsc();
		stood += go - stop;
		bed_turn(run->bed, dataplane_poll, run->bed->dataplane);
		pauses_turn(&run->pauses, rte_rdtsc() - go);
	}
	pauses_end(&run->pauses);
	bed_ticks(run->bed, dataplane_poll, run->bed->dataplane);
}

// Packets a second that are dropped when there is nothing else to do.
static double calibrate(struct run *run)
{
	double rate[CALIBRATE];
	for (unsigned i = 0; i < CALIBRATE; i++) {
		arrive(run, ROUND);
		uint64_t ticks = bed_ticks(run->bed, dataplane_poll, run->bed->dataplane);
		rate[i] = ROUND * (double)rte_get_tsc_hz() / (double)ticks;
	}
	run->put = run->depth = 0;
	qsort(rate, CALIBRATE, sizeof(double), by_size);
	return rate[CALIBRATE / 2];
}

static bool fill_buffers(struct run *run, const uint8_t *frame)
{
	struct rte_mempool *pool = run->bed->pool;
	unsigned count = rte_mempool_avail_count(pool), got = 0;
	struct rte_mbuf **mbuf = calloc(count, sizeof(struct rte_mbuf *));
	for (; mbuf != NULL && got < count; got++) {
		mbuf[got] = rte_pktmbuf_alloc(pool);
		if (mbuf[got] == NULL)
			break;
		memcpy(rte_pktmbuf_mtod(mbuf[got], uint8_t *), frame, run->frame_length);
	}
	if (mbuf != NULL)
		rte_pktmbuf_free_bulk(mbuf, got);
	free(mbuf);
	return got == count;
}

static bool build_frames(struct run *run)
{
	uint8_t frame[MIX_FRAME_BYTES];
	struct mix mix;
	struct prefixes common = run->prefixes;
	common.count -= CHANGED;
	run->source = calloc(FRAMES, sizeof(*run->source));
	bed_mix(&mix, &(struct mix_settings){
			      .seed = 1, .weight = {[MIX_LISTED] = 1}, .listed4 = &common});
	for (uint32_t i = 0; run->source != NULL && i < FRAMES; i++) {
		run->frame_length = mix_frame(&mix, frame);
		memcpy(&run->source[i], frame + SOURCE_AT, sizeof(uint32_t));
	}
	return run->source != NULL && fill_buffers(run, frame);
}

static void tell(const struct run *run, double rate, uint64_t received, uint64_t listed)
{
	const struct pauses *pauses = &run->pauses;
	double ms = 1e3 / (double)rte_get_tsc_hz(); // a tick
	fprintf(stderr,
		"packets: reload: %.2f Mpps; of %lu packets %lu lost, %lu received, %lu dropped as "
		"listed; at most %lu waited\n"
		"packets: reload: interrupted %lu times: %.3f ms, the longest %.3f ms; %.3f ms by "
		"ourselves; %.3f ms behind other programs\n",
		rate / 1e6, run->put + run->lost, run->lost, received, listed, run->depth,
		pauses->count, (double)(pauses->machine + pauses->own) * ms,
		(double)pauses->longest * ms, (double)pauses->own * ms,
		(double)pauses->waited_ns / 1e6);
	printf("reload-s=%.4f reload-most-s=%.4f entry-ms=%.4f entry-most-ms=%.4f lost=%lu "
	       "received=%lu mpps=%.3f depth=%lu paused-ms=%.3f own-pauses-ms=%.3f\n",
		run->reload_s[RELOADS / 2], run->reload_s[RELOADS - 1], run->entry_ms[ENTRIES / 2],
		run->entry_ms[ENTRIES - 1], run->lost, received, rate / 1e6, run->depth,
		(double)pauses->machine * ms, (double)pauses->own * ms);
}

static bool measure(struct run *run)
{
	pthread_t thread;
	double rate = run->unpaced ? 0 : calibrate(run) / 2;
	uint64_t before = run->bed->counters.reason[BS_REASON_SYN_LISTED];
	uint64_t received = run->bed->counters.rx_packets;
	run->lcore_cpu = sched_getcpu();
	if (pthread_create(&thread, NULL, control, run) != 0)
		return false;
	turns(run, rate);
	pthread_join(thread, NULL);
	uint64_t listed = run->bed->counters.reason[BS_REASON_SYN_LISTED] - before;
	received = run->bed->counters.rx_packets - received;
	qsort(run->reload_s, RELOADS, sizeof(double), by_size);
	qsort(run->entry_ms, ENTRIES, sizeof(double), by_size);
	tell(run, rate, received, listed);
	return run->good && received == run->put && listed == run->put;
}

static bool bench(struct run *run, const struct options *options)
{
	if (!prefixes_ipv4(&run->prefixes, options->prefixes, 5))
		return false;
	run->folder = options->file;
	run->unpaced = options->unpaced;
	run->bed = bed_new(&(struct bed_settings){.offloads = !options->software,
		.mbufs = MBUFS,
		.mbuf_room = MBUF_ROOM,
		.connections = 65536,
		.half_open = 4096,
		.sources = options->sources,
		.no_policy = true});
	bool good = begin(run) && build_frames(run) && measure(run);
	bs_qsbr_offline(run->bed->reader);
	if (run->reload != NULL)
		reload_free(run->reload);
	overlay_entries_free(&run->entries);
	if (run->store != NULL)
		policy_store_free(run->store);
	bed_free(run->bed);
	if (run->config != NULL)
		config_free(run->config);
	free(run->source);
	return good;
}

bool bench_reload(const struct options *options)
{
	static struct run run;
	if (options->file == NULL || options->prefixes <= 2 * CHANGED) {
		fprintf(stderr, "packets: reload wants -o FOLDER, and more than %u prefixes\n",
			2 * CHANGED);
		return false;
	}
	bool good = bench(&run, options);
	prefixes_free(&run.prefixes);
	return good;
}
