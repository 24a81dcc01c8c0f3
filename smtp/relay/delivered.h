// SPDX-License-Identifier: BSD-3-Clause
//
// Who got a mail that its client was told to send again: LMTP answers for each recipient after the dot, SMTP can't, so
// when the answers differ the client gets a 451, and this table keeps its retry from delivering twice. An entry is
// (sender, recipient, SHA-256 of the content below our header), and lives as long as senders try: five days (RFC 5321, 4.5.4.1).
//
// Bounded: where a bucket is full the oldest goes, which may cost a duplicate, never a mail. Addresses are kept as a keyed
// hash of 64 bits beside the whole digest.
//
// One for all workers, behind one lock: it is asked only for LMTP, and not at all while it is empty.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/mailbox.h"

#define DELIVERED_DIGEST  32u // SHA-256
#define DELIVERED_SECONDS (UINT64_C(5) * 24 * 3600)

struct delivered;

// Room for about `most` entries. NULL without memory or randomness. Control thread.
struct delivered *delivered_new(uint32_t most);
void delivered_free(struct delivered *delivered); // NULL is allowed

// Any thread. `seconds` since 1970, since entries outlive the process.
// True when there is an entry for the two, whatever the content: it must be known before it can be decided who gets it.
bool delivered_any(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, uint64_t seconds);
bool delivered_has(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, const uint8_t digest[DELIVERED_DIGEST], uint64_t seconds);
void delivered_add(struct delivered *delivered, const struct mailbox *sender,
	const struct mailbox *recipient, const uint8_t digest[DELIVERED_DIGEST], uint64_t seconds);
