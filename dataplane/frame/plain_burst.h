// SPDX-License-Identifier: BSD-3-Clause
//
// plain_look() for a whole burst, of IPv4: of each frame the words that matter are laid side by side, and the burst is judged a vector
// at a time. It takes a third of the instructions. What it does not take may be plain all the same: plain_look() says. What it takes
// plain_look() takes too (tests/fuzz/fuzz_frame.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/frame/plain.h"
#include "dataplane/frame/wire_format.h"

#define PLAIN_BURST 64u
// Bytes from the frame's begin on that are read of each, however long it is: up to TCP's flags behind a tag.
#define PLAIN_BURST_BYTES 54u

struct plain_burst {
	const struct plain *plain;
	uint32_t verify; // all ones: the header checksum; 0: the port has verified it
	struct {
		uint32_t address; // as it lies in memory
		uint32_t
			link; // mask of the bits that tell our link from others, likewise; 0: the row is of no use
	} local[PLAIN_LOCALS];
	// Row i is frame i: words as they lie in memory, by the place of their first byte.
	uint32_t odd
		[PLAIN_BURST]; // other than 0: it is not what it should be; once judged, it was not taken
	uint32_t length[PLAIN_BURST];
	uint32_t ether_12[PLAIN_BURST], ether_type[PLAIN_BURST];
	uint32_t ip_0[PLAIN_BURST], ip_4[PLAIN_BURST], ip_8[PLAIN_BURST], ip_12[PLAIN_BURST],
		ip_16[PLAIN_BURST];
	uint32_t address[PLAIN_BURST], link[PLAIN_BURST]; // of the row of ours
	uint32_t tcp_0[PLAIN_BURST], tcp_12[PLAIN_BURST];
	// Of a frame that was taken.
	uint32_t source[PLAIN_BURST]; // host byte order
	uint32_t flags[PLAIN_BURST];  // of TCP
};

void plain_burst_begin(struct plain_burst *burst, const struct plain *plain,
	const struct ports *ports, bool verify);

// Has its verdicts in `odd` of the first `count` rows.
void plain_burst_judge(struct plain_burst *burst, unsigned count);

// Row `i`. Of a frame that is shorter than PLAIN_BURST_BYTES whatever stands behind it is read, and not believed. `odd`: not 0 where the
// frame is not for us for another reason, such as what the port said of the IPv4 checksum.
static inline void plain_burst_add(
	struct plain_burst *burst, unsigned i, const uint8_t *bytes, uint32_t length, uint64_t odd)
{
	const struct plain *plain = burst->plain;
	const uint8_t *at = bytes + plain->l3;
	unsigned row = at[19] % PLAIN_LOCALS;
	odd |= (raw64(bytes) & plain->head_mask) ^ plain->head;
	odd |= raw64(bytes + 6) << 16 == plain->mac << 16;
	burst->odd[i] = odd != 0;
	burst->length[i] = length;
	burst->ether_12[i] = raw32(bytes + 12);
	burst->ether_type[i] = raw32(at - 4);
	burst->ip_0[i] = raw32(at);
	burst->ip_4[i] = raw32(at + 4);
	burst->ip_8[i] = raw32(at + 8);
	burst->ip_12[i] = raw32(at + 12);
	burst->ip_16[i] = raw32(at + 16);
	burst->address[i] = burst->local[row].address;
	burst->link[i] = burst->local[row].link;
	burst->tcp_0[i] = raw32(at + 20);
	burst->tcp_12[i] = raw32(at + 32);
}
