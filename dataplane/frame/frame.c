// SPDX-License-Identifier: BSD-3-Clause
//
// The frame parser, from the Ethernet header to the IP header; frame_transport.c goes on from there. Every exit is
// a row of the table of reasons, every step names the clause it follows. Nothing is read before it is known
// to be inside the frame.
#include "dataplane/frame/frame.h"

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/frame_transport.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/wire_format.h"

static inline bool is_group(const uint8_t *mac)
{
	return (mac[0] & 1) != 0; // IEEE 802, the I/G bit; broadcast is one of them
}

static bool is_broadcast(const uint8_t *mac)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	return memcmp(mac, broadcast, sizeof(broadcast)) == 0;
}

// Ethernet source and destination, tag and type; `l3` is set. What a group destination is good for is for
// the upper protocol to say.
static enum bs_reason ethernet(
	const struct port *port, uint32_t length, struct frame *frame, uint16_t *type)
{
	const uint8_t *bytes = frame->bytes;
	if (length < ETHER_LENGTH || length > UINT16_MAX)
		return BS_REASON_FRAME_SHORT;
	if (is_group(bytes + 6) || memcmp(bytes + 6, port->mac, 6) == 0)
		return BS_REASON_FRAME_SOURCE;
	if (!is_group(bytes) && memcmp(bytes, port->mac, 6) != 0)
		return BS_REASON_FRAME_NOT_OURS;

	frame->l3 = ETHER_LENGTH;
	*type = load16(bytes + 12);
	uint16_t vlan = 0;
	if (*type == ETHER_TYPE_VLAN) {
		if (length < ETHER_LENGTH + VLAN_LENGTH)
			return BS_REASON_FRAME_SHORT;
		vlan = load16(bytes + 14) & 0x0fff;
		*type = load16(bytes + 16);
		frame->l3 += VLAN_LENGTH;
	}
	// IEEE 802.1Q, 6.9: a tag with VLAN 0 carries a priority only and counts as none. A second tag
	// ends in ETHERTYPE_OTHER.
	if (vlan != port->vlan)
		return BS_REASON_VLAN_OTHER;
	return BS_REASON_ACCEPTED;
}

// RFC 826, "Packet Reception", with the sanity checks it leaves to its reader.
static enum bs_reason arp(
	const struct ports *ports, const struct port *port, uint32_t length, struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l3;
	if (is_group(frame->bytes) && !is_broadcast(frame->bytes))
		return BS_REASON_FRAME_NOT_OURS;
	if (length < frame->l3 + ARP_LENGTH)
		return BS_REASON_FRAME_SHORT;
	// hardware Ethernet, protocol IPv4, their address lengths
	if (load16(at) != 1 || load16(at + 2) != ETHER_TYPE_IPV4 || at[4] != 6 || at[5] != 4)
		return BS_REASON_ARP_BAD;
	if (load16(at + 6) != 1 && load16(at + 6) != 2) // request, reply
		return BS_REASON_ARP_OTHER;
	if (is_group(at + 8)) // RFC 1812, 3.3.2: not believed
		return BS_REASON_ARP_BAD;

	frame->kind = FRAME_ARP;
	frame->length = (uint16_t)(frame->l3 + ARP_LENGTH);
	frame->l4 = frame->payload = frame->length;
	frame->source = bs_address_from_ipv4(at + 14);
	frame->destination = bs_address_from_ipv4(at + 24);
	frame->local = local_find_ready(ports, port, &frame->destination);
	return BS_REASON_ACCEPTED;
}

// None in a /31 (RFC 3021), and none of IPv6.
static bool directed_broadcast(const struct bs_prefix *subnet, uint32_t value)
{
	if (subnet->length <= 96 || subnet->length >= 127 || !bs_address_is_ipv4(&subnet->address))
		return false;
	uint32_t host = UINT32_MAX >> (subnet->length - 96);
	return (value | host) == value && (value & ~host) == load32(subnet->address.octet + 12);
}

// RFC 1122, 3.2.1.3, and RFC 1812, 5.3.7: sources that no packet may have. 240/4 is left to the class table.
static bool ipv4_martian(const struct ports *ports, const struct frame *frame)
{
	const uint8_t *source = frame->source.octet + 12;
	if (source[0] == 0 || source[0] == 127 || (source[0] & 0xf0) == 0xe0)
		return true;
	uint32_t value = load32(source);
	if (value == UINT32_MAX)
		return true;
	// (d): the directed broadcast of a subnet, as far as we can know it: our own.
	return directed_broadcast(&ports->local[frame->local].on_link, value);
}

// The policy for broadcast and groups has a name of its own: such packets are heard by everybody on the link, and are no sign of a
// wrong address. RFC 1122, 3.3.6, and RFC 9293, 3.9.2.3: TCP never answers them.
static bool ipv4_to_many(
	const struct ports *ports, const struct port *port, const struct bs_address *destination)
{
	uint32_t value = load32(destination->octet + 12);
	if (value >> 28 == 14 || value == UINT32_MAX)
		return true;
	for (unsigned i = 0; i < ports->local_count; i++) {
		if (ports->local[i].port == port->index &&
			directed_broadcast(&ports->local[i].on_link, value))
			return true;
	}
	return false;
}

// The steps of RFC 1812, 5.2.2, and RFC 1122, 3.2.1.
static enum bs_reason ipv4(const struct ports *ports, const struct port *port, uint32_t length,
	unsigned checksums, struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l3;
	// RFC 1122, 3.3.6: a datagram to one host that came by link-layer broadcast is discarded; groups are none of ours.
	if (is_group(frame->bytes))
		return BS_REASON_IP_BROADCAST;
	if (length < frame->l3 + IPV4_LENGTH) // 5.2.2 (1)
		return BS_REASON_FRAME_SHORT;
	if (at[0] >> 4 != 4) // (3)
		return BS_REASON_IP_VERSION;
	uint32_t header = (at[0] & 0x0fu) * 4;
	uint32_t total = load16(at + 2);
	if (header < IPV4_LENGTH || header > total) // (4), (5)
		return BS_REASON_IP_HEADER;
	if (frame->l3 + total > length)
		return BS_REASON_IP_LENGTH;
	if ((checksums & FRAME_IP_BAD) != 0) // (2)
		return BS_REASON_IP_CHECKSUM;
	if ((checksums & FRAME_IP_GOOD) == 0 && internet_checksum(0, at, header) != 0)
		return BS_REASON_IP_CHECKSUM;
	if (header > IPV4_LENGTH) // RFC 7126, 3: what a host has no use for it may drop
		return BS_REASON_IP_OPTIONS;
	// More fragments, or an offset. Our MSS fits the link and RFC 9293, 3.7.1, has senders heed it.
	if ((load16(at + 6) & 0x3fff) != 0)
		return BS_REASON_IP_FRAGMENT;

	frame->source = bs_address_from_ipv4(at + 12);
	frame->destination = bs_address_from_ipv4(at + 16);
	frame->length = (uint16_t)(frame->l3 + total); // Ethernet's padding ends here
	frame->l4 = (uint16_t)(frame->l3 + IPV4_LENGTH);
	frame->hop_limit = at[8]; // RFC 1122, 3.2.1.7: a host does not drop for a low TTL
	frame->local = local_find_ready(ports, port, &frame->destination);
	if (frame->local == LOCAL_NONE) // RFC 1122, 3.2.1.3
		return ipv4_to_many(ports, port, &frame->destination) ? BS_REASON_IP_BROADCAST
								      : BS_REASON_IP_NOT_OURS;
	if (bs_address_equal(&frame->source, &frame->destination))
		return BS_REASON_IP_LAND;
	if (ipv4_martian(ports, frame))
		return BS_REASON_IP_MARTIAN;
	switch (at[9]) {
	case PROTOCOL_TCP:
		return frame_tcp(checksums, frame);
	case PROTOCOL_ICMP:
		return frame_icmp(frame);
	default:
		return BS_REASON_IP_PROTOCOL;
	}
}

// Sources that no packet may have: RFC 4291, 2.5.3 (loopback),
// 2.7 (groups); and IPv4-mapped ones, which are our own notation for IPv4 and never on a wire (RFC 4942, 2.2).
static bool ipv6_martian(const struct bs_address *source)
{
	static const struct bs_address loopback = {{[15] = 1}};
	return source->octet[0] == 0xff || bs_address_equal(source, &loopback) ||
	       bs_address_is_ipv4(source);
}

// Hop-by-hop options in front of ICMPv6 with nothing but Router Alert and padding: what RFC 3810, 5, demands of MLD.
// Everything else that needs an extension header is not for us.
static bool router_alert(const uint8_t *at, uint32_t length)
{
	static const uint8_t alert[4] = {5, 2, 0, 0}; // RFC 2711, 2.1: value 0 is MLD
	if (length < 8 || at[0] != PROTOCOL_ICMP6 || at[1] != 0)
		return false;
	// In eight bytes there is room for the alert and two bytes of padding: PadN of two or Pad1 twice, on either side.
	static const uint8_t padn[2] = {1, 0}, pad1[2] = {0, 0};
	const uint8_t *first = at + 2;
	const uint8_t *pad = memcmp(first, alert, 4) == 0 ? first + 4 : first;
	if (pad == first && memcmp(first + 2, alert, 4) != 0)
		return false;
	return memcmp(pad, padn, 2) == 0 || memcmp(pad, pad1, 2) == 0;
}

// Where a packet for an address that is not ready, not configured or no host's may still go: neighbour
// discovery (RFC 4862, 5.4: a tentative address only listens to that), and ICMPv6 to the link-local address.
static bool ipv6_group(
	const struct ports *ports, const struct port *port, const struct frame *frame)
{
	const uint8_t *group = frame->destination.octet;
	if (!local_listens(ports, port, &frame->destination))
		return false;
	// RFC 2464, 7: 33-33 and the last four bytes; RFC 6085 also allows our own address.
	return !is_group(frame->bytes) || (frame->bytes[0] == 0x33 && frame->bytes[1] == 0x33 &&
						  memcmp(frame->bytes + 2, group + 12, 4) == 0);
}

// Step by step as RFC 8200, 3 and 4.
static enum bs_reason ipv6(const struct ports *ports, const struct port *port, uint32_t length,
	unsigned checksums, struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l3;
	if (length < frame->l3 + IPV6_LENGTH)
		return BS_REASON_FRAME_SHORT;
	if (at[0] >> 4 != 6)
		return BS_REASON_IP_VERSION;
	uint32_t payload = load16(
		at + 4); // 0 is a jumbogram (RFC 2675) or nothing: neither is for us
	if (payload == 0 || frame->l3 + IPV6_LENGTH + payload > length)
		return BS_REASON_IP_LENGTH;

	frame->source = bs_address_from_ipv6(at + 8);
	frame->destination = bs_address_from_ipv6(at + 24);
	frame->length = (uint16_t)(frame->l3 + IPV6_LENGTH + payload);
	frame->l4 = (uint16_t)(frame->l3 + IPV6_LENGTH);
	frame->hop_limit = at[7];
	uint8_t next = at[6];

	bool to_group = frame->destination.octet[0] == 0xff;
	if (to_group) {
		if (!ipv6_group(ports, port, frame))
			return BS_REASON_IP_NOT_OURS;
	} else {
		if (is_group(frame->bytes))
			return BS_REASON_FRAME_NOT_OURS;
		// A mapped destination would be found among our IPv4 addresses.
		if (bs_address_is_ipv4(&frame->destination))
			return BS_REASON_IP_NOT_OURS;
		frame->local = local_find_ready(ports, port, &frame->destination);
	}
	if (bs_address_equal(&frame->source, &frame->destination))
		return BS_REASON_IP_LAND;
	if (ipv6_martian(&frame->source))
		return BS_REASON_IP_MARTIAN;

	if (next == PROTOCOL_HOP_BY_HOP && router_alert(frame->bytes + frame->l4, payload)) {
		frame->l4 += 8;
		next = PROTOCOL_ICMP6;
	}
	switch (next) {
	case PROTOCOL_TCP: // RFC 9293, 3.9.2.3: never to a group
		if (frame->local == LOCAL_NONE)
			return BS_REASON_IP_NOT_OURS;
		if (ipv6_unspecified(
			    &frame->source)) // RFC 4291, 2.5.2; ICMPv6 has its one exception
			return BS_REASON_IP_MARTIAN;
		return frame_tcp(checksums, frame);
	case PROTOCOL_ICMP6:
		return frame_icmp6(ports, port, to_group, frame);
	case 44: // RFC 8200, 4.5
		return BS_REASON_IP_FRAGMENT;
	case PROTOCOL_HOP_BY_HOP:
	case 43:  // routing
	case 60:  // destination options
	case 51:  // authentication header (RFC 4302)
	case 135: // mobility (RFC 6275)
	case 139: // HIP (RFC 7401)
	case 140: // shim6 (RFC 5533)
		return BS_REASON_IP_EXTENSION;
	default:
		return BS_REASON_IP_PROTOCOL;
	}
}

enum bs_reason frame_parse(const struct ports *ports, const struct port *port, const uint8_t *bytes,
	uint32_t length, unsigned checksums, struct frame *frame)
{
	uint16_t type;
	frame->bytes = bytes;
	frame->port = port->index;
	frame->local = LOCAL_NONE;
	frame->payload_length = 0;
	frame->hop_limit = 0;
	enum bs_reason reason = ethernet(port, length, frame, &type);
	if (reason != BS_REASON_ACCEPTED)
		return reason;
	switch (type) {
	case ETHER_TYPE_IPV4:
		return ipv4(ports, port, length, checksums, frame);
	case ETHER_TYPE_IPV6:
		return ipv6(ports, port, length, checksums, frame);
	case ETHER_TYPE_ARP:
		return arp(ports, port, length, frame);
	default:
		return BS_REASON_ETHERTYPE_OTHER;
	}
}
