// SPDX-License-Identifier: BSD-3-Clause
//
// The other end of a handshake that a frame of the mix began. No DPDK.
#pragma once

#include <stdint.h>

#include "benchmarks/packets/mix.h"

// What the client says to a SYN-ACK (at most MIX_FRAME_BYTES long): a segment without options and payload, its sequence numbers
// right. Returns its length.
uint16_t reply_build(const uint8_t *syn_ack, uint8_t flags, uint8_t frame[MIX_FRAME_BYTES]);
