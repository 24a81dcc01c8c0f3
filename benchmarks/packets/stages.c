// SPDX-License-Identifier: BSD-3-Clause
//
// stages: mixes of packets for a profiler, each a phase of its own. Under callgrind each ends with a dump of what was
// collected in dataplane_poll(); alone, the ticks of the TSC are taken and samples of where the time goes (sampler.h).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmarks/packets/compare.h"
#include "benchmarks/packets/lists.h"
#include "benchmarks/packets/reply.h"
#include "benchmarks/packets/sampler.h"
#include "dataplane/frame/frame.h"
#include "dataplane/tcp/connection.h"

#ifdef HAVE_CALLGRIND
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS        (void)0
#define CALLGRIND_DUMP_STATS_AT(at) (void)(at)
#endif

#define CONNECTIONS 1024u // of a family

struct stages {
	struct bed *bed;
	const struct options *options;
	struct lists lists;
	// What the clients of the connections send: an ACK that says nothing new.
	uint8_t segment[2][CONNECTIONS][MIX_FRAME_BYTES];
	uint16_t length[2];
	uint32_t made; // of the family that is being connected
};

static void see(void *self, const uint8_t *frame, uint32_t length, uint64_t tx_flags)
{
	struct stages *stages = self;
	unsigned ipv6 = frame[12] == 0x86;
	if (stages->made < CONNECTIONS)
		stages->length[ipv6] = reply_build(
			frame, TCP_ACK, stages->segment[ipv6][stages->made++]);
}

static void begin_mix(struct stages *stages, struct mix *mix, enum mix_kind kind, bool ipv6)
{
	struct mix_settings settings = {.seed = 3,
		.ipv6 = ipv6 ? 100 : 0,
		.listed4 = &stages->lists.ipv4,
		.listed6 = &stages->lists.ipv6};
	settings.weight[kind] = 1;
	bed_mix(mix, &settings);
}

static void put_segments(struct stages *stages, bool ipv6, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		bed_put(stages->bed, stages->segment[ipv6][i * 389 % CONNECTIONS],
			stages->length[ipv6]);
}

// Handshakes of clients that then wait for the greeting.
static bool connect_all(struct stages *stages, bool ipv6)
{
	struct mix mix;
	uint64_t before = stages->bed->counters.waiting;
	begin_mix(stages, &mix, MIX_SPOOFED, ipv6);
	bed_fill(stages->bed, &mix, CONNECTIONS);
	bed_ticks(stages->bed, dataplane_poll, stages->bed->dataplane);
	stages->made = 0;
	if (bed_sent(stages->bed, see, stages) != CONNECTIONS)
		return false;
	put_segments(stages, ipv6, CONNECTIONS);
	bed_ticks(stages->bed, dataplane_poll, stages->bed->dataplane);
	bed_sent(stages->bed, NULL, NULL);
	return stages->bed->counters.waiting - before == CONNECTIONS;
}

static uint64_t round_of(struct stages *stages, struct mix *mix, bool ipv6)
{
	if (mix != NULL)
		bed_fill(stages->bed, mix, stages->options->frames);
	else
		put_segments(stages, ipv6, stages->options->frames);
	sampler_begin();
	uint64_t ticks = bed_ticks(stages->bed, dataplane_poll, stages->bed->dataplane);
	sampler_end();
	bed_sent(stages->bed, NULL, NULL);
	return ticks;
}

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static bool phase(
	struct stages *stages, const char *name, struct mix *mix, bool ipv6, enum bs_reason reason)
{
	uint32_t rounds = stages->options->rounds, frames = stages->options->frames;
	uint64_t *ticks = calloc(rounds, sizeof(*ticks));
	const uint64_t *counter = &stages->bed->counters.reason[reason];
	if (ticks == NULL)
		return false;
	round_of(stages, mix, ipv6);
	sampler_write("warm");
	uint64_t before = *counter;
	CALLGRIND_ZERO_STATS;
	for (uint32_t i = 0; i < rounds; i++)
		ticks[i] = round_of(stages, mix, ipv6);
	CALLGRIND_DUMP_STATS_AT(name);
	sampler_write(name);
	qsort(ticks, rounds, sizeof(*ticks), by_size);
	uint32_t half = rounds / 2;
	double middle = (double)ticks[half];
	printf("%s packets=%u ticks=%.1f\n", name, rounds * frames, middle / frames);
	free(ticks);
	if (*counter - before == (uint64_t)rounds * frames)
		return true;
	fprintf(stderr, "packets: %s: of %u packets %lu went the way they should\n", name,
		rounds * frames, (unsigned long)(*counter - before));
	return false;
}

static bool phases(struct stages *stages)
{
	static const struct {
		const char *name[2];
		enum mix_kind kind;
		enum bs_reason reason; // what each packet is counted as
	} row[] = {
		{{"listed-ipv4", "listed-ipv6"}, MIX_LISTED, BS_REASON_SYN_LISTED},
		{{"spoofed-ipv4", "spoofed-ipv6"}, MIX_SPOOFED, BS_REASON_ACCEPTED},
		{{"acks-ipv4", "acks-ipv6"}, MIX_ACKS, BS_REASON_TCP_STRAY},
		{{"known-ipv4", "known-ipv6"}, MIX_KINDS, BS_REASON_ACCEPTED},
	};
	for (unsigned i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
			struct mix mix;
			if (row[i].kind < MIX_KINDS)
				begin_mix(stages, &mix, row[i].kind, ipv6);
			if (!phase(stages, row[i].name[ipv6], row[i].kind < MIX_KINDS ? &mix : NULL,
				    ipv6, row[i].reason))
				return false;
		}
	}
	return true;
}

bool bench_stages(const struct options *options)
{
	struct stages *stages = calloc(1, sizeof(*stages));
	if (stages == NULL)
		return false;
	stages->options = options;
	lists_make(&stages->lists, options->prefixes, options->prefixes / 3);
	stages->bed = bed_new(&(struct bed_settings){.offloads = !options->software,
		.connections = 65536,
		.half_open = 8 * CONNECTIONS,
		.classes = stages->lists.table,
		.sources = options->sources,
		.virtual_clock = true});
	bool good = connect_all(stages, false) && connect_all(stages, true);
	if (!good)
		fprintf(stderr, "packets: handshakes failed\n");
	// From now on SYNs are answered by cookies.
	stages->bed->dataplane->connections->half_open_limit = 0;
	good = good && sampler_open(options->file) && phases(stages);
	sampler_close();
	bed_free(stages->bed);
	lists_free(&stages->lists);
	free(stages);
	return good;
}
