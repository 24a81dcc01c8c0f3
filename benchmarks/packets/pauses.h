// SPDX-License-Identifier: BSD-3-Clause
//
// How long the machine kept a busy thread from its work: a thread that never sleeps reads the TSC each turn, and a turn that took far
// longer than its work can was interrupted. By whom: the thread's own page faults and sleeps (a lock of the kernel's, on memory
// that the program maps or frees) are the program's doing; all else is the machine's, another program's turn or the host's.
#pragma once

#include <stdint.h>

struct pauses {
	uint64_t limit;                // ticks that a turn may take
	uint64_t machine, own;         // ticks of the turns that took longer, by whose doing
	uint64_t longest;              // ticks of the longest
	uint64_t count;                // of them
	long faults, sleeps;           // of the thread, when it was last looked
	uint64_t waited_ns, waited_at; // for the processor while runnable; its beginning
};

// The calling thread's, which is the one that tells its turns.
void pauses_begin(struct pauses *pauses, uint64_t limit);
void pauses_found(struct pauses *pauses, uint64_t ticks);
void pauses_end(struct pauses *pauses);

static inline void pauses_turn(struct pauses *pauses, uint64_t ticks)
{
	if (__builtin_expect(ticks > pauses->limit, 0))
		pauses_found(pauses, ticks);
}
