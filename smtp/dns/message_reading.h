// SPDX-License-Identifier: BSD-3-Clause
//
// A message that is being read: for smtp/dns/message.c, which finds the records wanted, and smtp/dns/message_found.c, which makes an answer of
// them.
#pragma once

#include "smtp/dns/message.h"
#include "smtp/dns/wire_name.h"

#define RR_MOST 512u // records of a message that are looked at; a real one has a few dozen

struct rr {
	uint16_t owner, data, length; // owner, data: where they begin
	uint16_t type;
	uint32_t ttl;
};

struct reading {
	const uint8_t *message;
	size_t length;
	uint16_t flags;
	unsigned extended; // upper bits of the rcode, from OPT
	unsigned answers, authorities;
	struct rr rr[RR_MOST]; // the answers, then the authorities
	struct wire_name name; // whose records are wanted: at the end of the chain
	unsigned aliases;      // CNAMEs on the way there
	uint32_t ttl;
	unsigned found[DNS_RECORDS];
	unsigned count;
};

static inline uint16_t number16(const uint8_t *octet)
{
	return (uint16_t)(octet[0] << 8 | octet[1]);
}

static inline uint32_t number32(const uint8_t *octet)
{
	return (uint32_t)number16(octet) << 16 | number16(octet + 2);
}

// Fills in answer, bytes and TTL, or `why`. At least one record was found.
void message_take_found(const struct reading *reading, struct heap *heap, struct dns_message *read);
