// SPDX-License-Identifier: BSD-3-Clause
//
// Many clients, each a source of its own.
#pragma once

#include "tests/wire/wire.h"

// Of another source.
static inline struct wire_peer stranger(const struct wire_peer *peer, uint8_t number)
{
	struct wire_peer one = *peer;
	one.address.octet[peer->ipv6 ? 6 : 14] ^= 0x80;
	one.address.octet[peer->ipv6 ? 7 : 15] = number;
	return one;
}

static inline void crowd(struct wire_peer *peer, struct wire_peer *one, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		one[i] = stranger(peer, (uint8_t)(i + 1));
		wire_connect(&one[i]);
	}
}

static inline void leave(struct wire_peer *one, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		wire_tcp(&one[i], .flags = TCP_RST);
	wire_forget(one->wire);
}
