// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/pauses.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>

// Nanoseconds that the scheduler let us wait since we began; 0 where the kernel does not tell.
static uint64_t waited_ns(void)
{
	unsigned long ran, waited = 0;
	FILE *file = fopen("/proc/thread-self/schedstat", "r");
	if (file == NULL)
		return 0;
	// NOLINTNEXTLINE(cert-err34-c): the kernel's own numbers
	if (fscanf(file, "%lu %lu", &ran, &waited) != 2)
		waited = 0;
	fclose(file);
	return waited;
}

// Whether the thread had a page fault or slept since the last look. One since, in a turn that was not too long, makes a later pause ours:
// the error is on the safe side.
static bool is_own(struct pauses *pauses)
{
	struct rusage usage;
	getrusage(RUSAGE_THREAD, &usage);
	long faults = usage.ru_minflt + usage.ru_majflt, sleeps = usage.ru_nvcsw;
	bool own = faults != pauses->faults || sleeps != pauses->sleeps;
	pauses->faults = faults;
	pauses->sleeps = sleeps;
	return own;
}

void pauses_begin(struct pauses *pauses, uint64_t limit)
{
	*pauses = (struct pauses){.limit = limit};
	pauses->waited_at = waited_ns();
	is_own(pauses);
}

void pauses_found(struct pauses *pauses, uint64_t ticks)
{
	if (is_own(pauses))
		pauses->own += ticks;
	else
		pauses->machine += ticks;
	pauses->longest = ticks > pauses->longest ? ticks : pauses->longest;
	pauses->count++;
}

void pauses_end(struct pauses *pauses)
{
	pauses->waited_ns = waited_ns() - pauses->waited_at;
}
