// SPDX-License-Identifier: BSD-3-Clause
//
// What the tests of the frame parser share: our addresses, a frame built and parsed. One include a test program.
#pragma once

#include <criterion/criterion.h>

#include "dataplane/frame/local.h"
#include "dataplane/frame/wire_format.h"
#include "tests/wire/build.h"

static struct ports ports;
static struct frame frame;
static struct wire_bytes bytes;

static inline void add_local(const char *text, uint8_t prefix, enum local_state state)
{
	struct local *local = &ports.local[ports.local_count++];
	cr_assert(bs_address_parse(text, &local->address));
	local->on_link = (struct bs_prefix){.address = local->address, .length = prefix};
	for (unsigned bit = prefix; bit < 128; bit++)
		local->on_link.address.octet[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	local->state = state;
}

static inline void setup(void)
{
	ports.port_count = 2;
	ports.service = WIRE_SERVICE;
	ports.port[1].index = 1;
	memcpy(ports.port[0].mac, wire_mac, 6);
	ports.port[0].mtu = ports.port[1].mtu = 1500;
	ports.port[1].mac[5] = 0x77;
	add_local(WIRE_LOCAL4, 96 + 24, LOCAL_READY);
	add_local(WIRE_LOCAL6, 64, LOCAL_READY);
	add_local("192.0.2.26", 96 + 24, LOCAL_TENTATIVE);
	add_local("2001:db8::26:2626", 64, LOCAL_TENTATIVE);
	add_local("192.0.2.27", 96 + 24, LOCAL_DUPLICATE);
	add_local("198.51.100.99", 96 + 31, LOCAL_READY);
}

static inline enum bs_reason parse(unsigned checksums)
{
	// A copy of exactly this size on the heap: reading behind it is seen by the sanitizer and by valgrind.
	uint8_t *copy = malloc(bytes.length + 1u);
	memcpy(copy + 1, bytes.byte, bytes.length); // and at an odd address
	memset(&frame, 0x5a, sizeof(frame));
	enum bs_reason reason = frame_parse(
		&ports, &ports.port[0], copy + 1, bytes.length, checksums, &frame);
	if (reason == BS_REASON_ACCEPTED && frame.kind == FRAME_TCP && frame.unchecked &&
		!frame_tcp_checksum(&frame))
		reason = BS_REASON_TCP_CHECKSUM;
	frame.bytes = bytes.byte;
	free(copy);
	return reason;
}

static inline enum bs_reason parse_ip(
	bool ipv6, uint8_t protocol, unsigned checksums, const struct wire_packet *packet)
{
	struct wire_peer peer = wire_peer(NULL, ipv6);
	wire_build_ip(&peer, protocol, packet, &bytes);
	return parse(checksums);
}

#define TCP4(...)            parse_ip(false, 6, 0, &(struct wire_packet){__VA_ARGS__})
#define TCP6(...)            parse_ip(true, 6, 0, &(struct wire_packet){__VA_ARGS__})
#define ICMP4(...)           parse_ip(false, 1, 0, &(struct wire_packet){__VA_ARGS__})
#define ICMP6(...)           parse_ip(true, 58, 0, &(struct wire_packet){__VA_ARGS__})
#define expect(reason, call) cr_expect_eq((call), BS_REASON_##reason)

static inline bool is_address(const struct bs_address *address, const char *text)
{
	struct bs_address other;
	return bs_address_parse(text, &other) && bs_address_equal(address, &other);
}
