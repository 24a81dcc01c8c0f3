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

// A peer that a session of before taught something of.
static inline struct bs_source *met_before(const struct wire_peer *peer, struct bs_lesson lesson)
{
	struct wire *wire = peer->wire;
	enum bs_source_opening how;
	wire->policy.verdicts = (struct bs_verdict_rules){.action = BS_VERDICT_REFUSE,
		.lifetime_ms = 3600000,
		.window_ms = 600000,
		.refused_share = 90};
	struct bs_source *source = bs_source_open(
		wire->sources, &peer->address, wire_seconds(wire), &how);
	bs_source_learn(source, &lesson, &wire->policy.verdicts, true, wire_seconds(wire));
	bs_source_close(wire->sources, &peer->address, wire_seconds(wire));
	return source;
}
