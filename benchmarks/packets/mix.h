// SPDX-License-Identifier: BSD-3-Clause
//
// Frames that the Internet may send us, in mixes, the same in every run of the same seed. No DPDK.
//
//	struct mix mix;
//	mix_begin(&mix, &(struct mix_settings){.seed = 1, .weight = {[MIX_SPOOFED] = 9, [MIX_ACKS] = 1}, ...});
//	length = mix_frame(&mix, bytes);
//
// A SYN's sequence number is a function of its source (mix_sequence()), so that whoever sees an answer can tell
// whether it is one without remembering what was asked.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/packets/prefixes.h"
#include "dataplane/seam/address.h"

enum mix_kind {
	MIX_PLAIN,   // SYNs of 4,096 hosts that stay the same, in 203.1.112.0/20 and 2a00:5b1::/48
	MIX_SPOOFED, // SYNs of any address of the Internet that is not listed
	MIX_LISTED,  // SYNs of addresses in `listed4` and `listed6`, each prefix in turn
	MIX_BOGONS,  // SYNs of addresses that can't be on the Internet
	MIX_ACKS,    // ACKs of such addresses, acknowledging what nobody sent
	MIX_KINDS
};

struct mix_settings {
	uint64_t seed;
	uint32_t weight[MIX_KINDS];               // of each kind in the mix; not all 0
	uint32_t ipv6;                            // percent of the frames, of each kind
	const struct prefixes *listed4, *listed6; // outlive the mix; NULL: no list
	uint8_t to[6], from[6];                   // MAC addresses
	struct bs_address local4, local6;         // whom they are for
	uint16_t service;                         // and which port
};

struct mix {
	struct mix_settings settings;
	uint64_t state;
	uint32_t total;          // of the weights
	size_t listed4, listed6; // whose turn it is
};

#define MIX_FRAME_BYTES 78u // the longest: IPv6, TCP with an MSS
// `settings` is copied.
void mix_begin(struct mix *mix, const struct mix_settings *settings);

// Writes the next frame, 60 bytes in IPv4 (64 with the frame check sequence, Ethernet's least) and 74 or 78 in IPv6, without
// check sequence. Returns its length.
uint16_t mix_frame(struct mix *mix, uint8_t frame[MIX_FRAME_BYTES]);

// The sequence number of every SYN from there.
uint32_t mix_sequence(const struct bs_address *source, uint16_t port);
