// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/reply.h"

#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/wire_format.h"

static void swap(uint8_t *a, uint8_t *b, unsigned length)
{
	uint8_t kept[16];
	memcpy(kept, a, length);
	memcpy(a, b, length);
	memcpy(b, kept, length);
}

static void tcp_header(uint8_t *ip, uint8_t *tcp, bool ipv6, uint8_t flags)
{
	struct bs_address from = ipv6 ? bs_address_from_ipv6(ip + 8)
				      : bs_address_from_ipv4(ip + 12);
	struct bs_address to = ipv6 ? bs_address_from_ipv6(ip + 24) : bs_address_from_ipv4(ip + 16);
	swap(tcp, tcp + 2, 2);
	swap(tcp + 4, tcp + 8, 4);
	store32(tcp + 8, load32(tcp + 8) + 1);
	tcp[12] = TCP_LENGTH / 4 << 4;
	tcp[13] = flags;
	memset(tcp + 16, 0, 4);
	uint16_t sum = internet_checksum(
		pseudo_header_sum(&from, &to, PROTOCOL_TCP, TCP_LENGTH), tcp, TCP_LENGTH);
	memcpy(tcp + 16, &sum, 2);
}

uint16_t reply_build(const uint8_t *syn_ack, uint8_t flags, uint8_t frame[MIX_FRAME_BYTES])
{
	bool ipv6 = load16(syn_ack + 12) == ETHER_TYPE_IPV6;
	uint8_t *ip = frame + ETHER_LENGTH, *tcp = ip + (ipv6 ? IPV6_LENGTH : IPV4_LENGTH);
	memcpy(frame, syn_ack, MIX_FRAME_BYTES);
	swap(frame, frame + 6, 6);
	if (ipv6) {
		swap(ip + 8, ip + 24, 16);
		store16(ip + 4, TCP_LENGTH);
	} else {
		swap(ip + 12, ip + 16, 4);
		store16(ip + 2, IPV4_LENGTH + TCP_LENGTH);
		memset(ip + 10, 0, 2);
		uint16_t sum = internet_checksum(0, ip, IPV4_LENGTH);
		memcpy(ip + 10, &sum, 2);
	}
	tcp_header(ip, tcp, ipv6, flags);
	return (uint16_t)(tcp - frame + TCP_LENGTH);
}
