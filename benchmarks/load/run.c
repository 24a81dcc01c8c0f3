// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "benchmarks/load/neighbours.h"

#define WARM_S  0.5 // not counted: caches and tables fill
#define LOOK_US 100u
#define TURN_US \
	10u // by a rate: work comes in bursts, or each turn would have a packet to do and all of them were busy
#define SOUND_MASK   15u   // one frame of so many has its checksums verified
#define SEGMENTS     4u    // that one received frame, or one new session, may make us say
#define RECEIVE_MOST 1024u // of one turn
#define PATIENCE_S   30u

static uint8_t *frame(void *self)
{
	return load_port_frame(self);
}

static void out(void *self, uint16_t length)
{
	load_port_out(self, length);
}

static void meet(struct load *load, const uint8_t *bytes, uint32_t length)
{
	uint8_t answer[NEIGHBOUR_FRAME];
	bool learnt;
	uint16_t said = neighbours_answer(&load->side, bytes, length, answer, &learnt);
	if (learnt)
		segment_prepare(&load->side);
	if (said > 0) {
		memcpy(load_port_frame(&load->port), answer, said);
		load_port_out(&load->port, said);
	}
}

// A burst of what came. Returns how many.
static unsigned receive(struct load *load)
{
	struct rte_mbuf *mbuf[PORT_BURST];
	struct segment segment[PORT_BURST];
	bool taken[PORT_BURST];
	if (load_port_room(&load->port) < PORT_BURST * SEGMENTS)
		return 0;
	uint16_t count = load_port_receive(&load->port, mbuf);
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		taken[i] = segment_read(&load->side, bytes, mbuf[i]->data_len, &segment[i]);
		if (taken[i])
			clients_prefetch(&load->clients, &segment[i]);
	}
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		if (!taken[i])
			meet(load, bytes, mbuf[i]->data_len);
		else if ((load->frames++ & SOUND_MASK) == 0 &&
			 !segment_is_sound(bytes, &segment[i]))
			load->clients.counters.damaged++;
		else
			clients_take(&load->clients, &segment[i]);
	}
	rte_pktmbuf_free_bulk(mbuf, count);
	return count;
}

// All that came since the last turn, but a bounded number. Returns how many.
static unsigned receive_all(struct load *load)
{
	unsigned all = 0, count;
	do {
		count = receive(load);
		all += count;
	} while (count == PORT_BURST && all < RECEIVE_MOST);
	return all;
}

// New sessions: in every free place, or as the rate says. Returns how many.
static unsigned connect_more(struct load *load)
{
	unsigned begun = 0, room = load_port_room(&load->port);
	uint64_t since = load->clients.now - load->start;
	uint64_t rated = (uint64_t)(load->rate * (double)since / (double)load->hz);
	while (begun < PORT_BURST && begun + SEGMENTS < room &&
		(load->most == 0 || load->clients.counters.begun < load->most)) {
		if (load->rate > 0 && load->due >= rated)
			break;
		if (!clients_connect(&load->clients)) {
			if (load->rate > 0) { // they are lost, not late
				load->missed += rated - load->due;
				load->due = rated;
			}
			break;
		}
		load->due++;
		begun++;
	}
	return begun;
}

static void look_after(struct load *load)
{
	uint32_t share = load->settings.places / 1000 + 1; // all of them in 100 ms
	uint64_t now = load->clients.now;
	if (now - load->looked <= load->hz / 1000000 * LOOK_US ||
		load_port_room(&load->port) <= PORT_OUT / 2)
		return;
	clients_look_after(&load->clients, share < 64 ? share : 64);
	load->looked = now;
}

static void turn(struct load *load, bool more)
{
	uint64_t now = rte_rdtsc();
	load->clients.now = now;
	unsigned done = receive_all(load);
	if (more)
		done += connect_more(load);
	look_after(load);
	load_port_flush(&load->port);
	if (more)
		done += flood_go_on(&load->flood, &load->port, now);
	if (done > 0)
		load->busy += rte_rdtsc() - now;
	if (load->rate > 0 || load->flood.rate > 0)
		while (rte_rdtsc() - now < load->hz / 1000000 * TURN_US)
			rte_pause();
}

// Until the target says its MAC address.
static bool find_target(struct load *load)
{
	static const uint8_t none[6];
	uint64_t asked = 0, begun = rte_rdtsc();
	while (memcmp(load->side.peer_mac, none, 6) == 0) {
		uint64_t now = rte_rdtsc();
		if (now - begun > PATIENCE_S * load->hz) {
			fprintf(stderr, "load: the target does not answer ARP\n");
			return false;
		}
		if (now - asked > load->hz / 5) {
			load_port_out(&load->port, neighbours_ask(&load->side, load->router4,
							   load_port_frame(&load->port)));
			asked = now;
		}
		receive(load);
		load_port_flush(&load->port);
	}
	return true;
}

static void print_times(const struct load *load)
{
	static const char *const name[CLIENT_TIMES] = {"connect", "greeting", "reply", "session"};
	double unit = 1e6 / (double)load->hz;
	FILE *file = load->histograms == NULL ? NULL : fopen(load->histograms, "we");
	for (unsigned i = 0; i < CLIENT_TIMES; i++) {
		const struct histogram *time = &load->clients.time[i];
		printf(" %s-p50=%.1f %s-p99=%.1f %s-p999=%.1f %s-max=%.1f", name[i],
			(double)histogram_at(time, 0.5) * unit, name[i],
			(double)histogram_at(time, 0.99) * unit, name[i],
			(double)histogram_at(time, 0.999) * unit, name[i],
			(double)time->most * unit);
		if (file != NULL)
			histogram_write(time, name[i], 1 / (double)load->hz, file);
	}
	if (file != NULL)
		fclose(file);
}

static bool prepare(struct load *load)
{
	memcpy(load->side.mac, load->port.mac, 6);
	load->hz = rte_get_tsc_hz();
	load->settings.ticks_ms = load->hz / 1000;
	segment_prepare(&load->side);
	if (!clients_begin(&load->clients, &load->settings, load->script, &load->side)) {
		fprintf(stderr, "load: no memory for the sessions, or more lanes than sources\n");
		return false;
	}
	load->clients.self = &load->port;
	load->clients.frame = frame;
	load->clients.out = out;
	if (!find_target(load))
		return false;
	if (!flood_begin(&load->flood, &load->side, load->hz)) {
		fprintf(stderr, "load: no memory for the flood\n");
		return false;
	}
	return true;
}

// What the measured time is told by: everything before it is taken off.
struct tally {
	uint64_t ticks, good, sent, received, busy, flood, full, missed;
};

static struct tally tally(const struct load *load)
{
	const struct clients_counters *counters = &load->clients.counters;
	return (struct tally){.ticks = rte_rdtsc(),
		.good = counters->good,
		.sent = counters->sent,
		.received = counters->received,
		.busy = load->busy,
		.flood = load->flood.sent,
		.full = load->port.full_ticks,
		.missed = load->missed};
}

static void print_rates(const struct load *load, const struct tally *from, const struct tally *to)
{
	double ticks = (double)(to->ticks - from->ticks), took = ticks / (double)load->hz;
	printf("rate=%.1f seconds=%.3f busy=%.4f blocked=%.4f sent=%.1f frames=%.1f "
	       "flood=%.1f missed=%" PRIu64,
		(double)(to->good - from->good) / took, took,
		(double)(to->busy - from->busy) / ticks, (double)(to->full - from->full) / ticks,
		(double)(to->sent - from->sent) / took,
		(double)(to->received - from->received + to->sent - from->sent) / took,
		(double)(to->flood - from->flood) / took, to->missed - from->missed);
}

static void print_totals(const struct load *load)
{
	const struct clients_counters *counters = &load->clients.counters;
	printf(" good=%" PRIu64 " bad=%" PRIu64 " unfinished=%u again=%" PRIu64 " strays=%" PRIu64
	       " damaged=%" PRIu64 " full=%" PRIu64 " flood-late=%" PRIu64,
		counters->good, counters->bad, load->settings.places - load->clients.free_count,
		counters->sent_again, counters->strays, counters->damaged, load->port.full,
		load->flood.late);
}

static void play(struct load *load)
{
	const struct clients_counters *counters = &load->clients.counters;
	load->start = rte_rdtsc();
	uint64_t warm = load->start + (uint64_t)(WARM_S * (double)load->hz);
	while (rte_rdtsc() < warm)
		turn(load, true);
	memset(load->clients.time, 0, sizeof(load->clients.time));
	struct tally from = tally(load);
	uint64_t end = from.ticks + (uint64_t)(load->seconds * (double)load->hz);
	while (rte_rdtsc() < end &&
		(load->most == 0 || counters->good + counters->bad < load->most))
		turn(load, true);
	struct tally to = tally(load);
	print_rates(load, &from, &to);
	end = to.ticks + load->settings.ticks_ms * load->settings.patience_ms;
	while (load->clients.free_count < load->settings.places && rte_rdtsc() < end)
		turn(load, false);
}

bool load_run(struct load *load)
{
	const struct clients_counters *counters = &load->clients.counters;
	bool prepared = prepare(load), good = false;
	if (prepared) {
		play(load);
		print_totals(load);
		print_times(load);
		printf(" fault=%s\n", load->clients.fault);
		good = counters->bad == 0 && counters->damaged == 0 &&
		       load->clients.free_count == load->settings.places;
	}
	flood_end(&load->flood);
	clients_end(&load->clients);
	return good;
}
