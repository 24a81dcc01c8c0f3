// SPDX-License-Identifier: BSD-3-Clause
//
// Notices about addresses and gateways.
#include "dataplane/neighbour/neighbour_notice.h"

#include <stdio.h>
#include <time.h>

#include "dataplane/dataplane.h"

// Takes the text as far as it fits; `total` carries the severity, as the log writer expects of this kind.
static void push(
	struct dataplane *dataplane, enum bs_severity severity, const char *text, size_t length)
{
	struct bs_notice notice = {.kind = BS_NOTICE_NEIGHBOUR, .total = severity};
	struct timespec wall;
	clock_gettime(CLOCK_REALTIME, &wall);
	notice.wall_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec;
	notice.sample_length = length < BS_NOTICE_SAMPLE ? (uint8_t)length
							 : (uint8_t)BS_NOTICE_SAMPLE;
	memcpy(notice.sample, text, notice.sample_length);
	if (!bs_ring_push(dataplane->notices, &notice, sizeof(notice)))
		dataplane->counters->notices_lost++;
}

void neighbour_notice(struct dataplane *dataplane, enum bs_severity severity,
	const struct bs_address *address, const char *words, uint64_t mac)
{
	char text[BS_ADDRESS_TEXT + 64], name[BS_ADDRESS_TEXT];
	int length = snprintf(text, sizeof(text), "%s%s", bs_address_format(address, name), words);
	for (int shift = 40; shift >= 0 && (mac & MAC_KNOWN) != 0; shift -= 8)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "%02x%s",
			(unsigned)(mac >> shift & 0xff), shift > 0 ? ":" : "");
	push(dataplane, severity, text, (size_t)length);
}
