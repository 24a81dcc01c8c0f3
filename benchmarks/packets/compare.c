// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/compare.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "benchmarks/packets/filler.h"

#define WARM_ROUNDS 8u

static int by_size(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

// Ticks a packet that a share of the rounds stayed under.
static double quantile(const uint64_t *sorted, const struct options *options, double share)
{
	uint32_t row = (uint32_t)(share * (options->rounds - 1));
	return (double)sorted[row] / options->frames;
}

static bool round_of(
	const struct compare *compare, struct filler *filler, bool own, uint64_t *ticks)
{
	filler_fill(filler, compare->options->frames);
	*ticks = own ? bed_ticks(compare->bed, compare->own, compare->own_self)
		     : bed_ticks(compare->bed, compare->reference, compare->reference_self);
	return compare->check(compare->check_self, own);
}

static void tell(const struct compare *compare, const char *loop, const uint64_t *sorted)
{
	double ns = 1e9 / (double)rte_get_tsc_hz(), ticks = quantile(sorted, compare->options, 0.5);
	fprintf(stderr,
		"packets: %s: %s %.1f ns, %.1f ticks a packet, %.2f Mpps (quarters of the rounds: "
		"%.1f to %.1f)\n",
		compare->name, loop, ticks * ns, ticks, 1000 / (ticks * ns),
		quantile(sorted, compare->options, 0.25), quantile(sorted, compare->options, 0.75));
	printf("%s-ns=%.3f ", loop, ticks * ns);
}

bool compare_run(const struct compare *compare)
{
	uint32_t rounds = compare->options->rounds;
	uint64_t *ticks[2] = {calloc(rounds, sizeof(uint64_t)), calloc(rounds, sizeof(uint64_t))},
		 warm;
	struct filler *filler = filler_new(compare->bed, compare->mix);
	bool good = ticks[0] != NULL && ticks[1] != NULL;
	for (uint32_t i = 0; i < WARM_ROUNDS && good; i++)
		good = round_of(compare, filler, i % 2, &warm);
	for (uint32_t i = 0; i < 2 * rounds && good; i++)
		good = round_of(compare, filler, i % 2, &ticks[i % 2][i / 2]);
	if (good) {
		qsort(ticks[0], rounds, sizeof(uint64_t), by_size);
		qsort(ticks[1], rounds, sizeof(uint64_t), by_size);
		tell(compare, "reference", ticks[0]);
		tell(compare, "own", ticks[1]);
		printf("\n");
	}
	filler_free(filler);
	free(ticks[0]);
	free(ticks[1]);
	return good;
}
