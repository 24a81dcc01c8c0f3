// SPDX-License-Identifier: BSD-3-Clause
//
// What a triplet is found by.
//
// The sender's local part is made the same for all mails of a list or a pool whose envelope senders differ from mail to mail (VERP, BATV),
// in the way that users of other greylisting programs know: what follows a + is left out, a word of digits counts as any other, and so does
// the tag of prvs=TAG=local. Upper case is lower case.
#include "smtp/memory/memory_table.h"

#include <string.h>

// Bits of a network that counts as one sender: pools of big senders are often in one.
#define IPV4_OCTETS 15u // of the 16 with the prefix of mapped addresses: /24
#define IPV6_OCTETS 8u  // /64

// Addresses are shorter (RFC 5321, 4.5.3.1); of what isn't the rest does not count.
#define ADDRESS_MOST 320u

// Bytes to be hashed; what is behind them is anything.
struct text {
	size_t length;
	union {
		uint8_t octet[16 + 2 * (ADDRESS_MOST + 1) + 6];
		uint64_t word[(16 + 2 * (ADDRESS_MOST + 1) + 6) / 8];
	};
};
_Static_assert(
	sizeof(((struct text *)0)->octet) == sizeof(((struct text *)0)->word), "whole words");

static uint8_t lower(char c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

static void add(struct text *text, uint8_t octet)
{
	if (text->length < sizeof(text->octet))
		text->octet[text->length++] = octet;
}

static void add_address(struct text *text, const char *address, size_t length)
{
	for (size_t i = 0; i < length && i < ADDRESS_MOST; i++)
		add(text, lower(address[i]));
	add(text, 0);
}

// Behind "prvs=TAG=", where that begins the local part (draft-levine-smtp-batv).
static const char *behind_batv(const char *local, const char *end)
{
	const char *tag = local + 5;
	if (end - local < 6 || strncasecmp(local, "prvs=", 5) != 0)
		return local;
	const char *sign = memchr(tag, '=', (size_t)(end - tag));
	return sign != NULL && sign + 1 < end ? sign + 1 : local;
}

static void add_sender(struct text *text, const char *sender)
{
	size_t length = strnlen(sender, ADDRESS_MOST);
	const char *at = memrchr(sender, '@', length);
	const char *end = at != NULL ? at : sender + length;
	const char *c = behind_batv(sender, end);
	while (c < end && *c != '+') {
		const char *word = c;
		while (c < end && is_digit(*c))
			c++;
		if (c > word && (c == end || !is_word(*c))) {
			add(text, '#');
			continue;
		}
		while (c < end && is_word(*c))
			c++;
		if (c == word) // a mark between words
			c++;
		while (word < c)
			add(text, lower(*word++));
	}
	add_address(text, end, (size_t)(sender + length - end));
}

// A zero ends each part, so the zeros that fill the last word say nothing.
static struct memory_key hashed(
	const struct memory *memory, struct text *text, enum memory_kind kind)
{
	struct memory_key key = {.kind = (uint8_t)kind};
	while (text->length % 8 != 0)
		text->octet[text->length++] = 0;
	for (size_t half = 0; half < 2; half++) {
		uint64_t hash = siphash(
			&memory->name[half], text->word, (unsigned)(text->length / 8), 2, 4);
		memcpy(key.octet + 8 * half, &hash, sizeof(hash));
	}
	return key;
}

struct memory_key greylist_network_key(
	const struct memory *memory, const struct bs_address *client, const char *spf_domain)
{
	struct memory_key key = {.kind = MEMORY_NETWORK};
	if (spf_domain != NULL) {
		struct text text;
		text.length = 0;
		add_address(&text, spf_domain, strnlen(spf_domain, ADDRESS_MOST));
		return hashed(memory, &text, MEMORY_DOMAIN);
	}
	memcpy(key.octet, client->octet, bs_address_is_ipv4(client) ? IPV4_OCTETS : IPV6_OCTETS);
	return key;
}

struct memory_key greylist_triplet_key(const struct memory *memory,
	const struct memory_key *network, const char *sender, const char *recipient)
{
	struct text text;
	text.length = sizeof(network->octet);
	memcpy(text.octet, network->octet, sizeof(network->octet));
	add_sender(&text, sender);
	add_address(&text, recipient, strnlen(recipient, ADDRESS_MOST));
	return hashed(memory, &text, MEMORY_TRIPLET);
}
