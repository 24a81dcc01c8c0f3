// SPDX-License-Identifier: BSD-3-Clause
//
// Taking a sent frame apart. Every frame that leaves must be flawless: lengths add up, checksums are right.
#include "tests/wire/see.h"

#include <string.h>

static const char *tcp_options(struct wire_frame *frame, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		if (at[0] == 0)
			return NULL;
		if (at[0] == 1) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return "TCP option with a length that does not fit";
		if (at[0] == 2 && at[1] == 4) {
			frame->mss = load16(at + 2);
		} else if (at[0] == 3 && at[1] == 3) {
			frame->window_scale = at[2];
		} else if (at[0] == 4 && at[1] == 2) {
			frame->sack_permitted = true;
		} else if (at[0] == 5 && at[1] >= 10 && at[1] <= 34 && (at[1] - 2) % 8 == 0) {
			frame->sack_count = (at[1] - 2u) / 8;
			for (unsigned i = 0; i < frame->sack_count; i++) {
				frame->sack[i][0] = load32(at + 2 + 8 * i);
				frame->sack[i][1] = load32(at + 6 + 8 * i);
			}
		} else {
			return "TCP option that barscreen never sends";
		}
		at += at[1];
	}
	return NULL;
}

static const char *see_tcp(struct wire_frame *frame, const uint8_t *at, unsigned length)
{
	if (length < 20)
		return "TCP header cut";
	unsigned header = (at[12] >> 4) * 4u;
	if (header < 20 || header > length)
		return "TCP data offset out of range";
	frame->source_port = load16(at);
	frame->destination_port = load16(at + 2);
	frame->seq = load32(at + 4);
	frame->ack = load32(at + 8);
	frame->flags = at[13];
	frame->window = load16(at + 14);
	frame->payload = at + header;
	frame->payload_length = (uint16_t)(length - header);
	frame->window_scale = -1;
	return tcp_options(frame, at + 20, at + header);
}

// Sum of the pseudo header by hand.
static uint32_t pseudo(const struct wire_frame *frame, unsigned length)
{
	const uint8_t *ip = frame->byte + frame->l3;
	bool ipv6 = frame->ether_type == ETHER_TYPE_IPV6;
	const uint8_t *at = ip + (ipv6 ? 8 : 12);
	uint32_t sum = frame->protocol + length;
	for (unsigned i = 0; i < (ipv6 ? 32u : 8u); i += 2)
		sum += load16(at + i);
	return sum;
}

static const char *see_upper(struct wire_frame *frame)
{
	const uint8_t *at = frame->byte + frame->l4;
	unsigned length = (unsigned)frame->length - frame->l4;
	bool icmp = frame->protocol == PROTOCOL_ICMP;
	if (wire_naive_checksum(icmp ? 0 : pseudo(frame, length), at, length) != 0)
		return "checksum of TCP or ICMP wrong";
	if (frame->protocol == PROTOCOL_TCP)
		return see_tcp(frame, at, length);
	if (length < 8)
		return "ICMP message cut";
	frame->payload = at;
	frame->payload_length = (uint16_t)length;
	return NULL;
}

static const char *see_ipv4(struct wire_frame *frame, const uint8_t *at, unsigned length)
{
	if (length < 20 || at[0] != 0x45 || load16(at + 2) != length)
		return "IPv4 header length or total length wrong";
	if (wire_naive_checksum(0, at, 20) != 0)
		return "IPv4 header checksum wrong";
	if (load16(at + 4) != 0 || load16(at + 6) != 0x4000)
		return "IPv4 identification not 0 or DF not set";
	frame->ttl = at[8];
	frame->protocol = at[9];
	frame->source = bs_address_from_ipv4(at + 12);
	frame->destination = bs_address_from_ipv4(at + 16);
	frame->l4 = (uint16_t)(frame->l3 + 20);
	if (frame->protocol != PROTOCOL_TCP && frame->protocol != PROTOCOL_ICMP)
		return "IPv4 protocol that barscreen never sends";
	return see_upper(frame);
}

static const char *see_ipv6(struct wire_frame *frame, const uint8_t *at, unsigned length)
{
	static const uint8_t alert[8] = {PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	if (length < 40 || load32(at) != 0x60000000 || load16(at + 4) + 40u != length)
		return "IPv6 header or payload length wrong";
	frame->ttl = at[7];
	frame->protocol = at[6];
	frame->source = bs_address_from_ipv6(at + 8);
	frame->destination = bs_address_from_ipv6(at + 24);
	frame->l4 = (uint16_t)(frame->l3 + 40);
	if (frame->protocol == PROTOCOL_HOP_BY_HOP) {
		if (length < 48 || memcmp(at + 40, alert, 8) != 0)
			return "hop-by-hop options other than Router Alert";
		frame->router_alert = true;
		frame->protocol = PROTOCOL_ICMP6;
		frame->l4 += 8;
	}
	if (frame->protocol != PROTOCOL_TCP && frame->protocol != PROTOCOL_ICMP6)
		return "IPv6 next header that barscreen never sends";
	return see_upper(frame);
}

const char *wire_see(struct wire_frame *frame)
{
	const uint8_t *at = frame->byte;
	if (frame->length < 14)
		return "shorter than an Ethernet header";
	memcpy(frame->to, at, 6);
	memcpy(frame->from, at + 6, 6);
	frame->ether_type = load16(at + 12);
	frame->l3 = 14;
	if (frame->ether_type == ETHER_TYPE_VLAN) {
		frame->vlan = load16(at + 14);
		frame->ether_type = load16(at + 16);
		frame->l3 = 18;
	}
	at += frame->l3;
	unsigned length = (unsigned)frame->length - frame->l3;
	switch (frame->ether_type) {
	case ETHER_TYPE_IPV4:
		return see_ipv4(frame, at, length);
	case ETHER_TYPE_IPV6:
		return see_ipv6(frame, at, length);
	case ETHER_TYPE_ARP:
		if (length != 28)
			return "ARP of a wrong length";
		frame->payload = at;
		frame->payload_length = 28;
		frame->source = bs_address_from_ipv4(at + 14);
		frame->destination = bs_address_from_ipv4(at + 24);
		return NULL;
	default:
		return "Ethernet type that barscreen never sends";
	}
}
