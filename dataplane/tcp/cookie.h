// SPDX-License-Identifier: BSD-3-Clause
//
// SYN cookies: our initial sequence number, from which the ACK of a handshake proves that its sender got our SYN-ACK, and
// what it had offered in its SYN (Bernstein; the encoding follows the argument of FreeBSD's syncache).
//
//   31 ......................... 8   7 6 5   4 3 2    1      0
//   24-bit MAC                       MSS     scale    SACK   parity of the key
//
// The MAC is SipHash-2-4 over the client's address and port, the row of our address, its initial sequence number and the low eight bits, under
// a key of the current period (32 s). The key of the period before is accepted, so a cookie lives 32 to 64 s. All 24
// bits are checked: a blind forger at 14.88 million ACKs a second hits 0.9 a second, and reaches nothing but a wait.
//
// The same number is used when a record is kept (the SYN cache), so that an evicted record costs nothing.
//
// Pure functions of the keys. Each lcore has eras of its own, since a connection's segments all come to the same one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/seam/siphash.h"

struct tcp_options;

#define COOKIE_PERIOD_MS   32000u
#define COOKIE_LIFETIME_MS (UINT64_C(2) * COOKIE_PERIOD_MS)

// What a SYN offered, as the low eight bits hold it, parity zero.
uint8_t cookie_options(const struct tcp_options *options);

static inline bool cookie_has_sack(uint8_t options)
{
	return options & 2;
}
static inline bool cookie_has_scale(uint8_t options)
{
	return options & 0x1c;
}
// Largest segment that the client takes, rounded down to one of eight sizes: these bits, the sizes a step apart.
#define COOKIE_MSS_BITS 0xe0u
#define COOKIE_MSS_STEP 0x20u
uint16_t cookie_mss(uint8_t options);
// True when the client scales windows; then `shift` is its shift, rounded down to one of seven.
bool cookie_window_scale(uint8_t options, uint8_t *shift);

// The keys of two periods: of the current one, and of the one before. The parity of a period is its place.
struct cookies {
	struct siphash_key key[2];
	struct siphash_key secret;
	uint64_t period;
	uint32_t era; // part of what the keys are derived from: cookies_renew()
	uint8_t mark; // what `prepared` is of a frame that was prepared in this era; never 0
};

// Control thread.
void cookies_init(struct cookies *cookies, const struct siphash_key *secret, uint64_t clock_ms);
// The rest: the dataplane lcore that owns them. Once a turn: a new period has a new key.
void cookies_turn(struct cookies *cookies, uint64_t clock_ms);
// No number that went out until now is a cookie any more.
void cookies_renew(struct cookies *cookies);

// Works out frame->cookie of segments without a connection, and frame->offered of SYNs: of at most a burst at once.
void cookie_prepare(const struct cookies *cookies, struct frame *const *frames, unsigned count);

// `syn` is prepared; the sequence number of its SYN-ACK.
static inline uint32_t cookie_of(const struct cookies *cookies, const struct frame *syn)
{
	return syn->cookie | syn->offered | (uint32_t)(cookies->period & 1);
}

// `ack` is prepared and may complete a handshake. True when it does; `options` as cookie_options() gave it.
bool cookie_check(const struct frame *ack, uint8_t *options);
