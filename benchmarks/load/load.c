// SPDX-License-Identifier: BSD-3-Clause
//
// SMTP sessions over a memif, from a million addresses; usage() says what can be asked for. The last line that it prints is
// NAME=FIGURE for each result, times in microseconds. Exit status: 0 when every session went as its script says, else 1.
//
// `busy` is the share of time spent in turns in which there was anything to do. While nothing is there for it the load
// is not what is measured; above 1/1.3 it might be, and whoever reads the figures calls them void.
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "benchmarks/load/client.h"
#include "benchmarks/load/flood.h"
#include "benchmarks/load/neighbours.h"
#include "benchmarks/load/port.h"
#include "dataplane/frame/wire_format.h"

#define WARM_S     0.5 // not counted: caches and tables fill
#define LOOK_US    100u
#define SOUND_MASK 15u // one frame of so many has its checksums verified
#define SEGMENTS   4u  // that one received frame, or one new session, may make us say

struct load {
	struct load_port port;
	struct wire_side side;
	struct script script[SCRIPTS];
	struct clients_settings settings;
	struct clients clients;
	struct flood flood;
	const char *socket, *histograms;
	double seconds, rate; // sessions a second; 0: as many as the places allow
	uint64_t most;        // sessions; 0: no bound
	uint32_t router4;
	uint64_t hz, busy, frames, missed; // missed: sessions that found no place
};

static struct load load = {
	.settings = {.places = 512, .sources = 1u << 20, .patience_ms = 60000},
	.seconds = 3,
	.router4 = 0xc6120001, // 198.18.0.1
	.side = {.target_port = 25},
};

static void usage(void)
{
	fprintf(stderr,
		"usage: load [-c SESSIONS-AT-ONCE] [-r SESSIONS-A-SECOND] [-m MOST] [-t SECONDS] "
		"[-k KIND=WEIGHT,...]\n"
		"  [-s FIRST-IPV4] [-S FIRST-IPV6] [-n SOURCES] [-6 PERCENT] [-p "
		"PATIENCE-SECONDS]\n"
		"  [-f FRAMES-A-SECOND:KIND] [-l PREFIX-FILE] [-H HISTOGRAM-FILE]\n"
		"  SOCKET IPV4 IPV6\n"
		"kinds of sessions: refused accepted early harvester silent; of floods: syn ack "
		"listed\n"
		"SOURCES is a power of two.\n");
	exit(2);
}

static void weights(const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "=,");
		enum script_kind kind = script_find(load.script, text, (unsigned)length);
		char *end = (char *)text + length;
		if (kind == SCRIPTS)
			usage();
		load.settings.weight[kind] = *end == '=' ? (uint32_t)strtoul(end + 1, &end, 10) : 1;
		if (*end != ',' && *end != '\0')
			usage();
		text = *end == ',' ? end + 1 : end;
	}
}

static struct bs_address address(const char *text, bool ipv4)
{
	struct bs_address parsed;
	if (!bs_address_parse(text, &parsed) || bs_address_is_ipv4(&parsed) != ipv4)
		usage();
	return parsed;
}

static void option(int letter, const char *text)
{
	double number = strtod(text, NULL);
	struct bs_address first;
	switch (letter) {
	case 'c':
		load.settings.places = (uint32_t)number;
		break;
	case 'r':
		load.rate = number;
		break;
	case 'm':
		load.most = (uint64_t)number;
		break;
	case 't':
		load.seconds = number;
		break;
	case 'k':
		weights(text);
		break;
	case 'n':
		load.settings.sources = (uint32_t)number;
		break;
	case '6':
		load.settings.ipv6 = (uint32_t)number;
		break;
	case 'p':
		load.settings.patience_ms = (uint32_t)(number * 1000);
		break;
	case 'H':
		load.histograms = text;
		break;
	case 'f':
		if (!flood_option(&load.flood, text))
			usage();
		break;
	case 's':
		first = address(text, true);
		load.side.network4 = load32(first.octet + 12);
		break;
	case 'S':
		first = address(text, false);
		memcpy(load.side.network6, first.octet, 16);
		break;
	default:
		usage();
	}
}

static void options(int count, char **words)
{
	int letter;
	option('s', "10.0.0.0");
	option('S', "2001:db8::1");
	scripts_make(load.script, "a@example.org", "nobody@example.org");
	while ((letter = getopt(count, words, "c:r:m:t:k:s:S:n:6:p:f:l:H:")) != -1)
		option(letter, letter == '?' ? "" : optarg);
	uint32_t sum = 0;
	for (unsigned i = 0; i < SCRIPTS; i++)
		sum += load.settings.weight[i];
	if (sum == 0)
		load.settings.weight[SCRIPT_REFUSED] = 1;
	uint32_t sources = load.settings.sources;
	if (count - optind != 3 || load.settings.places == 0 || load.seconds <= 0 || sources == 0 ||
		(sources & (sources - 1)) != 0)
		usage();
	load.socket = words[optind];
	load.side.target4 = address(words[optind + 1], true);
	load.side.target6 = address(words[optind + 2], false);
}

static uint8_t *frame(void *self)
{
	return load_port_frame(self);
}

static void out(void *self, uint16_t length)
{
	load_port_out(self, length);
}

static void meet(const uint8_t *bytes, uint32_t length)
{
	uint8_t answer[NEIGHBOUR_FRAME];
	bool learnt;
	uint16_t said = neighbours_answer(&load.side, bytes, length, answer, &learnt);
	if (learnt)
		segment_prepare(&load.side);
	if (said > 0) {
		memcpy(load_port_frame(&load.port), answer, said);
		load_port_out(&load.port, said);
	}
}

// A burst of what came. Returns how many.
static unsigned receive(void)
{
	struct rte_mbuf *mbuf[PORT_BURST];
	struct segment segment[PORT_BURST];
	bool taken[PORT_BURST];
	if (load_port_room(&load.port) < PORT_BURST * SEGMENTS)
		return 0;
	uint16_t count = load_port_receive(&load.port, mbuf);
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		taken[i] = segment_read(&load.side, bytes, mbuf[i]->data_len, &segment[i]);
		if (taken[i])
			clients_prefetch(&load.clients, &segment[i]);
	}
	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *bytes = rte_pktmbuf_mtod(mbuf[i], const uint8_t *);
		if (!taken[i])
			meet(bytes, mbuf[i]->data_len);
		else if ((load.frames++ & SOUND_MASK) == 0 && !segment_is_sound(bytes, &segment[i]))
			load.clients.counters.damaged++;
		else
			clients_take(&load.clients, &segment[i]);
	}
	rte_pktmbuf_free_bulk(mbuf, count);
	return count;
}

// New sessions: in every free place, or as the rate says. Returns how many.
static unsigned connect_more(uint64_t since)
{
	static uint64_t due; // by the rate, since the start
	unsigned begun = 0, room = load_port_room(&load.port);
	uint64_t rated = (uint64_t)(load.rate * (double)since / (double)load.hz);
	while (begun < PORT_BURST && begun + SEGMENTS < room &&
		(load.most == 0 || load.clients.counters.begun < load.most)) {
		if (load.rate > 0 && due >= rated)
			break;
		if (!clients_connect(&load.clients)) {
			if (load.rate > 0) { // they are lost, not late
				load.missed += rated - due;
				due = rated;
			}
			break;
		}
		due++;
		begun++;
	}
	return begun;
}

static unsigned turn(uint64_t start, bool more)
{
	static uint64_t looked;
	uint64_t now = rte_rdtsc();
	load.clients.now = now;
	unsigned done = receive();
	if (more) {
		done += connect_more(now - start);
		done += flood_go_on(&load.flood, &load.port, now);
	}
	if (now - looked > load.hz / 1000000 * LOOK_US &&
		load_port_room(&load.port) > PORT_OUT / 2) {
		uint32_t share = load.settings.places / 1000 + 1; // all of them in 100 ms
		clients_look_after(&load.clients, share < 64 ? share : 64);
		looked = now;
	}
	load_port_flush(&load.port);
	if (done > 0)
		load.busy += rte_rdtsc() - now;
	return done;
}

// Until the target says its MAC address.
static void find_target(void)
{
	static const uint8_t none[6];
	uint64_t asked = 0, begun = rte_rdtsc();
	while (memcmp(load.side.peer_mac, none, 6) == 0) {
		uint64_t now = rte_rdtsc();
		if (now - begun > 30 * load.hz) {
			fprintf(stderr, "load: the target does not answer ARP\n");
			exit(1);
		}
		if (now - asked > load.hz / 5) {
			load_port_out(&load.port, neighbours_ask(&load.side, load.router4,
							  load_port_frame(&load.port)));
			asked = now;
		}
		receive();
		load_port_flush(&load.port);
	}
}

static void print_times(void)
{
	static const char *const name[CLIENT_TIMES] = {"connect", "greeting", "reply", "session"};
	double unit = 1e6 / (double)load.hz;
	FILE *file = load.histograms == NULL ? NULL : fopen(load.histograms, "we");
	for (unsigned i = 0; i < CLIENT_TIMES; i++) {
		const struct histogram *time = &load.clients.time[i];
		printf(" %s-p50=%.1f %s-p99=%.1f %s-p999=%.1f %s-max=%.1f", name[i],
			(double)histogram_at(time, 0.5) * unit, name[i],
			(double)histogram_at(time, 0.99) * unit, name[i],
			(double)histogram_at(time, 0.999) * unit, name[i],
			(double)time->most * unit);
		if (file != NULL)
			histogram_write(time, name[i], 1 / (double)load.hz, file);
	}
	if (file != NULL)
		fclose(file);
}

int main(int count, char **words)
{
	options(count, words);
	load_port_open(&load.port, load.socket);
	memcpy(load.side.mac, load.port.mac, 6);
	load.hz = rte_get_tsc_hz();
	load.settings.ticks_ms = load.hz / 1000;
	segment_prepare(&load.side);
	if (!clients_begin(&load.clients, &load.settings, load.script, &load.side)) {
		fprintf(stderr, "load: no memory for the sessions, or more lanes than sources\n");
		return 1;
	}
	load.clients.self = &load.port;
	load.clients.frame = frame;
	load.clients.out = out;
	find_target();
	flood_begin(&load.flood, &load.side, load.hz);

	struct clients_counters *counters = &load.clients.counters;
	uint64_t start = rte_rdtsc(), warm = start + (uint64_t)(WARM_S * (double)load.hz);
	uint64_t end = warm + (uint64_t)(load.seconds * (double)load.hz), good = 0, before = 0;
	uint64_t now, received = 0, sent = 0;
	while ((now = rte_rdtsc()) < warm)
		turn(start, true);
	memset(load.clients.time, 0, sizeof(load.clients.time));
	good = counters->good;
	before = load.busy;
	received = counters->received;
	sent = counters->sent;
	uint64_t warmed = now;
	while ((now = rte_rdtsc()) < end &&
		(load.most == 0 || counters->good + counters->bad < load.most))
		turn(start, true);
	double took = (double)(now - warmed) / (double)load.hz;
	printf("rate=%.1f seconds=%.3f busy=%.4f frames=%.1f",
		(double)(counters->good - good) / took, took,
		(double)(load.busy - before) / (double)(now - warmed),
		(double)(counters->received - received + counters->sent - sent) / took);
	end = now + load.settings.ticks_ms * load.settings.patience_ms;
	while (load.clients.free_count < load.settings.places && rte_rdtsc() < end)
		turn(start, false);
	printf(" good=%" PRIu64 " bad=%" PRIu64 " unfinished=%u missed=%" PRIu64 " again=%" PRIu64
	       " strays=%" PRIu64 " damaged=%" PRIu64 " full=%" PRIu64 " flood=%" PRIu64,
		counters->good, counters->bad, load.settings.places - load.clients.free_count,
		load.missed, counters->sent_again, counters->strays, counters->damaged,
		load.port.full, load.flood.sent);
	print_times();
	printf(" fault=%s\n", load.clients.fault);
	load_port_close(&load.port);
	return counters->bad > 0 || counters->damaged > 0 ||
	       load.clients.free_count < load.settings.places;
}
