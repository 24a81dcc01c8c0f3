// SPDX-License-Identifier: BSD-3-Clause
//
// What all ICMPv6 senders share.
#pragma once

#include <stdint.h>

#include "dataplane/seam/address.h"
#include "dataplane/port/transmit.h"
#include "dataplane/frame/wire_format.h"

// 33-33 and the group's last four bytes (RFC 2464, 7).
static inline void icmp6_group_mac(const struct bs_address *group, uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->octet + 12, 4);
}

// Fills in the checksum of the message of `length` bytes at `at` (RFC 4443, 2.3) and sends it.
static inline void icmp6_send(struct dataplane *dataplane, const struct port *port,
	const struct bs_address *source, const struct bs_address *destination, uint8_t *at,
	uint16_t length, struct rte_mbuf *mbuf)
{
	uint32_t sum = pseudo_header_sum(source, destination, PROTOCOL_ICMP6, length);
	uint16_t checksum = internet_checksum(sum, at, length);
	memcpy(at + 2, &checksum, sizeof(checksum));
	transmit_send(dataplane, port, mbuf);
}
