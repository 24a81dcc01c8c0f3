// SPDX-License-Identifier: BSD-3-Clause
//
// What a backend said of recipients, so that a dictionary attack is not passed on to it. One cache for all workers, in
// locked shards: an attack spread over many connections meets what the first of them learnt.
//
// It refuses only what the backend refused, and errs on the side of asking:
//   - only refusals that are about the recipient alone are kept (recipient_cache_is_about_recipient());
//   - a recipient known to exist that is suddenly refused is no unknown one yet: the refusal is the client's answer, but the
//     next client makes the backend say it again. So a backend that has lost its user database for a moment does not cost
//     its users an hour of mail;
//   - a known recipient is never accepted from here: the backend has to take the mail in any case.
//
// Bounded: buckets of eight entries of 16 bytes; where one is full, what is unknown goes before what is known, and
// what expires first before the rest. Names are not kept but a keyed hash of 64 bits, so nobody can aim at a bucket, and two
// names meet once in 2^64 / size questions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/mailbox.h"

struct recipient_cache;

enum recipient_memory { RECIPIENT_NEW, RECIPIENT_KNOWN, RECIPIENT_UNKNOWN };

// Room for about `size` recipients (0: remembers nothing). NULL without memory or randomness. Control thread.
struct recipient_cache *recipient_cache_new(
	uint32_t size, uint32_t negative_ttl_ms, uint32_t positive_ttl_ms);
void recipient_cache_free(struct recipient_cache *cache); // NULL is allowed

// Any thread. `now_ms`: one monotonic clock for all callers.
enum recipient_memory recipient_cache_find(
	struct recipient_cache *cache, const struct mailbox *recipient, uint64_t now_ms);
// The backend has accepted or refused it just now.
void recipient_cache_learn(struct recipient_cache *cache, const struct mailbox *recipient,
	bool exists, uint64_t now_ms);

// A refusal with this code and this enhanced code ("" when the backend gave none) holds for every sender and every
// mail. Without an enhanced code 550 may mean anything, the sender too; 5.1.0, 5.1.7 and 5.1.8 are about senders.
bool recipient_cache_is_about_recipient(uint16_t code, const char *enhanced);
