// SPDX-License-Identifier: BSD-3-Clause
//
// What was prepared a moment ago: judgement_prepare() asks the DNS before the answers are needed. When the same client with the
// same HELO and sender's domain was prepared within PREPARED_MS and nothing was pending, all answers lie in the cache, and to run
// the checks ahead of the recipient gains nothing: a refusal for a recipient that nobody has never needs them.
//
// A hint and no more: who is taken for another by chance, or by his own making, waits for the DNS at RCPT and not before.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/judge/facts.h"

#define PREPARED_MS   4000u // less than what the cache holds an answer for (dns.ttl-least is 5 s)
#define PREPARED_SETS 2048u // a power of two; 128 KB
#define PREPARED_WAYS 4u    // a cache line

struct prepared {
	struct prepared_place {
		uint64_t key, until_ms;
	} place[PREPARED_SETS][PREPARED_WAYS];
};

// Of the facts so far; never 0.
uint64_t prepared_key(const struct facts *facts);
// `prepared` may be NULL: then nothing was.
bool prepared_lately(const struct prepared *prepared, uint64_t key, uint64_t now_ms);
void prepared_note(struct prepared *prepared, uint64_t key, uint64_t now_ms);
