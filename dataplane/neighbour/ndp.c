// SPDX-License-Identifier: BSD-3-Clause
//
// Neighbour discovery. frame_parse() has checked IPv6, the ICMPv6 checksum and that the destination is an address of
// ours in any state, the link-local one, or a group that these listen to.
#include "dataplane/neighbour/ndp.h"

#include "dataplane/dataplane.h"
#include "dataplane/neighbour/gateway.h"
#include "dataplane/neighbour/icmp6_send.h"
#include "dataplane/frame/local.h"

#define NDP_HOP_LIMIT 255u // RFC 4861, 7.1: a router would have taken one off

// Offsets and lengths, RFC 4861, 4.3, 4.4 and 4.6.1.
#define FLAGS          4u
#define TARGET         8u
#define OPTIONS        24u
#define LINK_OPTION    8u // bytes of a link-layer address option
#define OPTION_SOURCE  1u
#define OPTION_TARGET  2u
#define FLAG_SOLICITED 0x40u
#define FLAG_OVERRIDE  0x20u

static const struct bs_address unspecified;
static const struct bs_address all_nodes = {{0xff, 0x02, [15] = 0x01}};

static bool is_group(const struct bs_address *address)
{
	return address->octet[0] == 0xff;
}

// A solicitation or advertisement with one link-layer option of ours, or none when `option` is 0.
static void send_discovery(struct dataplane *dataplane, const struct port *port, const uint8_t *mac,
	const struct bs_address *source, const struct bs_address *destination, uint8_t type,
	uint8_t flags, const struct bs_address *target, uint8_t option)
{
	uint8_t group_mac[6];
	struct rte_mbuf *mbuf;
	uint16_t length = OPTIONS + (option != 0 ? LINK_OPTION : 0);
	if (mac == NULL) {
		icmp6_group_mac(destination, group_mac);
		mac = group_mac;
	}
	uint8_t *at = transmit_ip(dataplane, port, mac, source, destination, PROTOCOL_ICMP6,
		NDP_HOP_LIMIT, length, &mbuf);
	if (at == NULL)
		return;
	at[0] = type;
	at[FLAGS] = flags;
	memcpy(at + TARGET, target->octet, 16);
	if (option != 0) {
		at[OPTIONS] = option;
		at[OPTIONS + 1] = LINK_OPTION / 8;
		memcpy(at + OPTIONS + 2, port->mac, 6);
	}
	icmp6_send(dataplane, port, source, destination, at, length, mbuf);
}

void ndp_probe(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address)
{
	struct bs_address group = local_solicited_node(address);
	send_discovery(dataplane, port, NULL, &unspecified, &group, NDP_NEIGHBOUR_SOLICITATION, 0,
		address, 0);
}

void ndp_announce(
	struct dataplane *dataplane, const struct port *port, const struct bs_address *address)
{
	send_discovery(dataplane, port, NULL, address, &all_nodes, NDP_NEIGHBOUR_ADVERTISEMENT,
		FLAG_OVERRIDE, address, OPTION_TARGET);
}

void ndp_ask(struct dataplane *dataplane, const struct port *port, const struct bs_address *own,
	const struct bs_address *target, const uint8_t *mac)
{
	struct bs_address group = local_solicited_node(target);
	send_discovery(dataplane, port, mac, own, mac != NULL ? target : &group,
		NDP_NEIGHBOUR_SOLICITATION, 0, target, OPTION_SOURCE);
}

// One of our addresses as discovery sees it: state, and where a rival is written down.
struct claimed {
	enum local_state state;
	_Atomic uint64_t *rival;
};

static bool find(struct dataplane *dataplane, const struct port *port,
	const struct bs_address *target, struct claimed *claimed)
{
	struct ports *ports = dataplane->ports;
	struct bs_address link_local = local_link_local(port);
	if (bs_address_equal(target, &link_local)) {
		struct port *own = &ports->port[port->index];
		claimed->state = (enum local_state)atomic_load_explicit(
			&own->link_local_state, memory_order_relaxed);
		claimed->rival = &own->link_local_rival;
		return true;
	}
	uint8_t row = local_find(ports, port, target);
	if (row == LOCAL_NONE)
		return false;
	claimed->state = local_state(&ports->local[row]);
	claimed->rival = &ports->local[row].rival;
	return true;
}

// The options behind the fixed part: false when one has no length or ends outside (RFC 4861, 7.1.1 and 7.1.2).
// `link` becomes the link-layer address in the option of the wanted type, or NULL.
static bool options(const struct frame *frame, uint8_t wanted, const uint8_t **link)
{
	const uint8_t *at = frame->bytes + frame->l4 + OPTIONS;
	const uint8_t *end = frame->bytes + frame->length;
	*link = NULL;
	while (at < end) {
		if (end - at < 8 || at[1] == 0 || (size_t)at[1] * 8 > (size_t)(end - at))
			return false;
		// Unknown options are passed over (4.6); a link-layer address here has six bytes and is no group's.
		if (at[0] == wanted && at[1] * 8u == LINK_OPTION && (at[2] & 1) == 0)
			*link = at + 2;
		at += (size_t)at[1] * 8;
	}
	return true;
}

// RFC 4861, 7.2.3 and 7.2.4; RFC 4862, 5.4.3.
static enum bs_reason solicitation(struct dataplane *dataplane, const struct port *port,
	const struct frame *frame, const struct bs_address *target)
{
	const uint8_t *link;
	struct claimed claimed;
	bool detection = bs_address_equal(&frame->source, &unspecified);
	if (!options(frame, OPTION_SOURCE, &link))
		return BS_REASON_NDP_BAD;
	// 7.1.1: by one without an address, only to the target's own group and without the option.
	struct bs_address group = local_solicited_node(target);
	if (detection && (!bs_address_equal(&frame->destination, &group) || link != NULL))
		return BS_REASON_NDP_BAD;

	bool gateway = false;
	if (!detection && link != NULL)
		gateway = gateway_heard(dataplane->ports, port, &frame->source, link, true, false);
	if (!find(dataplane, port, target, &claimed))
		return gateway ? BS_REASON_ACCEPTED : BS_REASON_NDP_OTHER;
	if (claimed.state != LOCAL_READY) { // 5.4.3: it is ours only to hear of a rival
		if (!detection)
			return BS_REASON_NDP_OTHER;
		atomic_store_explicit(
			claimed.rival, mac_word(frame->bytes + 6), memory_order_relaxed);
		return BS_REASON_ACCEPTED;
	}
	// 7.2.4: the asker, or all when he has no address yet. We are no proxy and no anycast address: override.
	if (detection)
		ndp_announce(dataplane, port, target);
	else
		send_discovery(dataplane, port, frame->bytes + 6, target, &frame->source,
			NDP_NEIGHBOUR_ADVERTISEMENT, FLAG_SOLICITED | FLAG_OVERRIDE, target,
			OPTION_TARGET);
	dataplane->counters->arp_replies++;
	return BS_REASON_ACCEPTED;
}

// RFC 4861, 7.2.5; RFC 4862, 5.4.4.
static enum bs_reason advertisement(struct dataplane *dataplane, const struct port *port,
	const struct frame *frame, const struct bs_address *target)
{
	const uint8_t *link;
	struct claimed claimed;
	uint8_t flags = frame->bytes[frame->l4 + FLAGS];
	if (!options(frame, OPTION_TARGET, &link))
		return BS_REASON_NDP_BAD;
	if (is_group(&frame->destination) && (flags & FLAG_SOLICITED) != 0) // 7.1.2
		return BS_REASON_NDP_BAD;
	if (find(dataplane, port, target, &claimed)) {
		atomic_store_explicit(
			claimed.rival, mac_word(frame->bytes + 6), memory_order_relaxed);
		return BS_REASON_ACCEPTED;
	}
	// A unicast answer may leave the option out (4.4): then the address we asked is the one it has.
	if (gateway_heard(dataplane->ports, port, target, link != NULL ? link : frame->bytes + 6,
		    link != NULL && (flags & FLAG_OVERRIDE) != 0, (flags & FLAG_SOLICITED) != 0))
		return BS_REASON_ACCEPTED;
	return BS_REASON_NDP_OTHER;
}

enum bs_reason ndp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	const uint8_t *at = frame->bytes + frame->l4;
	if (at[0] != NDP_NEIGHBOUR_SOLICITATION && at[0] != NDP_NEIGHBOUR_ADVERTISEMENT)
		return BS_REASON_NDP_OTHER; // routers are configured, redirects are not followed
	// 7.1.1 and 7.1.2: hop limit, code, length; nothing between IPv6 header and message.
	if (frame->hop_limit != NDP_HOP_LIMIT || at[1] != 0 || frame->payload_length < OPTIONS ||
		frame->l4 != frame->l3 + IPV6_LENGTH)
		return BS_REASON_NDP_BAD;
	struct bs_address target = bs_address_from_ipv6(at + TARGET);
	if (is_group(&target) || bs_address_is_ipv4(&target))
		return BS_REASON_NDP_BAD;
	if (at[0] == NDP_NEIGHBOUR_SOLICITATION)
		return solicitation(dataplane, port, frame, &target);
	return advertisement(dataplane, port, frame, &target);
}
