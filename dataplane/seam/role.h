// SPDX-License-Identifier: BSD-3-Clause
//
// A role is a poll function. An lcore runs a list of them in turn: dataplane and worker on one core, or each on cores of
// its own.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct role {
	const char *name; // "dataplane 0", for messages
	void *self;
	// One bounded turn; `now_ns` is CLOCK_MONOTONIC, read once a turn of the lcore. Returns how much was done
	// (packets, events), 0 when there was nothing to do.
	unsigned (*poll)(void *self, uint64_t now_ns);
	// True when something waits that poll() would do at once. Asked after the lcore's bell was set to sleep.
	bool (*ready)(void *self);
	// Longest sleep in nanoseconds that this role can bear now: a dataplane whose port gives no interrupt says
	// some hundred microseconds, a worker the time to its next timer.
	uint64_t (*patience)(void *self, uint64_t now_ns);
	// A descriptor that ends a sleep when it becomes readable, or -1: now there is none. Asked before each sleep; what
	// makes it readable is taken by poll(). NULL: the role has none ever.
	int (*descriptor)(void *self);
};
