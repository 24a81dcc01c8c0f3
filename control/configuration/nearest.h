// SPDX-License-Identifier: BSD-3-Clause
//
// "did you mean": the known word that a mistyped one is nearest to. Pure functions, any thread.
#pragma once

#include <stddef.h>

// `nearest` starts as zero; each known word is offered; the best one stays.
struct nearest {
	const char *word; // NULL when nothing is near enough; points to what was offered
	unsigned distance;
};

// Compares by insertions, deletions, replacements and swaps of neighbours, without regard to case. A word is near
// when at most a third of the longer one differs (of a short one: a letter or two). Words over 63 letters are near to nothing.
void nearest_offer(struct nearest *nearest, const char *typed, const char *known);
