// SPDX-License-Identifier: BSD-3-Clause
//
// Reading is two steps: a table of the records (rr), each proven to lie within the message; then the way from the question along CNAMEs
// to the records wanted. What contradicts itself, or comes from somebody who does not resolve, is trouble and never "no such name":
// on that a mail would be refused.
#include <string.h>

#include "smtp/dns/message_reading.h"

#define HEADER    12u
#define CLASS_IN  1u
#define CNAME     5u
#define SOA       6u
#define DNAME     39u
#define OPT       41u
#define RRSIG     46u
#define NS        2u
#define HOPS_MOST 12u // CNAMEs one after the other; unbound follows 11
#define RDATA_SOA 20u // five numbers behind its two names

enum flags {
	RESPONSE = 0x8000,
	OPCODE = 0x7800,
	AUTHORITATIVE = 0x0400,
	TRUNCATED = 0x0200,
	RECURSION_AVAILABLE = 0x0080
};

static const struct dns_answer no_data = {.status = DNS_NO_DATA};
static const struct dns_answer no_name = {.status = DNS_NO_NAME};

static uint8_t *put16(uint8_t *out, unsigned number)
{
	*out++ = (uint8_t)(number >> 8);
	*out++ = (uint8_t)number;
	return out;
}

size_t dns_message_ask(
	uint8_t out[DNS_ASK_MOST], uint16_t id, const char *name, enum dns_type type, bool edns)
{
	struct wire_name wire;
	uint8_t *at = put16(out, id);
	wire_name_make(name, &wire);
	at = put16(at, 0x0100); // recursion desired
	at = put16(at, 1);
	at = put16(at, 0);
	at = put16(at, 0);
	at = put16(at, edns);
	memcpy(at, wire.octet, wire.length);
	at = put16(at + wire.length, type);
	at = put16(at, CLASS_IN);
	if (edns) { // RFC 6891, 6.1.2: the root's name, type, payload, extended rcode and flags, no options
		*at++ = 0;
		at = put16(at, OPT);
		at = put16(at, DNS_PAYLOAD);
		memset(at, 0, 6);
		at += 6;
	}
	return (size_t)(at - out);
}

static const char *rcode_word(unsigned rcode)
{
	static const char *const word[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};
	return rcode < sizeof(word) / sizeof(word[0]) ? word[rcode] : "an error without a name";
}

// RFC 2181, 8: a TTL has 31 bits; more is 0.
static uint32_t ttl_of(const uint8_t *octet)
{
	uint32_t ttl = number32(octet);
	return ttl >> 31 ? 0 : ttl;
}

// Where the next record begins, 0 when this one is malformed.
static size_t read_rr(const struct reading *reading, size_t at, struct rr *rr, uint16_t *class)
{
	size_t fixed = wire_name_skip(reading->message, reading->length, at);
	if (fixed == 0 || fixed + 10 > reading->length)
		return 0;
	const uint8_t *octet = reading->message + fixed;
	*rr = (struct rr){.owner = (uint16_t)at,
		.type = number16(octet),
		.ttl = ttl_of(octet + 4),
		.length = number16(octet + 8),
		.data = (uint16_t)(fixed + 10)};
	*class = number16(octet + 2);
	return fixed + 10 + rr->length <= reading->length ? fixed + 10 + rr->length : 0;
}

// The records of a section that are ours to look at go into the table. False: malformed.
static bool read_section(struct reading *reading, size_t *at, unsigned records, unsigned *kept)
{
	for (unsigned i = 0; i < records; i++) {
		struct rr rr;
		uint16_t class;
		*at = read_rr(reading, *at, &rr, &class);
		if (*at == 0)
			return false;
		if (rr.type == OPT) // its TTL is something else: RFC 6891, 6.1.3
			reading->extended = reading->message[rr.data - 6];
		unsigned all = reading->answers + reading->authorities;
		if (kept != NULL && class == CLASS_IN && all < RR_MOST) {
			reading->rr[all] = rr;
			++*kept;
		}
	}
	return true;
}

// Header, question and sections. NULL, or what is wrong.
static const char *read_all(struct reading *reading, enum dns_type type)
{
	const uint8_t *message = reading->message;
	struct wire_name asked;
	if (reading->length < HEADER || reading->length > DNS_MESSAGE_MOST)
		return "malformed answer";
	reading->flags = number16(message + 2);
	if (!(reading->flags & RESPONSE) || (reading->flags & OPCODE) || number16(message + 4) != 1)
		return "not an answer";
	size_t at = wire_name_read(message, reading->length, HEADER, &asked);
	if (at == 0 || at + 4 > reading->length)
		return "malformed answer";
	if (!wire_name_equal(&asked, &reading->name) || number16(message + at) != type ||
		number16(message + at + 2) != CLASS_IN)
		return "answer to another question";
	if (reading->flags & TRUNCATED)
		return "truncated answer";
	at += 4;
	if (!read_section(reading, &at, number16(message + 6), &reading->answers) ||
		!read_section(reading, &at, number16(message + 8), &reading->authorities) ||
		!read_section(reading, &at, number16(message + 10), NULL))
		return "malformed answer";
	return NULL;
}

static bool owned(const struct reading *reading, const struct rr *rr, unsigned type)
{
	struct wire_name owner;
	return rr->type == type &&
	       wire_name_read(reading->message, reading->length, rr->owner, &owner) != 0 &&
	       wire_name_equal(&owner, &reading->name);
}

static void collect(struct reading *reading, enum dns_type type)
{
	for (unsigned i = 0; i < reading->answers && reading->count < DNS_RECORDS; i++) {
		if (!owned(reading, &reading->rr[i], type))
			continue;
		reading->found[reading->count++] = i;
		if (reading->rr[i].ttl < reading->ttl)
			reading->ttl = reading->rr[i].ttl;
	}
}

// To the name that ours is a CNAME of. 0: it is none, or the record is malformed (*why).
static bool follow(struct reading *reading, const char **why)
{
	for (unsigned i = 0; i < reading->answers; i++) {
		const struct rr *rr = &reading->rr[i];
		if (!owned(reading, rr, CNAME))
			continue;
		size_t end = (size_t)rr->data + rr->length;
		if (wire_name_read(reading->message, end, rr->data, &reading->name) != end) {
			*why = "malformed CNAME";
			return false;
		}
		if (rr->ttl < reading->ttl)
			reading->ttl = rr->ttl;
		reading->aliases++;
		return true;
	}
	return false;
}

static const char *resolve(struct reading *reading, enum dns_type type)
{
	const char *why = NULL;
	for (unsigned hop = 0; hop <= HOPS_MOST; hop++) {
		collect(reading, type);
		if (reading->count != 0 || !follow(reading, &why))
			return why;
	}
	return "too many CNAMEs";
}

// RFC 2308, 5: the least of the SOA's TTL and its last number. Says also whether there is one for our name.
static bool negative_ttl(const struct reading *reading, uint32_t *ttl)
{
	struct wire_name owner, skipped;
	for (unsigned i = 0; i < reading->authorities; i++) {
		const struct rr *rr = &reading->rr[reading->answers + i];
		size_t end = (size_t)rr->data + rr->length;
		if (rr->type != SOA ||
			wire_name_read(reading->message, reading->length, rr->owner, &owner) == 0 ||
			!wire_name_within(&reading->name, &owner))
			continue;
		size_t at = wire_name_read(reading->message, end, rr->data, &skipped);
		if (at != 0)
			at = wire_name_read(reading->message, end, at, &skipped);
		if (at == 0 || at + RDATA_SOA != end)
			continue;
		uint32_t minimum = ttl_of(reading->message + end - 4);
		*ttl = rr->ttl < minimum ? rr->ttl : minimum;
		if (reading->ttl < *ttl) // of the CNAMEs that led there
			*ttl = reading->ttl;
		return true;
	}
	return false;
}

static bool is_referral(const struct reading *reading)
{
	for (unsigned i = 0; i < reading->authorities; i++)
		if (reading->rr[reading->answers + i].type == NS)
			return true;
	return false;
}

// Answers that have nothing to do with the question: who sends such knows nothing about it. DNAMEs have made CNAMEs (RFC 6672, 5.3.1).
static bool has_strangers(const struct reading *reading)
{
	unsigned aliases = 0;
	for (unsigned i = 0; i < reading->answers; i++) {
		unsigned type = reading->rr[i].type;
		aliases += type == CNAME;
		if (type != CNAME && type != DNAME && type != RRSIG)
			return true;
	}
	return aliases != reading->aliases;
}

// Nothing found: whether we may believe that there is nothing.
static void read_negative(const struct reading *reading, bool exists, struct dns_message *read)
{
	bool authoritative = (reading->flags & AUTHORITATIVE) != 0;
	read->has_ttl = negative_ttl(reading, &read->ttl);
	if (!authoritative && !(reading->flags & RECURSION_AVAILABLE))
		read->why = "the server does not resolve";
	else if (has_strangers(reading))
		read->why = "answer to another question";
	else if (!read->has_ttl && !authoritative && is_referral(reading))
		read->why = "a referral"; // RFC 2308, 2.1.1
	else
		read->answer = exists ? &no_data : &no_name;
}

void dns_message_read(const uint8_t *message, size_t length, const char *name, enum dns_type type,
	struct heap *heap, struct dns_message *read)
{
	struct reading reading = {.message = message, .length = length, .ttl = UINT32_MAX};
	*read = (struct dns_message){0};
	wire_name_make(name, &reading.name);
	read->why = read_all(&reading, type);
	if (read->why != NULL)
		return;
	unsigned rcode = (reading.flags & 15u) | reading.extended << 4;
	if (rcode != 0 && rcode != 3) {
		read->why = rcode_word(rcode);
		read->format_error = rcode == 1;
		return;
	}
	read->why = resolve(&reading, type);
	if (read->why != NULL)
		return;
	if (reading.count == 0)
		read_negative(&reading, rcode == 0, read);
	else if (rcode != 0)
		read->why = "records of a name that does not exist";
	else
		message_take_found(&reading, heap, read);
}
