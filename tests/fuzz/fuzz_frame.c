// SPDX-License-Identifier: BSD-3-Clause
//
// Received frames: the parser takes any bytes, and what it accepts keeps its promises; TCP options, ARP, neighbour
// discovery, listener discovery and echo go on from there, with the timers of the neighbour lcore between them. Without DPDK:
// what would be sent goes to a buffer here and is looked at: whole, to somebody, at most one frame for a frame.
//
// The first byte of the input says how the port is set and what it says about checksums. The rest is a frame, or (SET_SERIES)
// several: 100 ms each before it, its length, its bytes.
#include <stdlib.h>
#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/dataplane.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/plain.h"
#include "dataplane/frame/plain_burst.h"
#include "dataplane/neighbour/neighbour.h"
#include "dataplane/port/transmit.h"
#include "dataplane/frame/wire_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

enum set {
	SET_CHECKSUMS = 0x0f, // enum frame_checksums
	SET_VLAN = 0x10,      // the port has a VLAN
	SET_TENTATIVE = 0x20, // our addresses are not ready
	SET_SERIES = 0x40,
	SET_REPAIR = 0x80, // wrong checksums are put right: the fuzzer can't guess one
};

#define SERIES_MOST 64u // frames: each may wait for 25 s

static struct ports ports;
static struct bs_dataplane_counters counters;
static struct dataplane dataplane = {.ports = &ports, .counters = &counters};
// The frame being built, as large as asked for.
static struct {
	uint8_t *at; // NULL: there is none
	uint16_t length, ether_type;
	uint8_t protocol;
	struct bs_address source, destination; // of IP
} out;
static unsigned sent;

uint8_t *transmit_ethernet(struct dataplane *self, const struct port *port, const uint8_t mac[6],
	uint16_t ether_type, uint16_t length, struct rte_mbuf **mbuf)
{
	if (out.at != NULL || length > 2048 - 18 ||
		(mac[0] & 1 && mac[0] != 0x33 && mac[0] != 0xff))
		abort();
	out.at = calloc(1, length);
	out.length = length;
	out.ether_type = ether_type;
	*mbuf = NULL;
	return out.at;
}

uint8_t *transmit_ip(struct dataplane *self, const struct port *port, const uint8_t mac[6],
	const struct bs_address *source, const struct bs_address *destination, uint8_t protocol,
	uint8_t hop_limit, uint16_t length, struct rte_mbuf **mbuf)
{
	static const struct bs_address nobody;
	bool ipv4 = bs_address_is_ipv4(destination);
	if (length > port->mtu - (ipv4 ? IPV4_LENGTH : IPV6_LENGTH) || hop_limit == 0 ||
		bs_address_is_ipv4(source) != ipv4)
		abort();
	// RFC 4443, 2.4, e and RFC 1122, 3.2.2: nothing from a group or to nobody.
	if (source->octet[0] == 0xff || bs_address_equal(destination, &nobody))
		abort();
	out.protocol = protocol;
	out.source = *source;
	out.destination = *destination;
	return transmit_ethernet(
		self, port, mac, ipv4 ? ETHER_TYPE_IPV4 : ETHER_TYPE_IPV6, length, mbuf);
}

// What the neighbour lcore says unasked of each address of ours, link-local last: when, the oldest of the last ones first.
#define ANNOUNCED_MOST \
	3u // in DEFENCE_MS: two when it was claimed, and a defence (RFC 5227, 1.1 and 2.4)
#define DEFENCE_MS 10000u
static struct {
	bool elapses; // it is its turn
	unsigned count[3];
	uint32_t at_ms[3][ANNOUNCED_MOST];
} announced;

// Which address a frame announces, -1: none.
static int announces(void)
{
	if (out.ether_type == ETHER_TYPE_ARP)
		return memcmp(out.at + 14, out.at + 24, 4) == 0 ? 0 : -1;
	if (out.protocol != PROTOCOL_ICMP6 || out.at[0] != 136)
		return -1;
	return out.at[8] == 0xfe ? 2 : 1;
}

static void note_announcement(int which)
{
	unsigned *count = &announced.count[which];
	uint32_t *oldest = &announced.at_ms[which][*count % ANNOUNCED_MOST];
	if (*count >= ANNOUNCED_MOST && dataplane.now_ms - *oldest < DEFENCE_MS)
		abort();
	*oldest = dataplane.now_ms;
	++*count;
}

void transmit_send(struct dataplane *self, const struct port *port, struct rte_mbuf *mbuf)
{
	uint32_t sum = 0;
	if (out.at == NULL)
		abort();
	if (out.ether_type == ETHER_TYPE_IPV6 && out.protocol == PROTOCOL_ICMP6)
		sum = pseudo_header_sum(&out.source, &out.destination, PROTOCOL_ICMP6, out.length);
	if (out.ether_type != ETHER_TYPE_ARP && out.protocol != 0 &&
		internet_checksum(sum, out.at, out.length) != 0)
		abort();
	if (out.ether_type == ETHER_TYPE_ARP && memcmp(out.at + 8, port->mac, 6) != 0)
		abort();
	if (announced.elapses && announces() >= 0)
		note_announcement(announces());
	free(out.at);
	out.at = NULL;
	sent++;
}

static void set_up(uint8_t set)
{
	static const uint8_t own4[4] = {192, 0, 2, 25};
	static const struct bs_address own6 = {{0x20, 0x01, 0x0d, 0xb8, [15] = 0x25}};
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 0x19};
	struct port *port = &ports.port[0];
	memset(&ports, 0, sizeof(ports));
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
	port->link_up = true;
	dataplane.now_ms = 1000;
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

// A burst takes what a look by itself says is plain IPv4, in whatever row it stands, and nothing else.
static void compare_burst(const struct plain *plain, const uint8_t *bytes, uint32_t length,
	unsigned said, enum plain_kind kind)
{
	static struct plain_burst burst; // rows of earlier frames beside it
	static unsigned row;
	uint8_t room[PLAIN_BURST_BYTES] = {0};
	memcpy(room, bytes, length < sizeof(room) ? length : sizeof(room));
	row = (row + 1) % PLAIN_BURST;
	plain_burst_begin(&burst, plain, &ports, (said & FRAME_IP_GOOD) == 0);
	plain_burst_add(&burst, row, room, length, said & (FRAME_IP_BAD | FRAME_TCP_BAD));
	plain_burst_judge(&burst, row + 1);
	if ((burst.odd[row] == 0) != (kind == PLAIN_IPV4))
		abort();
	if (kind == PLAIN_IPV4 && (burst.source[row] != load32(plain_source(plain, kind, bytes)) ||
					  burst.flags[row] != plain_flags(plain, kind, bytes)))
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
	compare_burst(&plain, bytes, length, said, kind);
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

static void store_checksum(uint8_t *at, uint16_t checksum)
{
	memcpy(at, &checksum, sizeof(checksum));
}

// Of the IPv4 header, wherever it is.
static void repair_ipv4(uint8_t *bytes, uint32_t length)
{
	uint32_t l3 = ETHER_LENGTH;
	if (length > ETHER_LENGTH + 4 && load16(bytes + 12) == ETHER_TYPE_VLAN)
		l3 += 4;
	if (length < l3 + IPV4_LENGTH || bytes[l3] >> 4 != 4)
		return;
	uint32_t header = (bytes[l3] & 15) * 4u;
	if (header < IPV4_LENGTH || length < l3 + header)
		return;
	store_checksum(bytes + l3 + 10, 0);
	store_checksum(bytes + l3 + 10, internet_checksum(0, bytes + l3, header));
}

static void repair(const struct frame *frame, uint8_t *bytes, uint8_t protocol, uint32_t place)
{
	uint32_t length = (uint32_t)frame->length - frame->l4, sum = 0;
	if (length < place + 2)
		return;
	if (protocol != PROTOCOL_ICMP)
		sum = pseudo_header_sum(&frame->source, &frame->destination, protocol, length);
	store_checksum(bytes + frame->l4 + place, 0);
	store_checksum(
		bytes + frame->l4 + place, internet_checksum(sum, bytes + frame->l4, length));
}

static void take(const uint8_t *input, uint32_t length, uint8_t set)
{
	uint8_t *bytes = malloc(length > 0 ? length : 1); // ends where the frame ends
	struct frame frame;
	bool repaired = (set & SET_REPAIR) != 0;
	memcpy(bytes, input, length);
	if (repaired)
		repair_ipv4(bytes, length);
	enum bs_reason reason = frame_parse(
		&ports, &ports.port[0], bytes, length, set & SET_CHECKSUMS, &frame);
	if (reason == BS_REASON_ICMP_BAD && repaired) {
		repair(&frame, bytes,
			bs_address_is_ipv4(&frame.source) ? PROTOCOL_ICMP : PROTOCOL_ICMP6, 2);
		reason = frame_parse(
			&ports, &ports.port[0], bytes, length, set & SET_CHECKSUMS, &frame);
	}
	compare(bytes, length, set & SET_CHECKSUMS, reason, &frame);
	if (reason == BS_REASON_ACCEPTED && frame.kind == FRAME_TCP && frame.unchecked) {
		if (repaired)
			repair(&frame, bytes, PROTOCOL_TCP, 16);
		if (!frame_tcp_checksum(&frame)) {
			if (repaired)
				abort();
			reason = BS_REASON_TCP_CHECKSUM;
		}
	}
	sent = 0;
	if (reason == BS_REASON_ACCEPTED) {
		check(&frame, length);
		if (frame.kind != FRAME_TCP)
			reason = neighbour_input(&dataplane, &ports.port[0], &frame);
	}
	if (reason >= BS_REASON_COUNT || sent > 1 || (sent == 1 && reason != BS_REASON_ACCEPTED))
		abort();
	free(bytes);
}

// What the neighbour lcore does in `ms`. Its probes, announcements, reports and questions are few, whatever was said to it.
static void elapse(uint32_t ms)
{
	struct bs_notice notice;
	unsigned most = 40 + ms / 100;
	sent = 0;
	announced.elapses = true;
	for (uint32_t passed = 0; passed < ms; passed += 100) {
		dataplane.now_ms += 100;
		neighbour_turn(&dataplane, dataplane.neighbours, dataplane.now_ms);
	}
	announced.elapses = false;
	while (bs_ring_pop(dataplane.notices, &notice, sizeof(notice)))
		;
	if (sent > most || counters.notices_lost > 0)
		abort();
}

static void series(const uint8_t *input, size_t count, uint8_t set)
{
	dataplane.neighbours = neighbours_new(&ports, dataplane.now_ms);
	memset(&announced, 0, sizeof(announced));
	if (dataplane.notices == NULL)
		dataplane.notices = bs_ring_new(1024, sizeof(struct bs_notice));
	for (unsigned i = 0; i < SERIES_MOST && count >= 2; i++) {
		uint32_t length = input[1] < count - 2 ? input[1] : (uint32_t)(count - 2);
		elapse(input[0] * 100u);
		take(input + 2, length, set);
		input += 2 + length;
		count -= 2 + length;
	}
	elapse(60000);
	neighbours_free(dataplane.neighbours);
	dataplane.neighbours = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t count)
{
	if (count == 0 || count > 4096)
		return 0;
	set_up(input[0]);
	if (input[0] & SET_SERIES)
		series(input + 1, count - 1, input[0]);
	else
		take(input + 1, (uint32_t)count - 1, input[0]);
	return 0;
}
