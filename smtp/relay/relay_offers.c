// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_offers.h"

#include <errno.h>
#include <stdlib.h>

struct relay_offers relay_offers_read(const struct reply_reader *reply)
{
	const char *size = reply_reader_keyword(reply, "SIZE");
	struct relay_offers offers = {
		.sizes = size != NULL,
		.eight_bit = reply_reader_keyword(reply, "8BITMIME") != NULL,
		.pipelining = reply_reader_keyword(reply, "PIPELINING") != NULL,
	};
	if (size != NULL && *size >= '0' && *size <= '9') {
		errno = 0;
		offers.size = strtoull(size, NULL, 10);
		if (errno != 0)
			offers.size = 0; // beyond 64 bits is no limit
	}
	return offers;
}
