// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/syn_ack.h"

#include <string.h>

#include <rte_mbuf.h>

#include "dataplane/dataplane.h"
#include "dataplane/frame/checksum.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"
#include "dataplane/port/transmit.h"
#include "dataplane/tcp/cookie.h"
#include "dataplane/tcp/window.h"

uint16_t own_mss(const struct port *port, const struct bs_address *peer)
{
	return (uint16_t)(port->mtu - (bs_address_is_ipv4(peer) ? 40 : 60));
}

uint8_t syn_ack_options(const struct port *port, const struct bs_address *peer, uint8_t options,
	uint8_t bytes[SYN_ACK_OPTIONS_MAX])
{
	// Kinds 2 (maximum segment size), 3 (window scale, only in answer to one: RFC 7323, 2.2), 4 (SACK permitted: RFC 2018,
	// 2), each padded in front to four bytes.
	uint8_t shift, n = 4;
	store32(bytes, UINT32_C(2) << 24 | UINT32_C(4) << 16 | own_mss(port, peer));
	if (cookie_window_scale(options, &shift)) {
		store32(bytes + n,
			UINT32_C(1) << 24 | UINT32_C(3) << 16 | UINT32_C(3) << 8 | RECEIVE_SHIFT);
		n += 4;
	}
	if (cookie_has_sack(options)) {
		store32(bytes + n, UINT32_C(1) << 24 | UINT32_C(1) << 16 | UINT32_C(4) << 8 | 2);
		n += 4;
	}
	return n;
}

// Which of the forms answers a SYN.
static inline unsigned form_of(bool ipv6, uint8_t offered)
{
	return (ipv6 ? 4u : 0) | (cookie_has_scale(offered) ? 2u : 0) |
	       (cookie_has_sack(offered) ? 1u : 0);
}

// An offer that this form answers.
static uint8_t offer_of(unsigned form)
{
	struct tcp_options options = {
		.mss = 1460, .has_window_scale = form & 2, .sack_permitted = form & 1};
	return cookie_options(&options);
}

// Of whole 32-bit words.
static uint32_t sum_of(const uint8_t *at, uint32_t length)
{
	uint16_t complement = internet_checksum(0, at, length);
	return (uint16_t)~complement;
}

static void prepare_link(struct syn_ack_form *form, const struct port *port, bool ipv6)
{
	uint8_t bytes[ETHER_LENGTH + VLAN_LENGTH], *at = bytes + 12;
	memcpy(bytes + 6, port->mac, 6);
	if (port->vlan != 0) { // IEEE 802.1Q, 9.6: priority 0
		store16(at, ETHER_TYPE_VLAN);
		store16(at + 2, port->vlan);
		at += VLAN_LENGTH;
	}
	store16(at, ipv6 ? ETHER_TYPE_IPV6 : ETHER_TYPE_IPV4);
	form->link = raw64(bytes + 6);
	form->link_end = raw32(at - 2);
}

static void prepare_ip(
	struct syn_ack_form *form, const struct port *port, bool ipv6, uint16_t segment)
{
	uint8_t ip[12];
	if (ipv6) {
		store32(ip, UINT32_C(0x60000000));
		store32(ip + 4, (uint32_t)segment << 16 | PROTOCOL_TCP << 8 | HOP_LIMIT);
	} else {
		store32(ip, UINT32_C(0x45000000) | (IPV4_LENGTH + segment));
		store32(ip + 4,
			0x4000); // RFC 6864, 4.1: an atomic datagram needs no identification
		store32(ip + 8, HOP_LIMIT << 24 | PROTOCOL_TCP << 16);
		form->ip_sum = sum_of(ip, 12);
	}
	form->ip = raw64(ip);
	form->flags = ipv6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4;
	if (!ipv6 && port->fills_ipv4)
		form->flags |= RTE_MBUF_F_TX_IP_CKSUM;
}

static void prepare_form(struct syn_ack_form *form, const struct port *port, unsigned number)
{
	static const struct bs_address ipv4 = {{[10] = 0xff, [11] = 0xff}}, none;
	bool ipv6 = number & 4;
	uint8_t tcp[TCP_LENGTH + SYN_ACK_OPTIONS_MAX] = {0};
	uint16_t segment = TCP_LENGTH;
	segment += syn_ack_options(port, ipv6 ? &none : &ipv4, offer_of(number), tcp + TCP_LENGTH);
	// The window of a SYN is never scaled (RFC 7323, 2.2).
	store32(tcp + 12,
		(uint32_t)segment << 26 | (uint32_t)(TCP_SYN | TCP_ACK) << 16 | RECORD_WINDOW);
	form->tcp = raw32(tcp + 12);
	form->options = raw64(tcp + TCP_LENGTH);
	form->options_end = raw32(tcp + TCP_LENGTH + 8);
	form->tcp_sum = pseudo_header_sum(&none, &none, PROTOCOL_TCP, segment);
	if (!port->fills_tcp)
		form->tcp_sum = checksum_fold(form->tcp_sum) + sum_of(tcp, sizeof(tcp));
	prepare_link(form, port, ipv6);
	prepare_ip(form, port, ipv6, segment);

	uint16_t l2 = port->vlan != 0 ? ETHER_LENGTH + VLAN_LENGTH : ETHER_LENGTH;
	struct rte_mbuf mbuf = {.l2_len = l2, .l3_len = ipv6 ? IPV6_LENGTH : IPV4_LENGTH};
	form->length = (uint16_t)(l2 + mbuf.l3_len + segment);
	if (port->fills_tcp) {
		mbuf.l4_len = segment;
		form->flags |= RTE_MBUF_F_TX_TCP_CKSUM;
	}
	form->offload = mbuf.tx_offload;
}

void syn_ack_prepare(struct syn_ack *forms, const struct port *port)
{
	memset(forms, 0, sizeof(*forms));
	for (unsigned i = 0; i < SYN_ACK_FORMS; i++)
		prepare_form(&forms->form[i], port, i);
	forms->fills_ipv4 = port->fills_ipv4;
	forms->fills_tcp = port->fills_tcp;
	forms->l3 = port->vlan != 0 ? ETHER_LENGTH + VLAN_LENGTH : ETHER_LENGTH;
}

// Others have a share in the SYN's buffer, or it has none: a copy of its headers. NULL when no buffer is free.
static __attribute__((noinline)) struct rte_mbuf *copy(
	struct dataplane *dataplane, const struct frame *syn)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(dataplane->pool);
	if (mbuf == NULL) {
		dataplane->counters->reason[BS_REASON_NO_MBUF]++;
		return NULL;
	}
	memcpy(rte_pktmbuf_mtod(mbuf, uint8_t *), syn->bytes, syn->l4 + TCP_LENGTH);
	return mbuf;
}

// The buffer of the SYN becomes that of the answer, if nobody else has a share in it.
static inline struct rte_mbuf *take(struct dataplane *dataplane, struct frame *syn)
{
	struct rte_mbuf *mbuf = syn->mbuf;
	if (mbuf == NULL || !RTE_MBUF_DIRECT(mbuf) || rte_mbuf_refcnt_read(mbuf) != 1)
		return copy(dataplane, syn);
	syn->mbuf = NULL;
	return mbuf;
}

// Between the beginning and the end the words of the link header are the form's; who sent the SYN gets the answer.
static inline void turn_link(const struct syn_ack_form *form, uint8_t *at, uint8_t *ip)
{
	uint64_t peer = raw64(at + 6);
	memcpy(at, &peer, 8);
	memcpy(at + 6, &form->link, 8);
	memcpy(ip - 4, &form->link_end, 4);
}

// Returns the sum of the addresses.
static inline uint64_t turn_ipv4(
	const struct syn_ack *forms, const struct syn_ack_form *form, uint8_t *ip)
{
	uint32_t peer = raw32(ip + 12), own = raw32(ip + 16);
	uint64_t sum = (uint64_t)peer + own;
	uint16_t checksum = 0;
	if (!forms->fills_ipv4)
		checksum = (uint16_t)~checksum_fold64(form->ip_sum + sum);
	memcpy(ip, &form->ip, 8);
	ip[8] = HOP_LIMIT;
	ip[9] = PROTOCOL_TCP;
	memcpy(ip + 10, &checksum, 2);
	memcpy(ip + 12, &own, 4);
	memcpy(ip + 16, &peer, 4);
	return sum;
}

static inline uint64_t turn_ipv6(const struct syn_ack_form *form, uint8_t *ip)
{
	uint64_t peer[2], own[2];
	memcpy(peer, ip + 8, 16);
	memcpy(own, ip + 24, 16);
	memcpy(ip, &form->ip, 8);
	memcpy(ip + 8, own, 16);
	memcpy(ip + 24, peer, 16);
	uint64_t low = (uint64_t)(uint32_t)peer[0] + (uint32_t)peer[1] + (uint32_t)own[0] +
		       (uint32_t)own[1];
	return low + (peer[0] >> 32) + (peer[1] >> 32) + (own[0] >> 32) + (own[1] >> 32);
}

// `sum`: of the addresses.
static inline void turn_tcp(const struct syn_ack *forms, const struct syn_ack_form *form,
	uint32_t own, uint32_t peer, uint64_t sum, uint8_t *tcp)
{
	uint32_t ports = raw32(tcp);
	own = htonl(own);
	peer = htonl(peer);
	sum += form->tcp_sum;
	if (!forms->fills_tcp)
		sum += (uint64_t)ports + own + peer;
	uint16_t checksum = checksum_fold64(sum);
	if (!forms->fills_tcp)
		checksum = (uint16_t)~checksum;
	ports = ports << 16 | ports >> 16;
	memcpy(tcp, &ports, 4);
	memcpy(tcp + 4, &own, 4);
	memcpy(tcp + 8, &peer, 4);
	memcpy(tcp + 12, &form->tcp, 4);
	uint32_t end = 0;
	memcpy(tcp + 16, &end, 4); // no urgent pointer
	memcpy(tcp + 16, &checksum, 2);
	memcpy(tcp + 20, &form->options, 8);
	memcpy(tcp + 28, &form->options_end, 4);
}

// For each family a body of its own.
static inline __attribute__((always_inline)) void turn(const struct syn_ack *forms,
	const struct frame *syn, uint32_t sequence, bool ipv6, uint8_t *at, struct rte_mbuf *mbuf)
{
	const struct syn_ack_form *form = &forms->form[form_of(ipv6, syn->offered)];
	uint8_t *ip = at + forms->l3;
	turn_link(form, at, ip);
	uint64_t sum = ipv6 ? turn_ipv6(form, ip) : turn_ipv4(forms, form, ip);
	turn_tcp(forms, form, sequence, syn->sequence + 1, sum,
		ip + (ipv6 ? IPV6_LENGTH : IPV4_LENGTH));
	mbuf->ol_flags = form->flags;
	mbuf->tx_offload = form->offload;
	mbuf->data_len = form->length;
	mbuf->pkt_len = form->length;
}

static inline void answer(const struct syn_ack *forms, const struct frame *syn, uint32_t sequence,
	struct rte_mbuf *mbuf)
{
	uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *);
	// A priority tag (VLAN 0) on a port without a VLAN is not sent back: then the headers move by its length.
	if (unlikely(syn->l3 != forms->l3)) {
		memmove(at + VLAN_LENGTH, at, 12);
		at += VLAN_LENGTH;
		mbuf->data_off += VLAN_LENGTH;
	}
	if (syn->l4 - syn->l3 == IPV4_LENGTH)
		turn(forms, syn, sequence, false, at, mbuf);
	else
		turn(forms, syn, sequence, true, at, mbuf);
}

void send_syn_acks(struct dataplane *dataplane, const struct port *port, struct frame *const *syns,
	const uint32_t *sequences, unsigned count)
{
	const struct syn_ack *forms = &dataplane->syn_acks[port->index];
	struct rte_mbuf *mbuf[BURST];
	unsigned answers = 0;
	for (unsigned i = 0; i < count; i++) {
		mbuf[answers] = take(dataplane, syns[i]);
		if (unlikely(mbuf[answers] == NULL))
			continue;
		answer(forms, syns[i], sequences[i], mbuf[answers]);
		answers++;
	}
	transmit_send_bulk(dataplane, port, mbuf, answers);
}
