// SPDX-License-Identifier: BSD-3-Clause
//
// A set of names, each with numbers from 0 to 255: what lists of names and of recipients are made of. Hashed with a random key,
// since half of what is asked for is chosen by strangers.
//
// Built by one thread, then immutable: any number of threads read it. A million names of 22 bytes take 56 MB.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_SET_TEXT 511u // bytes of a name

struct name_set;

// The numbers of a name, a bit each. Starts as {0}; finds add to it.
struct name_set_numbers {
	uint64_t bit[4];
};

struct name_set *name_set_new(void); // NULL without memory or randomness
void name_set_free(struct name_set *set);

// `kind` keeps names of different kinds apart. The same once more changes nothing. `text` is any bytes, compared as they are. False
// without memory: the set is as before.
bool name_set_add(
	struct name_set *set, uint8_t kind, const char *text, size_t length, uint8_t number);

// Adds the numbers that the name has; true when it is there. No allocation.
bool name_set_find(const struct name_set *set, uint8_t kind, const char *text, size_t length,
	struct name_set_numbers *numbers);

size_t name_set_count(const struct name_set *set); // pairs of name and number
size_t name_set_size(const struct name_set *set);  // bytes of memory
