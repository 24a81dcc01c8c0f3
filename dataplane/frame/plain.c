// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/frame/plain.h"

#include <string.h>

#include "dataplane/frame/frame_transport.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/wire_format.h"

#define MAC_BITS ((UINT64_C(1) << 48) - 1)

void plain_prepare(struct plain *plain, const struct ports *ports, const struct port *port)
{
	uint8_t head[8] = {0}, mask[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0};
	memset(plain, 0, sizeof(*plain));
	memcpy(head, port->mac, 6);
	plain->head = raw64(head);
	plain->head_mask = raw64(mask); // IEEE 802, the I/G bit of the source is zero
	plain->mac = plain->head;
	plain->service = htons(ports->service);
	plain->l3 = ETHER_LENGTH;
	if (port->vlan != 0) { // IEEE 802.1Q, 9.6: priority bits don't matter
		plain->tag = htonl(ETHER_TYPE_VLAN << 16 | port->vlan);
		plain->tag_mask = htonl(UINT32_C(0xffff0fff));
		plain->l3 += VLAN_LENGTH;
	}
	for (unsigned i = 0; i < PLAIN_LOCALS; i++)
		plain->local[i].row = LOCAL_NONE;
}

void plain_learn(struct plain *plain, const struct ports *ports, const struct frame *frame)
{
	if (frame->local == LOCAL_NONE)
		return;
	struct plain_local *local = &plain->local[frame->destination.octet[15] % PLAIN_LOCALS];
	local->address = frame->destination;
	local->row = frame->local;
	local->host_bits = (uint8_t)(128 - ports->local[frame->local].on_link.length);
}

static inline bool ready(const struct ports *ports, const struct plain_local *local)
{
	return local->row != LOCAL_NONE && local_state(&ports->local[local->row]) == LOCAL_READY;
}

// A header without options: ten words of 16 bits, the sum of which is 0xffff (RFC 1071).
static inline bool ipv4_checksum(const uint8_t *at)
{
	uint64_t sum = (uint64_t)raw32(at) + raw32(at + 4) + raw32(at + 8) + raw32(at + 12) +
		       raw32(at + 16);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff || sum == 0x1fffe;
}

// As frame_tcp() sees it. `segment`: the length of the header and what follows.
static inline bool tcp(const struct plain *plain, const uint8_t *at, uint32_t segment)
{
	// A segment opens, ends, aborts or acknowledges, and of the first three at most one: bit set of the flags that may be, of
	// FIN, SYN, RST and (in PSH's place) ACK.
	static const uint16_t good = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12;
	uint32_t header = (uint32_t)(at[12] >> 4) * 4, flags = at[13];
	uint32_t verbs = (flags & 7) | (flags >> 1 & 8);
	uint16_t source = raw16(at), destination = raw16(at + 2);
	return (destination == plain->service) & (source != 0) & (header >= TCP_LENGTH) &
	       (header <= segment) & (good >> verbs & 1);
}

static inline bool ipv4(const struct plain *plain, const struct ports *ports, const uint8_t *at,
	uint32_t room, unsigned checksums)
{
	// At 6: fragments; at 9: the protocol.
	static const uint8_t mask[8] = {0x3f, 0xff, 0, 0xff}, want[8] = {[3] = PROTOCOL_TCP};
	uint32_t total = load16(at + 2), source = load32(at + 12), first = source >> 24;
	const struct plain_local *local = &plain->local[at[19] % PLAIN_LOCALS];
	if (((raw32(at + 6) & raw32(mask)) != raw32(want)) | (total > room) |
		(total < IPV4_LENGTH + TCP_LENGTH) | (first - 1 >= 223) | (first == 127))
		return false;
	if (raw32(at + 16) != raw32(local->address.octet + 12) || local->host_bits > 32 ||
		!ready(ports, local))
		return false;
	// On our own link the last address is a broadcast, and the same address is ours.
	if ((uint64_t)(source ^ load32(at + 16)) >> local->host_bits == 0)
		return false;
	if ((checksums & FRAME_IP_GOOD) == 0 && !ipv4_checksum(at))
		return false;
	return tcp(plain, at + IPV4_LENGTH, total - IPV4_LENGTH);
}

static inline bool ipv6(
	const struct plain *plain, const struct ports *ports, const uint8_t *at, uint32_t room)
{
	uint32_t payload = load16(at + 4);
	const struct plain_local *local = &plain->local[at[39] % PLAIN_LOCALS];
	// Mapped, unspecified and loopback sources begin with a zero, groups with ff.
	if ((at[6] != PROTOCOL_TCP) | (payload < TCP_LENGTH) | (IPV6_LENGTH + payload > room) |
		(at[8] == 0) | (at[8] == 0xff) | (at[24] == 0))
		return false;
	if (memcmp(at + 24, local->address.octet, 16) != 0 || !ready(ports, local) ||
		memcmp(at + 8, at + 24, 16) == 0)
		return false;
	return tcp(plain, at + IPV6_LENGTH, payload);
}

enum plain_kind plain_look(const struct plain *plain, const struct ports *ports,
	const uint8_t *bytes, uint32_t length, unsigned checksums)
{
	const uint8_t *at = bytes + plain->l3;
	uint32_t room = length - plain->l3;
	if (length < plain->l3 + IPV4_LENGTH + TCP_LENGTH ||
		(checksums & (FRAME_IP_BAD | FRAME_TCP_BAD)) != 0 ||
		(raw64(bytes) & plain->head_mask) != plain->head ||
		(raw64(bytes + 6) & MAC_BITS) == plain->mac ||
		(raw32(bytes + 12) & plain->tag_mask) != plain->tag)
		return PLAIN_NO;
	uint32_t type = load16(at - 2);
	if (type == ETHER_TYPE_IPV4 && at[0] == 0x45)
		return ipv4(plain, ports, at, room, checksums) ? PLAIN_IPV4 : PLAIN_NO;
	if (type == ETHER_TYPE_IPV6 && at[0] >> 4 == 6 && room >= IPV6_LENGTH + TCP_LENGTH)
		return ipv6(plain, ports, at, room) ? PLAIN_IPV6 : PLAIN_NO;
	return PLAIN_NO;
}
