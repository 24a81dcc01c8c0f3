// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/neighbours.h"

#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/wire_format.h"

#define ARP_REQUEST 1u
#define ARP_REPLY   2u
#define ND_SOLICIT  135u
#define ND_ADVERT   136u
#define ND_LENGTH   32u // with one option of a MAC address

static void ethernet(uint8_t *frame, const uint8_t to[6], const uint8_t from[6], uint16_t type)
{
	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	store16(frame + 12, type);
}

static uint16_t arp(uint8_t *frame, uint16_t operation, const uint8_t mac[6], uint32_t address,
	const uint8_t peer_mac[6], uint32_t peer)
{
	uint8_t *at = frame + ETHER_LENGTH;
	memset(at, 0, 60 - ETHER_LENGTH);
	store16(at, 1);
	store16(at + 2, ETHER_TYPE_IPV4);
	store16(at + 4, 6u << 8 | 4u);
	store16(at + 6, operation);
	memcpy(at + 8, mac, 6);
	store32(at + 14, address);
	memcpy(at + 18, peer_mac, 6);
	store32(at + 24, peer);
	return 60;
}

uint16_t neighbours_ask(const struct wire_side *side, uint32_t router4, uint8_t *frame)
{
	static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, none[6] = {0};
	ethernet(frame, all, side->mac, ETHER_TYPE_ARP);
	return arp(frame, ARP_REQUEST, side->mac, router4, none, load32(side->target4.octet + 12));
}

static uint16_t answer_arp(struct wire_side *side, const uint8_t *at, uint8_t *answer, bool *learnt)
{
	uint32_t sender = load32(at + 14), wanted = load32(at + 24);
	uint32_t target = load32(side->target4.octet + 12);
	if (load16(at + 6) == ARP_REPLY && sender == target) {
		*learnt = memcmp(side->peer_mac, at + 8, 6) != 0;
		memcpy(side->peer_mac, at + 8, 6);
		return 0;
	}
	// Neither his own probes and announcements (RFC 5227).
	if (load16(at + 6) != ARP_REQUEST || wanted == target || sender == 0)
		return 0;
	ethernet(answer, at + 8, side->mac, ETHER_TYPE_ARP);
	return arp(answer, ARP_REPLY, side->mac, wanted, at + 8, sender);
}

static uint16_t answer_solicitation(
	const struct wire_side *side, const uint8_t *frame, uint8_t *answer)
{
	static const uint8_t unspecified[16] = {0};
	const uint8_t *ip = frame + ETHER_LENGTH, *wanted = ip + IPV6_LENGTH + 8;
	uint8_t *out = answer + ETHER_LENGTH, *message = out + IPV6_LENGTH;
	struct bs_address from, to;
	if (memcmp(ip + 8, unspecified, 16) == 0 || memcmp(wanted, side->target6.octet, 16) == 0)
		return 0; // he looks whether his address is free
	ethernet(answer, frame + 6, side->mac, ETHER_TYPE_IPV6);
	memset(out, 0, IPV6_LENGTH + ND_LENGTH);
	out[0] = 0x60;
	store16(out + 4, ND_LENGTH);
	out[6] = PROTOCOL_ICMP6;
	out[7] = 255;
	memcpy(out + 8, wanted, 16);
	memcpy(out + 24, ip + 8, 16);
	message[0] = ND_ADVERT;
	message[4] = 0xe0; // router, solicited, override
	memcpy(message + 8, wanted, 16);
	message[24] = 2;
	message[25] = 1;
	memcpy(message + 26, side->mac, 6);
	from = bs_address_from_ipv6(out + 8);
	to = bs_address_from_ipv6(out + 24);
	uint16_t sum = internet_checksum(
		pseudo_header_sum(&from, &to, PROTOCOL_ICMP6, ND_LENGTH), message, ND_LENGTH);
	memcpy(message + 2, &sum, 2);
	return ETHER_LENGTH + IPV6_LENGTH + ND_LENGTH;
}

uint16_t neighbours_answer(struct wire_side *side, const uint8_t *frame, uint32_t length,
	uint8_t answer[NEIGHBOUR_FRAME], bool *learnt)
{
	*learnt = false;
	if (length >= ETHER_LENGTH + ARP_LENGTH && load16(frame + 12) == ETHER_TYPE_ARP)
		return answer_arp(side, frame + ETHER_LENGTH, answer, learnt);
	if (length >= ETHER_LENGTH + IPV6_LENGTH + 24 && load16(frame + 12) == ETHER_TYPE_IPV6 &&
		frame[ETHER_LENGTH + 6] == PROTOCOL_ICMP6 &&
		frame[ETHER_LENGTH + IPV6_LENGTH] == ND_SOLICIT)
		return answer_solicitation(side, frame, answer);
	return 0;
}
