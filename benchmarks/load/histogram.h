// SPDX-License-Identifier: BSD-3-Clause
//
// Times in buckets whose width is a 32nd of their octave: all percentiles within 3 %, whatever the range, in 9 KB.
#pragma once

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_FINE    5u // bits
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_FINE + 1u) << HISTOGRAM_FINE)

struct histogram {
	uint64_t count, most;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value)
{
	if (value < 2u << HISTOGRAM_FINE)
		return (unsigned)value;
	unsigned shift = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_FINE;
	return (shift << HISTOGRAM_FINE) + (unsigned)(value >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->bucket[histogram_bucket(value)]++;
	histogram->count++;
	if (value > histogram->most)
		histogram->most = value;
}

// The value that `share` (0 to 1) of all are at most: the upper end of its bucket, and never more than the largest.
uint64_t histogram_at(const struct histogram *histogram, double share);

// A line a bucket that has something: NAME, upper end times `unit`, how many are at most that.
void histogram_write(const struct histogram *histogram, const char *name, double unit, FILE *file);
