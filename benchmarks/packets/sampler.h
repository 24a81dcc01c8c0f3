// SPDX-License-Identifier: BSD-3-Clause
//
// Where the time goes, without performance counters: some thousand times a second a timer's signal writes down which functions
// the thread is in. Frame pointers are walked, so the program must have them. One thread, one sampler.
#pragma once

#include <stdbool.h>

// `path`: the file that gets the samples; NULL: nothing is sampled, the calls below do nothing. False where that can't be.
bool sampler_open(const char *path);
// Only between these is anything written down.
void sampler_begin(void);
void sampler_end(void);
// Writes the samples since the last call, each a line "NAME ADDRESS...", the innermost function first; addresses count from
// the program's beginning, as nm shows them.
void sampler_write(const char *name);
void sampler_close(void);
