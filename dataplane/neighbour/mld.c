// SPDX-License-Identifier: BSD-3-Clause
//
// MLDv2 reports. Our groups never change while we run, so a report is always about all of them.
#include "dataplane/neighbour/mld.h"

#include "dataplane/dataplane.h"
#include "dataplane/neighbour/icmp6_send.h"
#include "dataplane/frame/local.h"

#define REPORT              143u // RFC 3810, 5.2
#define HEADER              8u
#define RECORD              20u   // 5.2.4, without sources
#define MODE_IS_EXCLUDE     2u    // 5.2.12: "I listen", in answer to a query
#define CHANGE_TO_EXCLUDE   4u    // 5.2.12: "I listen from now on"
#define ROBUSTNESS          2u    // 9.1: how often a change is said
#define CHANGE_INTERVAL_MS  1000u // 9.11
#define ANSWER_MS           500u  // within 9.3's ten seconds and the shortest that queriers ask for
#define QUERY_LEAST         24u   // 8.1: a version 1 query; version 2 has 28 and more
#define ROUTER_ALERT_LENGTH 8u

static const struct bs_address reporters = {{0xff, 0x02, [15] = 0x16}}; // ff02::16, 5.2.14

// 5.1.14 and 6.2: queries come from a link-local address with hop limit 1 and a Router Alert.
enum bs_reason mld_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame)
{
	if (frame->hop_limit != 1 || frame->source.octet[0] != 0xfe ||
		(frame->source.octet[1] & 0xc0) != 0x80 || frame->payload_length < QUERY_LEAST ||
		frame->l4 != frame->l3 + IPV6_LENGTH + ROUTER_ALERT_LENGTH)
		return BS_REASON_ICMP_BAD;
	atomic_store_explicit(
		&dataplane->ports->port[port->index].mld_queried, true, memory_order_relaxed);
	return BS_REASON_ACCEPTED;
}

static bool link_local_ready(const struct port *port)
{
	return atomic_load_explicit(&port->link_local_state, memory_order_relaxed) == LOCAL_READY;
}

void mld_link_up(struct mld *mld, uint32_t now_ms)
{
	mld->sourced = link_local_ready(mld->port);
	mld->changes = ROBUSTNESS;
	mld->change_due_ms = now_ms;
}

// The port's groups without repetition; at most one a local address and the link-local one.
static unsigned groups(const struct ports *ports, const struct port *port, struct bs_address *group)
{
	struct bs_address link_local = local_link_local(port);
	unsigned count = 0;
	group[count++] = local_solicited_node(&link_local);
	for (uint8_t i = 0; i < ports->local_count; i++) {
		const struct local *local = &ports->local[i];
		if (local->port != port->index || bs_address_is_ipv4(&local->address))
			continue;
		struct bs_address next = local_solicited_node(&local->address);
		unsigned same = 0;
		while (same < count && !bs_address_equal(&group[same], &next))
			same++;
		if (same == count)
			group[count++] = next;
	}
	return count;
}

static void send_report(struct dataplane *dataplane, const struct port *port, uint8_t record,
	const struct bs_address *group, uint16_t count)
{
	static const struct bs_address unspecified;
	static const uint8_t alert[ROUTER_ALERT_LENGTH] = {PROTOCOL_ICMP6, 0, 5, 2, 0, 0, 1, 0};
	uint8_t mac[6];
	struct rte_mbuf *mbuf;
	uint16_t length = (uint16_t)(HEADER + RECORD * count);
	// 5.2.13: from the link-local address, or from none while that is tentative.
	struct bs_address source = local_link_local(port);
	if (!link_local_ready(port))
		source = unspecified;

	icmp6_group_mac(&reporters, mac);
	uint8_t *at = transmit_ip(dataplane, port, mac, &source, &reporters, PROTOCOL_HOP_BY_HOP, 1,
		(uint16_t)(sizeof(alert) + length), &mbuf);
	if (at == NULL)
		return;
	memcpy(at, alert, sizeof(alert)); // 5: Router Alert in a hop-by-hop header
	at += sizeof(alert);
	at[0] = REPORT;
	store16(at + 6, count);
	for (size_t i = 0; i < count; i++) {
		at[HEADER + RECORD * i] = record;
		memcpy(at + HEADER + RECORD * i + 4, group[i].octet, 16);
	}
	icmp6_send(dataplane, port, &source, &reporters, at, length, mbuf);
}

static void report(struct dataplane *dataplane, const struct port *port, uint8_t record)
{
	struct bs_address group[LOCALS_MAX + 1];
	unsigned count = groups(dataplane->ports, port, group);
	// RFC 8200, 5: no IPv6 link is smaller than 1280 bytes; as many records as fit, in as many reports as it takes.
	unsigned room = (1280 - IPV6_LENGTH - ROUTER_ALERT_LENGTH - HEADER) / RECORD;
	for (unsigned i = 0; i < count; i += room)
		send_report(dataplane, port, record, group + i,
			(uint16_t)(count - i < room ? count - i : room));
}

void mld_turn(struct dataplane *dataplane, struct mld *mld, uint32_t now_ms)
{
	if (atomic_exchange_explicit(&mld->port->mld_queried, false, memory_order_relaxed) &&
		!mld->asked) {
		mld->asked = true;
		mld->answer_due_ms = now_ms +
				     mld->port->mac[5] * ANSWER_MS / 256; // not all at once
	}
	// RFC 3590, 4: what was said without a source is heard by switches only; said again with one.
	if (!mld->sourced && link_local_ready(mld->port))
		mld_link_up(mld, now_ms);
	if (mld->changes > 0 && time_reached(now_ms, mld->change_due_ms)) {
		report(dataplane, mld->port, CHANGE_TO_EXCLUDE);
		mld->changes--;
		mld->change_due_ms = now_ms + CHANGE_INTERVAL_MS;
	}
	if (mld->asked && time_reached(now_ms, mld->answer_due_ms)) {
		mld->asked = false;
		report(dataplane, mld->port, MODE_IS_EXCLUDE);
	}
}
