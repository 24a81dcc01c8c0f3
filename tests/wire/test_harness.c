// SPDX-License-Identifier: BSD-3-Clause
//
// The harness itself: both families reach the dataplane, time passes, buffers are counted.
#include "tests/wire/wire.h"

#include <rte_mbuf.h>

WIRE_TEST(harness, handshake_and_greeting, .wait_ms = 1000)
{
	wire_connect(peer);
	wire_expect_nothing(peer->wire);
	wire_advance(peer->wire, 1100);
	const struct wire_frame *greeting = wire_expect_tcp(peer, TCP_ACK);
	cr_assert_eq(memcmp(greeting->payload, "220 ", 4), 0);
	cr_assert_eq(peer->ack, greeting->seq + greeting->payload_length);
}

WIRE_TEST(harness, handshake_with_vlan, .vlan = 7)
{
	wire_tcp(peer, .flags = TCP_SYN, .tagged = true, .vlan = 7);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
	wire_expect_reason(peer->wire, BS_REASON_VLAN_OTHER, wire_tcp(peer, .flags = TCP_SYN));
	wire_expect_reason(peer->wire, BS_REASON_VLAN_OTHER,
		wire_tcp(peer, .flags = TCP_SYN, .tagged = true, .vlan = 8));
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(harness, handshake_with_offload, .fills = true)
{
	wire_connect(peer); // the harness fills in and checks the checksums
}

WIRE_TEST(harness, more_than_a_burst)
{
	struct wire_bytes bytes;
	for (unsigned i = 0; i < 100; i++) {
		wire_build_ip(peer, PROTOCOL_TCP,
			&(struct wire_packet){.flags = TCP_ACK, .bad_checksum = true}, &bytes);
		wire_queue(peer->wire, bytes.byte, bytes.length, 0);
	}
	wire_poll(peer->wire);
	cr_assert_eq(peer->wire->counters.reason[BS_REASON_TCP_CHECKSUM], 100);
	cr_assert_eq(peer->wire->counters.rx_packets, 100);
	wire_expect_nothing(peer->wire);
}

WIRE_TEST(harness, larger_than_a_buffer)
{
	static const char payload[2500];
	wire_expect_reason(peer->wire, BS_REASON_FRAME_SEGMENTED,
		wire_tcp(peer, .flags = TCP_ACK, .payload = payload,
			.payload_length = sizeof(payload)));
}
