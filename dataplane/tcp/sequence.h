// SPDX-License-Identifier: BSD-3-Clause
//
// Sequence numbers, which wrap (RFC 9293, 3.4).
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool sequence_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool sequence_after(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) > 0;
}
