// SPDX-License-Identifier: BSD-3-Clause
//
// Patterns that a whole text must match (PCRE2 with its JIT compiler), with bounded work and no allocation while matching. Case does
// not count.
//
// Built by one thread, then immutable: any number of threads match.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PATTERNS_MOST 100u // all of them are tried for who is in no list

struct patterns;

struct patterns *patterns_new(void); // NULL without memory
void patterns_free(struct patterns *patterns);

// False with a reason and a cure in `why` when it is no pattern, there are PATTERNS_MOST, or there is no memory.
#define PATTERNS_WHY 200u
bool patterns_add(struct patterns *patterns, const char *pattern, char why[PATTERNS_WHY]);
size_t patterns_count(const struct patterns *patterns);

enum patterns_match { PATTERNS_NONE, PATTERNS_MATCH, PATTERNS_GAVE_UP };
// GAVE_UP: no pattern matches, but one took more work than it may. `text`: at most a few hundred bytes.
enum patterns_match patterns_match(
	const struct patterns *patterns, const char *text, size_t length);
