// SPDX-License-Identifier: BSD-3-Clause
//
// DNS messages (RFC 1035, 4): the question that we send and what an answer says. Nothing in a message is trusted: neither its
// lengths nor its names, nor that it answers what was asked.
//
// Pure functions; memory from the heap given.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/dns/dns.h"

#define DNS_ASK_MOST 300 // header, name, type and class, OPT
#define DNS_PAYLOAD \
	1232 // bytes of UDP that come through everywhere unfragmented (DNS flag day 2020)
#define DNS_MESSAGE_MOST 65535

// The question, with EDNS (RFC 6891) if so wanted; returns its length. `name` as dns_name_lower() gives it.
size_t dns_message_ask(
	uint8_t out[DNS_ASK_MOST], uint16_t id, const char *name, enum dns_type type, bool edns);

struct dns_message {
	const struct dns_answer *answer; // NULL: DNS_TROUBLE
	size_t bytes;                    // of its memory; 0: it is nobody's
	const char *why;                 // of DNS_TROUBLE; static
	bool format_error;               // FORMERR
	uint32_t ttl;                    // seconds; of a negative answer by its SOA (RFC 2308, 5)
	bool has_ttl;                    // false: a negative answer without one
};

// What `message` answers to the question for name and type. Records count that belong to the name, or to what it is a CNAME of.
void dns_message_read(const uint8_t *message, size_t length, const char *name, enum dns_type type,
	struct heap *heap, struct dns_message *read);
