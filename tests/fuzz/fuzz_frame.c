// SPDX-License-Identifier: BSD-3-Clause
//
// Received frames: the parser takes any bytes, and what it accepts keeps its promises; TCP options, ARP, neighbour
// discovery, listener discovery and echo go on from there. Without DPDK: what would be sent goes to a buffer here.
//
// The first byte of the input says how the port is set and what it says about checksums, the rest is the frame.
#include <stdlib.h>
#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/plain.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/port/transmit.h"
#include "dataplane/frame/wire_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum set {
	SET_CHECKSUMS = 0x0f, // enum frame_checksums
	SET_VLAN = 0x10,      // the port has a VLAN
	SET_TENTATIVE = 0x20, // our addresses are not ready
	SET_REPAIR = 0x80,    // a wrong ICMP checksum is put right: the fuzzer can't guess one
};

static struct ports ports;
static struct bs_dataplane_counters counters;
static struct dataplane dataplane = {.ports = &ports, .counters = &counters};
static uint8_t *out; // the frame being built, as large as asked for

uint8_t *transmit_ethernet(struct dataplane *self, const struct port *port, const uint8_t mac[6],
	uint16_t ether_type, uint16_t length, struct rte_mbuf **mbuf)
{
	if (length > 2048 - 18 || (mac[0] & 1 && mac[0] != 0x33 && mac[0] != 0xff))
		abort();
	free(out);
	out = calloc(1, length);
	*mbuf = NULL;
	return out;
}

uint8_t *transmit_ip(struct dataplane *self, const struct port *port, const uint8_t mac[6],
	const struct bs_address *source, const struct bs_address *destination, uint8_t protocol,
	uint8_t hop_limit, uint16_t length, struct rte_mbuf **mbuf)
{
	if (length > port->mtu - (bs_address_is_ipv4(destination) ? IPV4_LENGTH : IPV6_LENGTH))
		abort();
	if (bs_address_is_ipv4(source) != bs_address_is_ipv4(destination))
		abort();
	return transmit_ethernet(self, port, mac, ETHER_TYPE_IPV6, length, mbuf);
}

void transmit_send(struct dataplane *self, const struct port *port, struct rte_mbuf *mbuf)
{
}

static void set_up(uint8_t set)
{
	static const uint8_t own4[4] = {192, 0, 2, 25};
	static const struct bs_address own6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x25}};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x19};
	struct port *port = &ports.port[0];
	ports.port_count = 1;
	ports.local_count = 2;
	ports.service = 25;
	port->mtu = 1500;
	port->vlan = (set & SET_VLAN) != 0 ? 7 : 0;
	memcpy(port->mac, mac, 6);
	port->link_local_state = (set & SET_TENTATIVE) != 0 ? LOCAL_TENTATIVE : LOCAL_READY;
	ports.local[0].address = bs_address_from_ipv4(own4);
	ports.local[1].address = own6;
	for (unsigned i = 0; i < 2; i++) {
		ports.local[i].state = port->link_local_state;
		ports.local[i].on_link.address = ports.local[i].address;
		ports.local[i].on_link.length = i == 0 ? 120 : 64;
		ports.local[i].on_link.address.octet[15] = 0;
	}
	port->gateway4.configured = port->gateway6.configured = true;
	port->gateway4.address = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 1});
	port->gateway6.address = (struct bs_address){{0xfe, 0x80, [15] = 1}};
	dataplane.echoes.rate = dataplane.echoes.burst = dataplane.echoes.tokens = 1000000;
}

static void check(const struct frame *frame, uint32_t length)
{
	bool fine = frame->length <= length && frame->l3 >= ETHER_LENGTH &&
		    frame->l3 <= frame->l4 && frame->l4 <= frame->payload &&
		    frame->payload + frame->payload_length <= frame->length;
	if (frame->local != LOCAL_NONE)
		fine = fine && frame->local < ports.local_count &&
		       ports.local[frame->local].state == LOCAL_READY &&
		       bs_address_equal(&ports.local[frame->local].address, &frame->destination);
	if (frame->kind == FRAME_TCP) {
		struct tcp_options options;
		frame_tcp_options(frame, &options);
		fine = fine && frame->local != LOCAL_NONE && frame->options_length <= 40 &&
		       frame->payload + frame->payload_length == frame->length &&
		       options.window_scale <= 14 && options.mss >= 64 && frame->source_port != 0;
	}
	if (frame->kind == FRAME_TCP || frame->kind == FRAME_ICMP)
		fine = fine && frame->source.octet[0] != 0xff &&
		       bs_address_is_ipv4(&frame->source) ==
			       bs_address_is_ipv4(&frame->destination);
	if (!fine)
		abort();
}

// What looks plain is what the parser takes, and says the same.
static void compare(const uint8_t *bytes, uint32_t length, unsigned said, enum bs_reason reason,
	const struct frame *parsed)
{
	static struct plain plain;
	struct frame frame;
	plain_prepare(&plain, &ports, &ports.port[0]);
	for (uint8_t i = 0; i < ports.local_count; i++) {
		frame.local = i;
		frame.destination = ports.local[i].address;
		plain_learn(&plain, &ports, &frame);
	}
	enum plain_kind kind = plain_look(&plain, &ports, bytes, length, said);
	if (kind == PLAIN_NO)
		return;
	plain_fill(&plain, kind, &ports.port[0], bytes, said, &frame);
	if (reason != BS_REASON_ACCEPTED || parsed->kind != FRAME_TCP || frame.kind != FRAME_TCP ||
		frame.bytes != parsed->bytes || frame.length != parsed->length ||
		frame.l3 != parsed->l3 || frame.l4 != parsed->l4 ||
		frame.payload != parsed->payload ||
		frame.payload_length != parsed->payload_length || frame.port != parsed->port ||
		frame.local != parsed->local || frame.hop_limit != parsed->hop_limit ||
		!bs_address_equal(&frame.source, &parsed->source) ||
		!bs_address_equal(&frame.destination, &parsed->destination) ||
		frame.source_port != parsed->source_port ||
		frame.destination_port != parsed->destination_port ||
		frame.sequence != parsed->sequence ||
		frame.acknowledgement != parsed->acknowledgement ||
		frame.window != parsed->window || frame.flags != parsed->flags ||
		frame.options_length != parsed->options_length ||
		frame.unchecked != parsed->unchecked)
		abort();
	uint8_t flags = plain_flags(&plain, kind, bytes);
	const uint8_t *source = plain_source(&plain, kind, bytes);
	if (flags != frame.flags ||
		memcmp(source, frame.source.octet + (kind == PLAIN_IPV4 ? 12 : 0),
			kind == PLAIN_IPV4 ? 4 : 16) != 0)
		abort();
}

static void repair(struct frame *frame, uint8_t *bytes)
{
	uint32_t length = (uint32_t)frame->length - frame->l4, sum = 0;
	uint16_t checksum = 0;
	if (length < 8)
		return;
	memcpy(bytes + frame->l4 + 2, &checksum, 2);
	if (!bs_address_is_ipv4(&frame->source))
		sum = pseudo_header_sum(
			&frame->source, &frame->destination, PROTOCOL_ICMP6, length);
	checksum = internet_checksum(sum, bytes + frame->l4, length);
	memcpy(bytes + frame->l4 + 2, &checksum, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t count)
{
	if (count == 0 || count > 4096)
		return 0;
	uint8_t set = input[0];
	uint32_t length = (uint32_t)count - 1;
	uint8_t *bytes = malloc(length > 0 ? length : 1); // ends where the frame ends
	struct frame frame;
	memcpy(bytes, input + 1, length);
	set_up(set);
	enum bs_reason reason = frame_parse(
		&ports, &ports.port[0], bytes, length, set & SET_CHECKSUMS, &frame);
	if (reason == BS_REASON_ICMP_BAD && (set & SET_REPAIR) != 0) {
		repair(&frame, bytes);
		reason = frame_parse(
			&ports, &ports.port[0], bytes, length, set & SET_CHECKSUMS, &frame);
	}
	compare(bytes, length, set & SET_CHECKSUMS, reason, &frame);
	if (reason == BS_REASON_ACCEPTED && frame.kind == FRAME_TCP && frame.unchecked &&
		!frame_tcp_checksum(&frame))
		reason = BS_REASON_TCP_CHECKSUM;
	if (reason == BS_REASON_ACCEPTED) {
		check(&frame, length);
		if (frame.kind != FRAME_TCP)
			reason = neighbour_input(&dataplane, &ports.port[0], &frame);
	}
	if (reason >= BS_REASON_COUNT)
		abort();
	free(bytes);
	free(out);
	out = NULL;
	return 0;
}
