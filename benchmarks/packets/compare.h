// SPDX-License-Identifier: BSD-3-Clause
//
// Two loops over the same mix, a round of the one and a round of the other in turns, medians of the rounds.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/packets/bed.h"

struct options {
	uint32_t rounds;   // of each loop, after some to warm up
	uint32_t frames;   // a round
	uint32_t prefixes; // in the class table
	uint32_t sources;  // in the table of them
	uint32_t ipv6;     // percent
	bool software;     // the port neither verifies nor fills in checksums
	bool unpaced;      // reload: no clock says when packets come
	const char *file;  // stages: where samples go; reload: a folder for lists
};

struct compare {
	const char *name;
	struct bed *bed;
	struct mix *mix;
	const struct options *options;
	bed_poll *own, *reference;
	void *own_self, *reference_self;
	// After a round, not timed: takes what was sent and says whether all is as it should be. `own`: of which loop.
	bool (*check)(void *self, bool own);
	void *check_self;
};

// Prints to stdout what the bench reads, to stderr what people want to know. False when a check failed.
bool compare_run(const struct compare *compare);

// The benches; false: void.
bool bench_drop(const struct options *options);
bool bench_cookies(const struct options *options);
bool bench_stages(const struct options *options);
bool bench_reload(const struct options *options);
