// SPDX-License-Identifier: BSD-3-Clause
//
// What a backend's reply to EHLO or LHLO offers. Pure function.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/relay/reply_reader.h"

struct relay_offers {
	bool sizes;      // SIZE (RFC 1870)
	bool eight_bit;  // 8BITMIME (RFC 6152)
	bool pipelining; // RFC 2920
	uint64_t size;   // bytes; 0: no limit is named
};

struct relay_offers relay_offers_read(const struct reply_reader *reply);
