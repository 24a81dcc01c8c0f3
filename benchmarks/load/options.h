// SPDX-License-Identifier: BSD-3-Clause
//
// What a program of the load is asked for on its command line: options, then where the filter is and its two addresses.
#pragma once

#include "benchmarks/load/run.h"

// Fills in what is asked for, from the defaults on; what stands before the two addresses. `where`: that word's name. Tells how it is
// used and exits where the words are wrong; prints the list and exits where it is asked for.
const char *load_options(struct load *load, int count, char **words, const char *where);
