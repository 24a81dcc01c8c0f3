// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/dns/wire_name.h"

#include <string.h>

#define POINTER   0xc0u
#define NAME_MOST 255u // RFC 1035, 2.3.4

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

void wire_name_make(const char *name, struct wire_name *wire)
{
	size_t count = 0;
	while (*name != '\0') {
		size_t label = strcspn(name, ".");
		wire->octet[count++] = (uint8_t)label;
		memcpy(wire->octet + count, name, label);
		count += label;
		name += label + (name[label] == '.');
	}
	wire->octet[count++] = 0;
	wire->length = (uint8_t)count;
}

size_t wire_name_skip(const uint8_t *message, size_t length, size_t at)
{
	for (size_t begin = at; at < length && at - begin < NAME_MOST;) {
		uint8_t label = message[at];
		if (label == 0)
			return at + 1;
		if ((label & POINTER) == POINTER)
			return at + 2 <= length ? at + 2 : 0;
		if ((label & POINTER) != 0)
			return 0;
		at += 1u + label;
	}
	return 0;
}

// A pointer points before the piece of the name that it ends (4.1.4: "a prior occurance"), so no name is endless.
size_t wire_name_read(const uint8_t *message, size_t length, size_t at, struct wire_name *wire)
{
	size_t next = wire_name_skip(message, length, at), piece = at, count = 0;
	if (next == 0)
		return 0;
	while (at < length) {
		uint8_t label = message[at];
		if ((label & POINTER) == POINTER) {
			if (at + 1 >= length)
				return 0;
			size_t target = (size_t)(label & ~POINTER) << 8 | message[at + 1];
			if (target >= piece)
				return 0;
			piece = at = target;
			continue;
		}
		if ((label & POINTER) != 0 || at + 1 + label > length ||
			count + 1 + label > NAME_MOST)
			return 0;
		wire->octet[count++] = label;
		for (unsigned i = 0; i < label; i++)
			wire->octet[count++] = lower(message[at + 1 + i]);
		at += 1u + label;
		if (label == 0) {
			wire->length = (uint8_t)count;
			return next;
		}
	}
	return 0;
}

bool wire_name_equal(const struct wire_name *a, const struct wire_name *b)
{
	return a->length == b->length && memcmp(a->octet, b->octet, a->length) == 0;
}

bool wire_name_within(const struct wire_name *inner, const struct wire_name *outer)
{
	unsigned at = 0;
	while (inner->length - at > outer->length)
		at += 1u + inner->octet[at];
	return inner->length - at == outer->length &&
	       memcmp(inner->octet + at, outer->octet, outer->length) == 0;
}

static bool is_of_names(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

size_t wire_name_text(const struct wire_name *wire, char text[DNS_NAME])
{
	size_t count = 0;
	for (unsigned at = 0; wire->octet[at] != 0; at += 1u + wire->octet[at]) {
		if (count != 0)
			text[count++] = '.';
		for (unsigned i = 1; i <= wire->octet[at]; i++) {
			uint8_t c = wire->octet[at + i];
			((uint8_t *)text)[count++] = is_of_names(c) ? c : '?';
		}
	}
	text[count] = '\0';
	return count;
}
