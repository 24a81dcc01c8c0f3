// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of neighbour discovery share: messages in, and the look at what comes out.
#pragma once

#include "dataplane/frame/local.h"
#include "tests/wire/wire.h"

#define LINK_LOCAL "fe80::ff:fe00:19"
#define GROUP      "ff02::1:ff00:25"
// One second of wait at most, one second of detection, two announcements two seconds apart.
#define SETTLED_MS 7000

static inline struct bs_address address_of(const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	return address;
}

static inline bool is_address(const void *at, const char *text)
{
	struct bs_address address = address_of(text);
	return memcmp(at, address.octet, 16) == 0;
}

// The message behind its first eight bytes: target and options.
struct body {
	uint8_t byte[64];
	size_t length;
};

static inline struct body body_of(const char *target, uint8_t option, const uint8_t *mac)
{
	struct body body = {.length = 16};
	struct bs_address address = address_of(target);
	memcpy(body.byte, address.octet, 16);
	if (option != 0) {
		body.byte[16] = option;
		body.byte[17] = 1;
		memcpy(body.byte + 18, mac, 6);
		body.length = 24;
	}
	return body;
}

#define message(peer, kind, body, ...) \
	wire_icmp(peer, .type = (kind), .payload = (body).byte, .payload_length = (body).length, \
		##__VA_ARGS__)
#define solicit(peer, body, ...)   message(peer, 135, body, ##__VA_ARGS__)
#define advertise(peer, body, ...) message(peer, 136, body, ##__VA_ARGS__)

// The next ICMPv6 message of this type among whatever else is sent; NULL when there is none.
static inline const struct wire_frame *next_message(struct wire *wire, uint8_t type)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(wire)) != NULL) {
		if (frame->protocol == PROTOCOL_ICMP6 && frame->payload[0] == type)
			return frame;
	}
	return NULL;
}

static inline bool has_notice(struct wire *wire, const char *text)
{
	struct bs_notice notice;
	while (wire_notice(wire, &notice)) {
		if (memmem(notice.sample, notice.sample_length, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

static inline enum local_state state6(struct wire *wire)
{
	return local_state(&wire->ports.local[1]);
}
