// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers and loads for what is on the wire. Frames are byte arrays at any alignment: fields are loaded and stored
// through memcpy, which the compiler turns into one instruction, and never through a cast pointer.
#pragma once

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define ETHER_LENGTH 14u
#define VLAN_LENGTH  4u
#define ARP_LENGTH   28u // RFC 826 with 6 and 4 byte addresses
#define IPV4_LENGTH  20u // without options
#define IPV6_LENGTH  40u
#define TCP_LENGTH   20u // without options

#define HOP_LIMIT 64u // of what we send (RFC 1122, 3.2.1.7)

#define ETHER_TYPE_IPV4 0x0800u
#define ETHER_TYPE_ARP  0x0806u
#define ETHER_TYPE_VLAN 0x8100u
#define ETHER_TYPE_IPV6 0x86ddu

#define PROTOCOL_HOP_BY_HOP 0u
#define PROTOCOL_ICMP       1u
#define PROTOCOL_TCP        6u
#define PROTOCOL_ICMP6      58u

static inline uint16_t load16(const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof(value));
	return ntohs(value);
}

static inline uint32_t load32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return ntohl(value);
}

static inline void store16(uint8_t *at, uint16_t value)
{
	value = htons(value);
	memcpy(at, &value, sizeof(value));
}

static inline void store32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

// Words as they lie in memory, for comparing and copying.
static inline uint16_t raw16(const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint32_t raw32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static inline uint64_t raw64(const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}
