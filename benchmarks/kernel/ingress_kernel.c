// SPDX-License-Identifier: BSD-3-Clause
//
// ingress-kernel: the decision alone. Ours: the ingress validates bursts of prebuilt frames and classifies their sources
// (ingress_decide()). The reference: an XDP program of the same prefixes that decides about the same sources (listed.bpf.c). Beside
// it the kernel's own filter: frames with these sources, received on an interface whose rule drops them. In turns; medians.
//
// Usage: ingress_kernel OBJECT PREFIXES ROUNDS [INTERFACE BARE]
//        ingress_kernel PREFIXES: prints the prefixes, for the interface's rule. BARE's drops all without looking.
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_mbuf.h>

#include "benchmarks/kernel/xdp.h"
#include "benchmarks/packets/bed.h"
#include "benchmarks/packets/lists.h"
#include "benchmarks/packets/mix.h"
#include "dataplane/ingress.h"

#define FRAMES   4096u
#define XDP_RUNS 8192u
#define ROUNDS   10000u
#define MOST     1000000u // prefixes, and sources

// What a packet takes each of them, in nanoseconds a round.
enum side { OWN, XDP, RULE, BARE, SIDES };
static const char *const side_name[SIDES] = {"own", "xdp", "rule", "bare"};

struct sides {
	struct bed *bed;
	struct mix mix;
	struct rte_mbuf *mbuf[FRAMES];
	uint8_t frame[MIX_FRAME_BYTES]; // that the kernel gets, with other sources
	uint16_t length;
	unsigned interface[SIDES]; // of the rules; 0: none
	double ns[SIDES][ROUNDS];
};

static double now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

// Nanoseconds a packet; 0 where one was not dropped.
static double own_round(struct sides *sides)
{
	struct bed *bed = sides->bed;
	unsigned left = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		struct rte_mbuf *mbuf = sides->mbuf[i];
		mbuf->pkt_len = mbuf->data_len = mix_frame(
			&sides->mix, rte_pktmbuf_mtod(mbuf, uint8_t *));
		mbuf->ol_flags = bed->rx_flags;
	}
	double begin = now_ns();
	for (unsigned i = 0; i < FRAMES; i += BURST)
		left += ingress_decide(bed->dataplane, &bed->ports.port[0], &sides->mbuf[i], BURST);
	double ns = (now_ns() - begin) / FRAMES;
	return left == 0 ? ns : 0;
}

static double round_of(struct sides *sides, enum side side)
{
	if (side == OWN)
		return own_round(sides);
	if (side == XDP)
		return xdp_run(sides->frame, sides->length, XDP_RUNS);
	return xdp_receive(sides->frame, sides->length, XDP_RUNS, sides->interface[side]);
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static bool measure(struct sides *sides, unsigned rounds)
{
	own_round(sides); // warms up, and the addresses that are ours are learnt
	for (unsigned i = 0; i < rounds; i++) {
		for (unsigned side = 0; side < SIDES; side++) {
			if (side > XDP && sides->interface[side] == 0)
				continue;
			sides->ns[side][i] = round_of(sides, side);
			if (sides->ns[side][i] > 0)
				continue;
			fprintf(stderr, "ingress_kernel: %s: a listed source was let through\n",
				side_name[side]);
			return false;
		}
	}
	for (unsigned side = 0; side < SIDES; side++) {
		qsort(sides->ns[side], rounds, sizeof(double), by_size);
		printf("%s-ns=%.2f ", side_name[side], sides->ns[side][rounds / 2]);
	}
	printf("received=%u\n", rounds * XDP_RUNS);
	return true;
}

// The sources of the frames that the mix will give.
static uint32_t *draw(struct mix mix, uint32_t count)
{
	uint32_t *sources = calloc(count, sizeof(*sources));
	for (uint32_t i = 0; sources != NULL && i < count; i++) {
		uint8_t frame[MIX_FRAME_BYTES];
		mix_frame(&mix, frame);
		memcpy(&sources[i], frame + 26, 4);
	}
	return sources;
}

static struct bed *make_bed(struct sides *sides, const struct lists *lists)
{
	struct bed *bed = bed_new(&(struct bed_settings){
		.offloads = true, .connections = 1024, .half_open = 64, .classes = lists->table});
	bed_mix(&sides->mix,
		&(struct mix_settings){
			.seed = 1, .weight = {[MIX_LISTED] = 1}, .listed4 = &lists->ipv4});
	bed_turn(bed, dataplane_poll, bed->dataplane); // it has a policy from now on
	return rte_pktmbuf_alloc_bulk(bed->pool, sides->mbuf, FRAMES) == 0 ? bed : NULL;
}

static bool bench(const char *object, uint32_t prefixes, unsigned rounds, const char *const *rules)
{
	static struct sides sides;
	struct lists lists;
	uint32_t local;
	lists_make(&lists, prefixes, 0);
	sides.bed = make_bed(&sides, &lists);
	if (sides.bed == NULL)
		return false;
	for (unsigned i = 0; rules != NULL && i < 2; i++)
		sides.interface[RULE + i] = if_nametoindex(rules[i]);
	struct mix mix = sides.mix;
	sides.length = mix_frame(&mix, sides.frame);
	memcpy(&local, sides.frame + 30, 4);
	uint32_t *sources = draw(sides.mix, prefixes);
	bool good = sources != NULL && xdp_load(object, &lists.ipv4, sources, prefixes, local) &&
		    measure(&sides, rounds);
	free(sources);
	rte_pktmbuf_free_bulk(sides.mbuf, FRAMES);
	bed_free(sides.bed);
	lists_free(&lists);
	return good;
}

static bool print_prefixes(uint32_t count)
{
	struct prefixes prefixes;
	char text[BS_PREFIX_TEXT];
	bool good = prefixes_ipv4(&prefixes, count, LISTS_SEED);
	for (size_t i = 0; good && i < prefixes.count; i++)
		puts(bs_prefix_format(&prefixes.prefix[i], text));
	prefixes_free(&prefixes);
	return good;
}

int main(int argc, char **argv)
{
	long prefixes = argc > 1 ? strtol(argv[argc == 2 ? 1 : 2], NULL, 10) : 0;
	long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	if ((argc != 2 && argc != 4 && argc != 6) || prefixes < 1 || prefixes > (long)MOST ||
		rounds < 1 || rounds > (long)ROUNDS) {
		fprintf(stderr, "usage: ingress_kernel OBJECT PREFIXES ROUNDS [INTERFACE BARE]\n"
				"       ingress_kernel PREFIXES\n");
		return 2;
	}
	if (argc == 2)
		return print_prefixes((uint32_t)prefixes) ? EXIT_SUCCESS : EXIT_FAILURE;
	bed_start_dpdk();
	const char *const *rules = argc == 6 ? (const char *const *)&argv[4] : NULL;
	return bench(argv[1], (uint32_t)prefixes, (unsigned)rounds, rules) ? EXIT_SUCCESS
									   : EXIT_FAILURE;
}
