// SPDX-License-Identifier: BSD-3-Clause
//
// ingress-drop: SYNs of listed sources, dropped, against the same loop with the filter replaced by freeing the packets.
#include <stdio.h>

#include "benchmarks/packets/compare.h"
#include "benchmarks/packets/lists.h"

struct drop {
	struct bed *bed;
	uint64_t listed; // counted so far
	uint32_t frames;
};

// Each packet of the round was counted as listed, and none was answered.
static bool check(void *self, bool own)
{
	struct drop *drop = self;
	uint64_t listed = drop->bed->counters.reason[BS_REASON_SYN_LISTED] - drop->listed;
	uint32_t sent = bed_sent(drop->bed, NULL, NULL);
	drop->listed += listed;
	if (listed == (own ? drop->frames : 0) && sent == 0)
		return true;
	fprintf(stderr, "packets: of %u packets %lu were dropped as listed and %u answered\n",
		drop->frames, (unsigned long)listed, sent);
	return false;
}

bool bench_drop(const struct options *options)
{
	struct lists lists;
	bool ipv6 = options->ipv6 > 0;
	lists_make(&lists, ipv6 ? 0 : options->prefixes, ipv6 ? options->prefixes : 0);
	struct bed *bed = bed_new(&(struct bed_settings){.offloads = !options->software,
		.mbufs = 2 * options->frames - 1,
		.connections = 65536,
		.half_open = 4096,
		.sources = options->sources,
		.classes = lists.table});
	struct mix mix;
	bed_mix(&mix, &(struct mix_settings){.seed = 1,
			      .weight = {[MIX_LISTED] = 1},
			      .ipv6 = ipv6 ? 100 : 0,
			      .listed4 = &lists.ipv4,
			      .listed6 = &lists.ipv6});
	struct drop drop = {.bed = bed, .frames = options->frames};
	bool good = compare_run(&(struct compare){.name = "drop",
		.bed = bed,
		.mix = &mix,
		.options = options,
		.own = dataplane_poll,
		.own_self = bed->dataplane,
		.reference = bed_poll_free,
		.reference_self = bed,
		.check = check,
		.check_self = &drop});
	bed_free(bed);
	lists_free(&lists);
	return good;
}
