// SPDX-License-Identifier: BSD-3-Clause
//
// ingress-kernel: the decision alone. Ours: validate a burst of prebuilt frames and classify its sources. The reference: an XDP
// program of the same prefixes that decides about the same sources (listed.bpf.c). In turns; medians.
// Usage: ingress_kernel OBJECT PREFIXES ROUNDS
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "benchmarks/kernel/xdp.h"
#include "benchmarks/packets/lists.h"
#include "benchmarks/packets/mix.h"
#include "control/policy/policy.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/local.h"

#define BURST     32u
#define FRAMES    4096u
#define FRAME_ROW 64u // bytes: a frame a cache line
#define XDP_RUNS  8192u
#define ROUNDS    10000u

static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x19}, peer_mac[6] = {0x02, 0, 0, 0, 0x0a, 0x01};

struct decider {
	struct ports ports;
	struct bs_policy policy;
	uint8_t (*frame)[FRAME_ROW];
	uint16_t length[FRAMES];
};

static double now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void prepare(struct decider *decider, struct bs_class_table *table, struct bs_address local)
{
	struct port *port = &decider->ports.port[0];
	decider->ports.port_count = decider->ports.local_count = 1;
	decider->ports.service = 25;
	memcpy(port->mac, mac, 6);
	port->mtu = 1500;
	port->checks_ipv4 = port->checks_tcp = true;
	decider->ports.local[0].address = local;
	decider->ports.local[0].on_link = (struct bs_prefix){local, 96 + 24};
	decider->ports.local[0].on_link.address.octet[15] = 0;
	decider->ports.local[0].state = LOCAL_READY;
	decider->policy.classes = table;
	for (unsigned i = 0; i < 8; i++)
		decider->policy.class[BS_CLASS_LISTS + i].action = BS_ACTION_DROP;
}

// How many of a burst are to be dropped.
static unsigned decide(const struct decider *decider, unsigned first)
{
	struct bs_address source[BURST];
	uint8_t class[BURST];
	unsigned syns = 0, dropped = 0;
	for (unsigned i = first; i < first + BURST; i++) {
		struct frame frame;
		if (frame_parse(&decider->ports, &decider->ports.port[0], decider->frame[i],
			    decider->length[i], FRAME_IP_GOOD | FRAME_TCP_GOOD,
			    &frame) == BS_REASON_ACCEPTED &&
			(frame.flags & TCP_SYN) != 0)
			source[syns++] = frame.source;
	}
	bs_policy_classify(&decider->policy, source, class, syns);
	for (unsigned i = 0; i < syns; i++)
		dropped += decider->policy.class[class[i]].action == BS_ACTION_DROP;
	return dropped;
}

// Nanoseconds a packet; 0 where one was not dropped.
static double own_round(struct decider *decider, struct mix *mix)
{
	unsigned dropped = 0;
	for (unsigned i = 0; i < FRAMES; i++) {
		uint8_t frame[MIX_FRAME_BYTES];
		decider->length[i] = mix_frame(mix, frame);
		memcpy(decider->frame[i], frame, FRAME_ROW);
	}
	double begin = now_ns();
	for (unsigned i = 0; i < FRAMES; i += BURST)
		dropped += decide(decider, i);
	double ns = (now_ns() - begin) / FRAMES;
	return dropped == FRAMES ? ns : 0;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static double median(double *of, unsigned count)
{
	qsort(of, count, sizeof(*of), by_size);
	return of[count / 2];
}

// The sources of the frames that the mix will give.
static uint32_t *draw(const struct mix_settings *settings, uint32_t count)
{
	uint32_t *sources = calloc(count, sizeof(*sources));
	struct mix mix;
	mix_begin(&mix, settings);
	for (uint32_t i = 0; sources != NULL && i < count; i++) {
		uint8_t frame[MIX_FRAME_BYTES];
		mix_frame(&mix, frame);
		memcpy(&sources[i], frame + 26, 4);
	}
	return sources;
}

static bool measure(struct decider *decider, const struct mix_settings *settings, unsigned rounds)
{
	static double own[ROUNDS], xdp[ROUNDS];
	uint8_t frame[MIX_FRAME_BYTES];
	struct mix mix;
	mix_begin(&mix, settings);
	uint16_t length = mix_frame(&mix, frame);
	mix_begin(&mix, settings);
	own_round(decider, &mix);
	for (unsigned i = 0; i < rounds; i++) {
		own[i] = own_round(decider, &mix);
		xdp[i] = xdp_run(frame, length, XDP_RUNS);
		if (own[i] == 0 || xdp[i] == 0) {
			fprintf(stderr, "ingress_kernel: a listed source was let through\n");
			return false;
		}
	}
	printf("own-ns=%.2f xdp-ns=%.2f\n", median(own, rounds), median(xdp, rounds));
	return true;
}

int main(int argc, char **argv)
{
	long prefixes = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
	long rounds = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	if (prefixes < 1 || prefixes > 1000000 || rounds < 1 || rounds > (long)ROUNDS) {
		fprintf(stderr, "usage: ingress_kernel OBJECT PREFIXES ROUNDS\n");
		return 2;
	}
	static struct decider decider;
	struct lists lists;
	struct bs_address local = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 25});
	uint32_t local_word;
	memcpy(&local_word, local.octet + 12, 4);
	lists_make(&lists, (size_t)prefixes, 0);
	prepare(&decider, lists.table, local);
	struct mix_settings settings = {.seed = 1,
		.weight = {[MIX_LISTED] = 1},
		.listed4 = &lists.ipv4,
		.local4 = local,
		.service = 25};
	memcpy(settings.to, mac, 6);
	memcpy(settings.from, peer_mac, 6);
	decider.frame = aligned_alloc(64, FRAMES * sizeof(*decider.frame));
	uint32_t *sources = draw(&settings, (uint32_t)prefixes);
	bool good = sources != NULL && decider.frame != NULL &&
		    xdp_load(argv[1], &lists.ipv4, sources, (uint32_t)prefixes, local_word) &&
		    measure(&decider, &settings, (unsigned)rounds);
	free(sources);
	free(decider.frame);
	bs_class_table_free(lists.table);
	lists_free(&lists);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
