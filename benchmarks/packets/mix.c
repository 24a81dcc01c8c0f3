// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/mix.h"

#include <string.h>

#include "benchmarks/packets/seeded.h"
#include "dataplane/frame/checksum.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"

#define PLAIN_NETWORK  0xcb017000u
#define PLAIN_HOSTS    4096u
#define ETHERNET_LEAST 60u

void mix_begin(struct mix *mix, const struct mix_settings *settings)
{
	*mix = (struct mix){.settings = *settings, .state = settings->seed};
	for (unsigned i = 0; i < MIX_KINDS; i++)
		mix->total += settings->weight[i];
}

uint32_t mix_sequence(const struct bs_address *source, uint16_t port)
{
	uint64_t half[2];
	memcpy(half, source->octet, 16);
	return (uint32_t)seeded_hash(half[0] ^ seeded_hash(half[1] ^ port));
}

static enum mix_kind draw_kind(struct mix *mix)
{
	uint32_t drawn = mix->total > 1 ? seeded_below(&mix->state, mix->total) : 0;
	unsigned kind = 0;
	while (kind < MIX_KINDS - 1 && drawn >= mix->settings.weight[kind])
		drawn -= mix->settings.weight[kind++];
	return (enum mix_kind)kind;
}

static struct bs_address ipv4(uint32_t number)
{
	uint32_t octets = htonl(number);
	return bs_address_from_ipv4(&octets);
}

static struct bs_address anybody(struct mix *mix, bool ipv6)
{
	if (ipv6) {
		uint64_t half[2] = {seeded_next(&mix->state), seeded_next(&mix->state)};
		struct bs_address address = bs_address_from_ipv6(half);
		// 2800::/6: nobody's list of prefixes.h has any of it, and nothing in it is special.
		address.octet[0] = 0x28 | (address.octet[0] & 3);
		return address;
	}
	uint32_t number;
	do {
		number = (uint32_t)(seeded_next(&mix->state) >> 32) | 1;
	} while (!prefixes_is_public(number) ||
		 (mix->settings.listed4 != NULL && prefixes_hold(mix->settings.listed4, number)));
	return ipv4(number);
}

static struct bs_address plain(struct mix *mix, bool ipv6)
{
	uint32_t host = seeded_below(&mix->state, PLAIN_HOSTS);
	if (!ipv6)
		return ipv4(PLAIN_NETWORK + host);
	struct bs_address address = {
		{0x2a, 0, 5, 0xb1, [6] = (uint8_t)(host >> 8), [7] = (uint8_t)host, [15] = 1}};
	return address;
}

static struct bs_address listed(struct mix *mix, bool ipv6)
{
	const struct prefixes *list = ipv6 ? mix->settings.listed6 : mix->settings.listed4;
	size_t *turn = ipv6 ? &mix->listed6 : &mix->listed4;
	const struct bs_prefix *prefix = &list->prefix[*turn];
	*turn = *turn + 1 < list->count ? *turn + 1 : 0;
	return prefixes_address(prefix, seeded_next(&mix->state));
}

static struct bs_address bogon(struct mix *mix, bool ipv6)
{
	static const uint32_t ipv4_bogon[][2] = {// network, host bits: RFC 1918, 6598, 2544
		{0x0a000000u, 0xffffffu}, {0xac100000u, 0xfffffu}, {0xc0a80000u, 0xffffu},
		{0x64400000u, 0x3fffffu}, {0xc6120000u, 0x1ffffu}};
	uint64_t random = seeded_next(&mix->state);
	if (!ipv6) {
		const uint32_t *row = ipv4_bogon[random % 5];
		return ipv4(row[0] | ((uint32_t)(random >> 32) & row[1]));
	}
	struct bs_address address = {{0xfd}}; // RFC 4193
	memcpy(address.octet + 1, &random, 8);
	return address;
}

static struct bs_address draw_source(struct mix *mix, enum mix_kind kind, bool ipv6)
{
	switch (kind) {
	case MIX_PLAIN:
		return plain(mix, ipv6);
	case MIX_LISTED:
		return listed(mix, ipv6);
	case MIX_BOGONS:
		return bogon(mix, ipv6);
	default:
		return anybody(mix, ipv6);
	}
}

// Returns the length of the TCP header.
static uint16_t tcp_header(struct mix *mix, enum mix_kind kind, const struct bs_address *source,
	const struct bs_address *destination, bool ipv6, uint8_t *tcp)
{
	uint64_t random = seeded_next(&mix->state);
	uint16_t port = (uint16_t)(1024 + (random & 0x7fff)), length = TCP_LENGTH;
	store16(tcp, port);
	store16(tcp + 2, mix->settings.service);
	if (kind == MIX_ACKS) {
		store32(tcp + 4, (uint32_t)(random >> 32));
		store32(tcp + 8, (uint32_t)seeded_next(&mix->state));
		tcp[13] = TCP_ACK;
	} else {
		store32(tcp + 4, mix_sequence(source, port));
		tcp[13] = TCP_SYN;
		tcp[20] = 2; // maximum segment size
		tcp[21] = 4;
		store16(tcp + 22, ipv6 ? 1440 : 1460);
		length += 4;
	}
	tcp[12] = (uint8_t)(length / 4 << 4);
	store16(tcp + 14, 64240);
	uint16_t sum = internet_checksum(
		pseudo_header_sum(source, destination, PROTOCOL_TCP, length), tcp, length);
	memcpy(tcp + 16, &sum, 2);
	return length;
}

static void ipv4_header(const struct bs_address *source, const struct bs_address *destination,
	uint16_t length, uint8_t *ip)
{
	ip[0] = 0x45;
	store16(ip + 2, (uint16_t)(IPV4_LENGTH + length));
	store16(ip + 6, 0x4000); // don't fragment
	ip[8] = 57;
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 12, source->octet + 12, 4);
	memcpy(ip + 16, destination->octet + 12, 4);
	uint16_t sum = internet_checksum(0, ip, IPV4_LENGTH);
	memcpy(ip + 10, &sum, 2);
}

static void ipv6_header(const struct bs_address *source, const struct bs_address *destination,
	uint16_t length, uint8_t *ip)
{
	ip[0] = 0x60;
	store16(ip + 4, length);
	ip[6] = PROTOCOL_TCP;
	ip[7] = 57;
	memcpy(ip + 8, source->octet, 16);
	memcpy(ip + 24, destination->octet, 16);
}

uint16_t mix_frame(struct mix *mix, uint8_t frame[MIX_FRAME_BYTES])
{
	enum mix_kind kind = draw_kind(mix);
	uint32_t share = mix->settings.ipv6;
	bool ipv6 = share != 0 && (share >= 100 || seeded_below(&mix->state, 100) < share);
	const struct bs_address *destination = ipv6 ? &mix->settings.local6 : &mix->settings.local4;
	struct bs_address source = draw_source(mix, kind, ipv6);
	uint16_t header = ipv6 ? IPV6_LENGTH : IPV4_LENGTH;

	memset(frame, 0, MIX_FRAME_BYTES);
	memcpy(frame, mix->settings.to, 6);
	memcpy(frame + 6, mix->settings.from, 6);
	store16(frame + 12, ipv6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
	uint8_t *ip = frame + ETHER_LENGTH;
	uint16_t length = tcp_header(mix, kind, &source, destination, ipv6, ip + header);
	if (ipv6)
		ipv6_header(&source, destination, length, ip);
	else
		ipv4_header(&source, destination, length, ip);
	length = (uint16_t)(length + header + ETHER_LENGTH);
	return length < ETHERNET_LEAST ? ETHERNET_LEAST : length;
}
