// SPDX-License-Identifier: BSD-3-Clause
//
// Building frames for tests. Written without the program's own transmit path and checksums, so that a fault there does
// not hide itself here.
#include "tests/wire/build.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

const uint8_t wire_mac[6] = {0x02, 0, 0, 0, 0, 0x19};
const uint8_t wire_peer_mac[6] = {0x02, 0, 0, 0, 0x0a, 0x01};
const uint8_t wire_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

// IPv4 into the last four bytes, as struct bs_address has it.
static struct bs_address address_of(const char *text)
{
	struct bs_address address = {{[10] = 0xff, [11] = 0xff}};
	if (inet_pton(AF_INET, text, address.octet + 12) != 1) {
		int fine = inet_pton(AF_INET6, text, address.octet);
		assert(fine == 1);
		(void)fine;
	}
	return address;
}

struct wire_peer wire_peer(struct wire *wire, bool ipv6)
{
	struct wire_peer peer = {
		.wire = wire,
		.ipv6 = ipv6,
		.address = address_of(ipv6 ? WIRE_PEER6 : WIRE_PEER4),
		.local = address_of(ipv6 ? WIRE_LOCAL6 : WIRE_LOCAL4),
		.port = WIRE_PEER_PORT,
		.service = WIRE_SERVICE,
		.seq = 0x10203040,
	};
	memcpy(peer.mac, wire_peer_mac, 6);
	return peer;
}

uint16_t wire_naive_checksum(uint32_t sum, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	for (size_t i = 0; i + 1 < length; i += 2) {
		sum += get16(at + i);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (length % 2 == 1) {
		sum += (unsigned)at[length - 1] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

// Sum of the pseudo header whose addresses stand at `at`, `size` bytes both of them.
static uint32_t pseudo(const uint8_t *at, size_t size, uint8_t protocol, unsigned length)
{
	uint32_t sum = protocol + length;
	for (size_t i = 0; i < size; i += 2)
		sum += get16(at + i);
	return sum;
}

static uint8_t checksum_offset(uint8_t protocol)
{
	return protocol == 6 ? 16 : 2;
}

// The upper layer's checksum; `l4_length` counts from l4.
static void sum_upper(
	struct wire_bytes *out, bool ipv6, uint8_t protocol, unsigned l4_length, bool bad)
{
	uint8_t *at = out->byte + out->l4;
	const uint8_t *ip = out->byte + out->l3;
	uint32_t sum = 0;
	if (protocol != 6 && protocol != 1 && protocol != 58)
		return;
	if (l4_length < checksum_offset(protocol) + 2u)
		return;
	if (ipv6)
		sum = pseudo(ip + 8, 32, protocol, l4_length);
	else if (protocol == 6)
		sum = pseudo(ip + 12, 8, protocol, l4_length);
	put16(at + checksum_offset(protocol), 0);
	unsigned checksum = wire_naive_checksum(sum, at, l4_length);
	put16(at + checksum_offset(protocol), bad ? checksum ^ 0x0100 : checksum);
}

static void sum_ipv4(struct wire_bytes *out, bool bad)
{
	uint8_t *ip = out->byte + out->l3;
	put16(ip + 10, 0);
	unsigned checksum = wire_naive_checksum(0, ip, (ip[0] & 15u) * 4);
	put16(ip + 10, bad ? checksum ^ 0x0100 : checksum);
}

void wire_repair(struct wire_bytes *out)
{
	const uint8_t *ip = out->byte + out->l3;
	bool ipv6 = ip[0] >> 4 == 6;
	if (!ipv6)
		sum_ipv4(out, false);
	unsigned end = out->l3 + (ipv6 ? 40u + get16(ip + 4) : get16(ip + 2));
	uint8_t protocol = ipv6 ? (out->l4 > out->l3 + 40 ? 58 : ip[6]) : ip[9];
	if (end > out->l4 && end <= out->length) // the length field may be one of the changed bytes
		sum_upper(out, ipv6, protocol, end - out->l4, false);
}

static void ethernet(const struct wire_peer *peer, const struct wire_packet *packet,
	const uint8_t *to, unsigned ether_type, struct wire_bytes *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->byte, packet->to != NULL ? packet->to : to, 6);
	memcpy(out->byte + 6, packet->from != NULL ? packet->from : peer->mac, 6);
	out->l3 = 14;
	if (packet->tagged) {
		put16(out->byte + 12, 0x8100);
		put16(out->byte + 14, packet->vlan);
		out->l3 = 18;
	}
	put16(out->byte + out->l3 - 2, packet->ether_type != 0 ? packet->ether_type : ether_type);
}

static uint8_t *tcp_options(const struct wire_packet *packet, uint8_t *at)
{
	if (packet->options != NULL) {
		memcpy(at, packet->options, packet->options_length);
		return at + packet->options_length;
	}
	if (packet->mss != 0) {
		at[0] = 2;
		at[1] = 4;
		put16(at + 2, packet->mss);
		at += 4;
	}
	if (packet->sack_permitted) {
		memcpy(at, (const uint8_t[]){1, 1, 4, 2}, 4);
		at += 4;
	}
	if (packet->has_window_scale || packet->window_scale != 0) {
		memcpy(at, (const uint8_t[]){1, 3, 3, packet->window_scale}, 4);
		at += 4;
	}
	unsigned blocks = 0;
	while (blocks < 3 && (packet->sack[blocks][0] | packet->sack[blocks][1]) != 0)
		blocks++;
	if (blocks > 0) {
		memcpy(at, (const uint8_t[]){1, 1, 5, (uint8_t)(2 + 8 * blocks)}, 4);
		at += 4;
		for (unsigned i = 0; i < blocks; i++, at += 8) {
			put32(at, packet->sack[i][0]);
			put32(at + 4, packet->sack[i][1]);
		}
	}
	return at;
}

static uint8_t *tcp_header(
	const struct wire_peer *peer, const struct wire_packet *packet, uint8_t *at)
{
	put16(at, packet->source_port != 0 || packet->source_port_zero ? packet->source_port
								       : peer->port);
	put16(at + 2, packet->destination_port != 0 ? packet->destination_port : peer->service);
	put32(at + 4, packet->seq != 0 ? packet->seq : peer->seq);
	if ((packet->flags & TCP_ACK) != 0 || packet->ack != 0)
		put32(at + 8, packet->ack != 0 ? packet->ack : peer->ack);
	at[13] = packet->flags;
	put16(at + 14, packet->window != 0 || packet->zero_window ? packet->window : 65535);
	uint8_t *end = tcp_options(packet, at + 20);
	at[12] = (uint8_t)((packet->tcp_data_offset != 0 ? packet->tcp_data_offset : (end - at) / 4)
			   << 4);
	return end;
}

// IP header and what extends it; returns where the upper layer begins.
static uint8_t *ip_header(uint8_t protocol, const struct wire_packet *packet, bool ipv6,
	const struct bs_address *source, const struct bs_address *destination, uint8_t *at)
{
	uint8_t ttl = packet->ttl != 0 || packet->ttl_zero ? packet->ttl
							   : (protocol == 58 ? 255 : 64);
	if (!ipv6) {
		at[0] = (uint8_t)(0x45 + packet->ip_options / 4);
		put16(at + 6, packet->fragment != 0 ? packet->fragment : 0x4000);
		at[8] = ttl;
		at[9] = protocol;
		memcpy(at + 12, source->octet + 12, 4);
		memcpy(at + 16, destination->octet + 12, 4);
		memset(at + 20, 1, packet->ip_options);
		return at + 20 + packet->ip_options;
	}
	at[0] = 0x60;
	at[6] = protocol;
	at[7] = ttl;
	memcpy(at + 8, source->octet, 16);
	memcpy(at + 24, destination->octet, 16);
	if (packet->router_alert) {
		at[6] = 0;
		memcpy(at + 40, (const uint8_t[]){protocol, 0, 5, 2, 0, 0, 1, 0}, 8);
		return at + 48;
	}
	if (packet->extension != 0) {
		at[6] = packet->extension;
		memcpy(at + 40, (const uint8_t[]){protocol, 0, 1, 4, 0, 0, 0, 0}, 8);
		return at + 48;
	}
	return at + 40;
}

void wire_build_ip(const struct wire_peer *peer, uint8_t protocol, const struct wire_packet *packet,
	struct wire_bytes *out)
{
	struct bs_address source = packet->source != NULL ? address_of(packet->source)
							  : peer->address;
	struct bs_address destination = packet->destination != NULL
						? address_of(packet->destination)
						: peer->local;
	bool ipv6 = !bs_address_is_ipv4(&destination);
	uint8_t group_mac[6] = {0x33, 0x33};
	memcpy(group_mac + 2, destination.octet + 12, 4);
	ethernet(peer, packet, ipv6 && destination.octet[0] == 0xff ? group_mac : wire_mac,
		ipv6 ? 0x86dd : 0x0800, out);

	if (packet->protocol != 0)
		protocol = packet->protocol;
	uint8_t *ip = out->byte + out->l3;
	uint8_t *at = ip_header(protocol, packet, ipv6, &source, &destination, ip);
	out->l4 = (uint16_t)(at - out->byte);
	if (protocol == 6) {
		at = tcp_header(peer, packet, at);
	} else if (protocol == 1 || protocol == 58) {
		at[0] = packet->type;
		at[1] = packet->code;
		put32(at + 4, packet->rest);
		at += 8;
	}
	size_t length = packet->payload_length;
	if (packet->payload != NULL) {
		if (length == 0)
			length = strlen(packet->payload);
		assert((size_t)(at - out->byte) + length + packet->padding <= WIRE_FRAME_BYTES);
		memcpy(at, packet->payload, length);
		at += length;
	}
	unsigned counted = (unsigned)(at - ip) - (ipv6 ? 40u : 0u);
	put16(ip + (ipv6 ? 4 : 2), counted + (unsigned)packet->ip_length_error);
	if (!ipv6)
		sum_ipv4(out, packet->bad_ip_checksum);
	sum_upper(out, ipv6, protocol, (unsigned)(at - out->byte) - out->l4, packet->bad_checksum);
	memset(at, 0xa5, packet->padding); // not zeros: padding that is read must be seen
	out->length = (uint16_t)(at - out->byte + packet->padding);
}

void wire_build_arp(
	const struct wire_peer *peer, const struct wire_packet *packet, struct wire_bytes *out)
{
	struct bs_address sender = packet->sender != NULL ? address_of(packet->sender)
							  : address_of(WIRE_GATEWAY4);
	struct bs_address target = packet->target != NULL ? address_of(packet->target)
							  : address_of(WIRE_LOCAL4);
	ethernet(peer, packet, packet->operation == 2 ? wire_mac : wire_broadcast, 0x0806, out);
	uint8_t *at = out->byte + out->l3;
	memcpy(at, (const uint8_t[]){0, 1, 8, 0, 6, 4}, 6);
	put16(at + 6, packet->operation != 0 ? packet->operation : 1);
	memcpy(at + 8, packet->sender_mac != NULL ? packet->sender_mac : peer->mac, 6);
	memcpy(at + 14, sender.octet + 12, 4);
	if (packet->target_mac != NULL)
		memcpy(at + 18, packet->target_mac, 6);
	memcpy(at + 24, target.octet + 12, 4);
	out->l4 = (uint16_t)(out->l3 + 28);
	memset(out->byte + out->l4, 0xa5, packet->padding);
	out->length = (uint16_t)(out->l4 + packet->padding);
}
