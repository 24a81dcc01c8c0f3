// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/segment.h"

#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/wire_format.h"

#define IP  ETHER_LENGTH
#define MSS 4u // option

uint32_t segment_sum(const char *bytes, uint32_t length)
{
	uint32_t sum = 0;
	for (uint32_t i = 0; i + 1 < length; i += 2)
		sum += load16((const uint8_t *)bytes + i);
	if (length % 2 != 0)
		sum += (uint32_t)(uint8_t)bytes[length - 1] << 8;
	return checksum_fold(sum);
}

static uint32_t sum_of(const void *bytes, uint32_t length)
{
	return segment_sum(bytes, length);
}

void segment_prepare(struct wire_side *side)
{
	uint8_t *ip = side->head4 + IP, *tcp = ip + IPV4_LENGTH;
	memcpy(side->head4, side->peer_mac, 6);
	memcpy(side->head4 + 6, side->mac, 6);
	memcpy(side->head6, side->head4, 12);
	store16(side->head4 + 12, ETHER_TYPE_IPV4);
	store16(side->head6 + 12, ETHER_TYPE_IPV6);
	ip[0] = 0x45;
	ip[6] = 0x40; // don't fragment
	ip[8] = 64;
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 16, side->target4.octet + 12, 4);
	store16(tcp + 2, side->target_port);
	side->ip_sum4 = sum_of(ip, IPV4_LENGTH);
	side->sum4 = sum_of(ip + 16, 4) + PROTOCOL_TCP + side->target_port;

	ip = side->head6 + IP;
	tcp = ip + IPV6_LENGTH;
	ip[0] = 0x60;
	ip[6] = PROTOCOL_TCP;
	ip[7] = 64;
	memcpy(ip + 8, side->network6, 16);
	memcpy(ip + 24, side->target6.octet, 16);
	store16(tcp + 2, side->target_port);
	// The number goes into octets that are 0 in the network.
	side->sum6 = sum_of(ip + 8, 32) + PROTOCOL_TCP + side->target_port;
}

static inline uint32_t halves(uint32_t word)
{
	return (word >> 16) + (word & 0xffff);
}

// TCP header and payload at `tcp`; `sum`: of the pseudo header but its length, with the port of the target.
static uint32_t write_tcp(
	const struct segment *segment, uint32_t sum, uint32_t payload_sum, uint8_t *tcp)
{
	bool syn = (segment->flags & SEGMENT_SYN) != 0;
	uint32_t header = TCP_LENGTH + (syn ? MSS : 0), length = header + segment->length;
	uint16_t offset_flags = (uint16_t)(header / 4 << 12 | segment->flags);
	store16(tcp, segment->port);
	store32(tcp + 4, segment->sequence);
	store32(tcp + 8, segment->acknowledgement);
	store16(tcp + 12, offset_flags);
	store16(tcp + 14, segment->window);
	sum += length + segment->port + halves(segment->sequence) +
	       halves(segment->acknowledgement) + offset_flags + segment->window + payload_sum;
	if (syn) {
		uint16_t mss = segment->ipv6 ? SEGMENT_MSS6 : SEGMENT_MSS4;
		store16(tcp + TCP_LENGTH, 0x0204);
		store16(tcp + TCP_LENGTH + 2, mss);
		sum += 0x0204u + mss;
	}
	memcpy(tcp + header, segment->payload, segment->length);
	store16(tcp + 16, (uint16_t)~checksum_fold(sum));
	return length;
}

uint16_t segment_write(const struct wire_side *side, const struct segment *segment,
	uint32_t payload_sum, uint8_t *frame)
{
	uint8_t *ip = frame + IP;
	uint32_t sum, length;
	if (segment->ipv6) {
		memcpy(frame, side->head6, sizeof(side->head6));
		store32(ip + 12, segment->source);
		sum = side->sum6 + halves(segment->source);
		length = write_tcp(segment, sum, payload_sum, ip + IPV6_LENGTH);
		store16(ip + 4, (uint16_t)length);
		return (uint16_t)(IP + IPV6_LENGTH + length);
	}
	uint32_t address = side->network4 + segment->source;
	memcpy(frame, side->head4, sizeof(side->head4));
	store32(ip + 12, address);
	sum = side->sum4 + halves(address);
	length = write_tcp(segment, sum, payload_sum, ip + IPV4_LENGTH) + IPV4_LENGTH;
	store16(ip + 2, (uint16_t)length);
	store16(ip + 10, (uint16_t)~checksum_fold(side->ip_sum4 + length + halves(address)));
	return (uint16_t)(IP + length);
}

bool segment_read(const struct wire_side *side, const uint8_t *frame, uint32_t length,
	struct segment *segment)
{
	const uint8_t *ip = frame + IP, *tcp;
	uint32_t end;
	if (length < IP + IPV4_LENGTH + TCP_LENGTH)
		return false;
	segment->ipv6 = load16(frame + 12) == ETHER_TYPE_IPV6;
	if (segment->ipv6) {
		tcp = ip + IPV6_LENGTH;
		end = IP + IPV6_LENGTH + load16(ip + 4);
		segment->source = memcmp(ip + 24, side->network6, 4) == 0 ? load32(ip + 28)
									  : UINT32_MAX;
		if (length < IP + IPV6_LENGTH + TCP_LENGTH || ip[6] != PROTOCOL_TCP)
			return false;
	} else {
		tcp = ip + IPV4_LENGTH;
		end = IP + load16(ip + 2);
		segment->source = load32(ip + 16) - side->network4;
		if (load16(frame + 12) != ETHER_TYPE_IPV4 || ip[0] != 0x45 || ip[9] != PROTOCOL_TCP)
			return false;
	}
	uint32_t header = (uint32_t)(tcp[12] >> 4) * 4, begin = (uint32_t)(tcp - frame) + header;
	if (end > length || header < TCP_LENGTH || begin > end || load16(tcp) != side->target_port)
		return false;
	segment->port = load16(tcp + 2);
	segment->sequence = load32(tcp + 4);
	segment->acknowledgement = load32(tcp + 8);
	segment->flags = tcp[13];
	segment->window = load16(tcp + 14);
	segment->length = (uint16_t)(end - begin);
	segment->payload = (const char *)frame + begin;
	return true;
}

bool segment_is_sound(const uint8_t *frame, const struct segment *segment)
{
	const uint8_t *ip = frame + IP;
	const uint8_t *tcp = ip + (segment->ipv6 ? IPV6_LENGTH : IPV4_LENGTH);
	uint32_t length = (uint32_t)((const uint8_t *)segment->payload - tcp) + segment->length;
	uint32_t sum = PROTOCOL_TCP + length;
	if (!segment->ipv6 && internet_checksum(0, ip, IPV4_LENGTH) != 0)
		return false;
	sum += segment->ipv6 ? sum_of(ip + 8, 32) : sum_of(ip + 12, 8);
	return checksum_fold(sum + sum_of(tcp, length)) == 0xffff;
}
