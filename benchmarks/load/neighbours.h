// SPDX-License-Identifier: BSD-3-Clause
//
// The load as router of its clients: answers ARP (RFC 826) and neighbour solicitations (RFC 4861) for every address but those of who
// is tried, and asks for his. No DPDK.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "benchmarks/load/segment.h"

#define NEIGHBOUR_FRAME 86u

// The question for the target's MAC address, by ARP from `router4`. Returns the frame's length.
uint16_t neighbours_ask(const struct wire_side *side, uint32_t router4, uint8_t *frame);

// Looks at a frame that segment_read() did not take. The length of the answer, written to `answer`; 0: none is due. Sets `peer_mac`
// of the side when the frame is the answer to our question; the caller prepares the side again then.
uint16_t neighbours_answer(struct wire_side *side, const uint8_t *frame, uint32_t length,
	uint8_t answer[NEIGHBOUR_FRAME], bool *learnt);
