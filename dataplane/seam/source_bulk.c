// SPDX-License-Identifier: BSD-3-Clause
//
// The source table for many addresses at once: all lines with keys are asked for before the first is looked at, and
// all entries before the first is read.
#include "dataplane/seam/siphash_bulk.h"
#include "dataplane/seam/source_table.h"

// So many lines on their way are what a core can keep track of, and more than any burst's half.
#define LINES BS_SIPHASH_LANES

struct looks {
	struct bs_siphash_burst burst; // keys and their hashes
	uint32_t number[LINES];        // the entry or NOT_THERE
};

// A line of keys is on its way for each.
static void fetch_keys(const struct bs_sources *sources, const struct bs_address *const *address,
	struct looks *looks, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		looks->burst.word[0][i] = key_of(address[i]);
	bs_siphash13_bulk(&sources->secret, &looks->burst, 1, count);
	for (unsigned i = 0; i < count; i++)
		__builtin_prefetch(&sources->bucket[first_of(sources, looks->burst.hash[i])]);
}

static void note(const struct bs_sources *sources, struct looks *looks, unsigned i, uint32_t number)
{
	looks->number[i] = number;
	if (number != NOT_THERE)
		__builtin_prefetch(&sources->entry[number], 1);
}

// Who is not in his first bucket and may be in the second: its line is fetched before the first of these is looked at.
static void fetch_entries(const struct bs_sources *sources, struct looks *looks, unsigned count)
{
	_Static_assert(LINES <= 32, "a bit each");
	uint32_t on = 0;
	for (unsigned i = 0; i < count; i++) {
		uint64_t key = looks->burst.word[0][i], hash = looks->burst.hash[i];
		uint32_t first = first_of(sources, hash);
		note(sources, looks, i, key == 0 ? NOT_THERE : look_in(sources, first, key));
		if (key != 0 && looks->number[i] == NOT_THERE && looks_on(sources, first)) {
			__builtin_prefetch(&sources->bucket[second_of(sources, hash)]);
			on |= 1u << i;
		}
	}
	for (; on != 0; on &= on - 1) {
		unsigned i = (unsigned)__builtin_ctz(on);
		uint32_t second = second_of(sources, looks->burst.hash[i]);
		note(sources, looks, i, look_in(sources, second, looks->burst.word[0][i]));
	}
}

void bs_source_prefetch_bulk(
	const struct bs_sources *sources, const struct bs_address *const *address, unsigned count)
{
	struct looks looks;
	for (unsigned done = 0; done < count; done += LINES) {
		unsigned some = count - done < LINES ? count - done : LINES;
		fetch_keys(sources, address + done, &looks, some);
		fetch_entries(sources, &looks, some);
	}
}

void bs_source_standing_bulk(const struct bs_sources *sources,
	const struct bs_address *const *address, struct bs_source_standing *standing,
	unsigned count, uint32_t now_s)
{
	struct looks looks;
	for (unsigned done = 0; done < count; done += LINES) {
		unsigned some = count - done < LINES ? count - done : LINES;
		fetch_keys(sources, address + done, &looks, some);
		fetch_entries(sources, &looks, some);
		for (unsigned i = 0; i < some; i++)
			standing[done + i] = standing_at(
				sources, looks.number[i], looks.burst.word[0][i], now_s);
	}
}
