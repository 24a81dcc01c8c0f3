// SPDX-License-Identifier: BSD-3-Clause
//
// Greetings to many at once: they differ in a few fields, so one is made as any text is (tcp_send.c), and the others are copies of it
// with fields and sums of their own. A crowd that came together is greeted together, and greeting must not be dearer than coming.
#include <string.h>

#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "dataplane/frame/wire_format.h"
#include "dataplane/neighbour/link.h"
#include "dataplane/port/transmit.h"
#include "dataplane/tcp/greeting.h"
#include "dataplane/tcp/tcp_send.h"
#include "dataplane/tcp/text.h"
#include "dataplane/tcp/window.h"

#define HEADERS_MOST (ETHER_LENGTH + VLAN_LENGTH + IPV6_LENGTH + (int)sizeof(struct rte_tcp_hdr))

// A greeting whose fields that differ are zero: where it goes to, ports and numbers, and the sums over these.
struct pattern {
	bool made;
	uint8_t local, text_set; // of such connections
	bool ipv4, fills_ipv4, fills_tcp;
	uint16_t length, l3, l4; // where these headers begin
	uint64_t ol_flags, tx_offload;
	uint32_t ip_sum, tcp_sum; // of all that is not zero
	// What may be of the next one as well, and is looked up where it is not.
	uint8_t options, on_link;
	uint16_t link;
	uint16_t mss, window; // of `options`
	uint8_t byte[HEADERS_MOST + BS_TEMPLATE_TEXT];
};

// The address's bytes in a packet.
static unsigned skipped(bool ipv4)
{
	return ipv4 ? 12 : 0;
}

// Where the destination stands in the IP header.
static unsigned destination(bool ipv4)
{
	return ipv4 ? 16 : 24;
}

static uint32_t word(const void *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t peer_sum(const struct pattern *p, const struct connection *c)
{
	const uint8_t *at = c->peer.octet;
	uint64_t sum = word(at + 12);
	return p->ipv4 ? sum : sum + word(at) + word(at + 4) + word(at + 8);
}

// Some words of 32 bits, to 16 with end-around carry.
static uint16_t fold(uint64_t sum)
{
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return checksum_fold((uint32_t)((sum & UINT16_MAX) + (sum >> 16)));
}

static uint32_t not_complemented(uint16_t checksum)
{
	return (uint16_t)~checksum;
}

static void sums(struct pattern *p, const struct bs_address *local)
{
	const struct bs_address nowhere = {{0}};
	uint32_t length = (uint32_t)p->length - p->l4;
	uint32_t sum = pseudo_header_sum(local, &nowhere, PROTOCOL_TCP, length);
	p->tcp_sum = not_complemented(
		internet_checksum(sum, p->byte + p->l4, p->fills_tcp ? 0 : length));
	p->ip_sum = not_complemented(internet_checksum(0, p->byte + p->l3, IPV4_LENGTH));
}

static void note_options(
	struct pattern *p, const struct dataplane *dataplane, const struct connection *c)
{
	p->options = c->options;
	p->mss = send_mss(dataplane, c);
	p->window = rte_cpu_to_be_16(window_field_of_record(c));
}

static void make_pattern(struct pattern *p, const struct dataplane *dataplane,
	const struct connection *c, const struct rte_mbuf *mbuf)
{
	const struct local *local = &dataplane->ports->local[c->local];
	const struct port *port = &dataplane->ports->port[local->port];
	p->local = c->local;
	p->text_set = c->text_set;
	p->ipv4 = bs_address_is_ipv4(&c->peer);
	p->fills_ipv4 = port->fills_ipv4;
	p->fills_tcp = port->fills_tcp;
	p->length = mbuf->data_len;
	p->l3 = mbuf->l2_len;
	p->l4 = (uint16_t)(mbuf->l2_len + mbuf->l3_len);
	p->ol_flags = mbuf->ol_flags;
	p->tx_offload = mbuf->tx_offload;
	p->on_link = c->flags & CONNECTION_ON_LINK;
	p->link = c->link;
	memcpy(p->byte, rte_pktmbuf_mtod(mbuf, const uint8_t *), p->length);
	memset(p->byte + p->l3 + destination(p->ipv4), 0, 16 - skipped(p->ipv4));
	if (p->ipv4)
		memset(p->byte + p->l3 + 10, 0, 2);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(void *)(p->byte + p->l4);
	tcp->dst_port = 0;
	tcp->sent_seq = tcp->recv_ack = 0;
	tcp->rx_win = tcp->cksum = 0;
	sums(p, &local->address);
	note_options(p, dataplane, c);
	p->made = true;
}

// What begins at `l4` is as the pattern has it, but for what is written here.
static void fill_tcp(const struct pattern *p, const struct connection *c, uint8_t *l4)
{
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(void *)l4;
	uint64_t sum = p->tcp_sum + peer_sum(p, c);
	tcp->dst_port = rte_cpu_to_be_16(c->peer_port);
	tcp->sent_seq = rte_cpu_to_be_32(c->snd_una);
	tcp->recv_ack = rte_cpu_to_be_32(c->rcv_nxt);
	tcp->rx_win = p->window;
	if (p->fills_tcp) { // the NIC wants the pseudo header's sum, not complemented
		tcp->cksum = fold(sum);
		return;
	}
	sum += (uint64_t)tcp->dst_port + tcp->sent_seq + tcp->recv_ack + tcp->rx_win;
	tcp->cksum = (uint16_t)~fold(sum);
}

static void fill(const struct pattern *p, const struct connection *c, struct rte_mbuf *mbuf)
{
	uint8_t *at = rte_pktmbuf_mtod(mbuf, uint8_t *), *l3 = at + p->l3;
	mbuf->data_len = p->length;
	mbuf->pkt_len = p->length;
	mbuf->ol_flags = p->ol_flags;
	mbuf->tx_offload = p->tx_offload;
	memcpy(at, p->byte, p->length);
	if (p->ipv4) {
		memcpy(l3 + destination(true), c->peer.octet + skipped(true), 4);
		if (!p->fills_ipv4) {
			uint16_t checksum = (uint16_t)~fold(p->ip_sum + peer_sum(p, c));
			memcpy(l3 + 10, &checksum, sizeof(checksum));
		}
	} else {
		memcpy(l3 + destination(false), &c->peer, 16);
	}
	fill_tcp(p, c, at + p->l4);
}

// Made piece by piece, and the pattern of those that follow.
static void send_first(struct dataplane *dataplane, const struct port *port,
	const struct connection *c, struct pattern *pattern)
{
	struct rte_mbuf *mbuf = make_text(dataplane, c);
	if (mbuf == NULL)
		return;
	make_pattern(pattern, dataplane, c, mbuf);
	transmit_send(dataplane, port, mbuf);
}

// A copy. False when it is not known where to.
static bool send_like(struct dataplane *dataplane, const struct port *port,
	const struct connection *c, const struct pattern *pattern, struct rte_mbuf *fresh)
{
	uint8_t mac[6];
	bool elsewhere = pattern->link != c->link ||
			 pattern->on_link != (c->flags & CONNECTION_ON_LINK);
	if (elsewhere && !link_mac(dataplane, c, port, mac))
		return false;
	fill(pattern, c, fresh);
	if (elsewhere)
		memcpy(rte_pktmbuf_mtod(fresh, uint8_t *), mac, sizeof(mac));
	transmit_send(dataplane, port, fresh);
	return true;
}

// The whole greeting goes out in one segment: no teaser in front of it has to be said again, and the client's window and MSS have room for
// it. How small segments are made in trouble (send_mss()) is no matter: a template is shorter.
static bool is_whole(const struct connection *c, uint32_t length, uint32_t mss)
{
	_Static_assert(BS_TEMPLATE_TEXT <= MSS_LEAST_IPV4, "fits where segments must be small");
	return c->text_position == 0 && !c->teased && length <= mss &&
	       (c->window == UINT8_MAX || length <= c->window * 64u);
}

// False when the buffer was not needed.
static bool send_one(struct dataplane *dataplane, const struct connection *c,
	struct pattern *pattern, struct rte_mbuf *fresh)
{
	const struct ports *ports = dataplane->ports;
	const struct port *port = &ports->port[ports->local[c->local].port];
	uint32_t length =
		dataplane->policy->texts[c->text_set].template[BS_TEMPLATE_GREETING].length;
	if (pattern->options != c->options)
		note_options(pattern, dataplane, c);
	if (!is_whole(c, length, pattern->mss)) {
		send_text(dataplane, c, c->text_position);
		return false;
	}
	if (pattern->made && pattern->local == c->local && pattern->text_set == c->text_set)
		return send_like(dataplane, port, c, pattern, fresh);
	send_first(dataplane, port, c, pattern);
	return false;
}

void greetings_send(struct dataplane *dataplane, struct connection *const *c, unsigned count)
{
	struct pattern pattern; // as large as a frame: only what is written is touched
	struct rte_mbuf *fresh[BURST];
	unsigned used = 0;
	if (count == 0)
		return;
	if (count == 1 || rte_pktmbuf_alloc_bulk(dataplane->pool, fresh, count) != 0) {
		for (unsigned i = 0; i < count; i++) // what finds no buffer is counted there
			send_text(dataplane, c[i], c[i]->text_position);
		return;
	}
	pattern.made = false;
	note_options(&pattern, dataplane, c[0]);
	for (unsigned i = 0; i < count; i++)
		used += send_one(dataplane, c[i], &pattern, fresh[used]);
	rte_pktmbuf_free_bulk(fresh + used, count - used);
}
