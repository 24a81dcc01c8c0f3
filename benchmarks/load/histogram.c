// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/histogram.h"

#include <inttypes.h>

static uint64_t upper_end(unsigned bucket)
{
	if (bucket < 2u << HISTOGRAM_FINE)
		return bucket;
	unsigned shift = (bucket >> HISTOGRAM_FINE) - 1;
	uint64_t fine = (bucket & ((1u << HISTOGRAM_FINE) - 1)) + (1u << HISTOGRAM_FINE);
	return ((fine + 1) << shift) - 1;
}

uint64_t histogram_at(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)(share * (double)histogram->count + 0.5), seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (histogram->bucket[i] > 0 && seen >= wanted)
			return upper_end(i) < histogram->most ? upper_end(i) : histogram->most;
	}
	return histogram->most;
}

void histogram_write(const struct histogram *histogram, const char *name, double unit, FILE *file)
{
	uint64_t seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (histogram->bucket[i] > 0)
			fprintf(file, "%s\t%.9f\t%" PRIu64 "\n", name, (double)upper_end(i) * unit,
				seen);
	}
}
