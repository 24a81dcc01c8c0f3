// SPDX-License-Identifier: BSD-3-Clause
//
// Frames as a peer would send them, right by default and wrong where a test asks for it. No DPDK: unit tests
// of the frame parser build their input here too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/seam/address.h"

struct wire;

extern const uint8_t wire_mac[6];      // of our port
extern const uint8_t wire_peer_mac[6]; // of peers and gateways
extern const uint8_t wire_broadcast[6];

#define WIRE_LOCAL4      "192.0.2.25"
#define WIRE_LOCAL6      "2001:db8::25"
#define WIRE_GATEWAY4    "192.0.2.1"
#define WIRE_GATEWAY6    "fe80::1"
#define WIRE_PEER4       "198.51.100.7"
#define WIRE_PEER6       "2001:db8:7::7"
#define WIRE_PEER_PORT   40000
#define WIRE_SERVICE     25
#define WIRE_FRAME_BYTES 4096

// Somebody out there, and his end of one TCP connection to us. The TCP fields are conveniences of wire_tcp(), wire_say() and
// wire_expect_tcp(): `seq` and `ack` go into a segment that names none, and move on with what is sent and seen.
struct wire_peer {
	struct wire *wire;
	bool ipv6;
	uint8_t mac[6];
	struct bs_address address, local;
	uint16_t port, service;
	uint32_t seq; // next byte we send
	uint32_t ack; // next byte expected from barscreen
};

// An IPv4 or IPv6 peer from its default address and port to our address.
struct wire_peer wire_peer(struct wire *wire, bool ipv6);

// What a frame is made of. Everything has a default, written behind it; what is zero is default.
struct wire_packet {
	// Ethernet
	const uint8_t *to,
		*from; // MAC addresses: our port's, the peer's; to a group address its group MAC
	bool tagged;   // with an 802.1Q tag of this VLAN id
	uint16_t vlan;
	uint16_t ether_type; // that of the family
	uint16_t padding;    // bytes behind the packet
	// IP
	const char *source, *destination; // text: the peer's address, ours
	uint8_t ttl;                      // 64; 255 for ICMPv6
	bool ttl_zero;
	uint8_t protocol;     // what the builder is for
	uint16_t fragment;    // IPv4: flags and offset; DF
	uint8_t ip_options;   // IPv4: bytes of no-operation, a multiple of 4
	bool router_alert;    // IPv6: hop-by-hop header with it
	uint8_t extension;    // IPv6: eight empty bytes of this header
	int ip_length_error;  // added to the length field
	bool bad_ip_checksum; // IPv4
	bool bad_checksum;    // of TCP, ICMP
	// TCP
	uint16_t source_port, destination_port; // the peer's, ours
	bool source_port_zero;
	uint32_t seq, ack; // the peer's
	uint8_t flags;     // enum tcp_flags
	uint16_t window;   // 65535
	bool zero_window;
	uint16_t mss;         // no option
	uint8_t window_scale; // no option
	bool has_window_scale;
	bool sack_permitted;
	uint32_t sack[3][2]; // blocks, as many as are not 0, 0
	const uint8_t *options;
	uint8_t options_length;  // raw ones instead, a multiple of 4
	uint8_t tcp_data_offset; // in words; as long as it is
	// ICMP
	uint8_t type, code;
	uint32_t rest; // the four bytes behind the checksum
	// ARP
	uint16_t operation; // 1
	const char *sender, *target;
	const uint8_t *sender_mac, *target_mac; // the peer's, zero
	// behind the last header
	const void *payload;
	size_t payload_length; // 0: of the string
};

struct wire_bytes {
	uint16_t length;
	uint16_t l3, l4; // offsets
	uint8_t byte[WIRE_FRAME_BYTES];
};

// `protocol`: of the packet if it names none (6, 1 or 58).
void wire_build_ip(const struct wire_peer *peer, uint8_t protocol, const struct wire_packet *packet,
	struct wire_bytes *out);
void wire_build_arp(
	const struct wire_peer *peer, const struct wire_packet *packet, struct wire_bytes *out);

// Puts right the IPv4 header checksum and that of TCP, ICMP or ICMPv6 after bytes were changed.
void wire_repair(struct wire_bytes *bytes);

// The Internet checksum as RFC 1071 writes it down, to compare ours with.
uint16_t wire_naive_checksum(uint32_t sum, const void *bytes, size_t length);
