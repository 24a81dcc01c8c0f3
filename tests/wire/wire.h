// SPDX-License-Identifier: BSD-3-Clause
//
// The wire harness: a dataplane on in-memory ports and a virtual clock. A test injects packets, reads what was
// sent, lets time pass, and ends with the count of packet buffers. No device, no thread, no wall clock.
//
//	WIRE_TEST(tcp, three_way_handshake)            // becomes ..._ipv4 and ..._ipv6
//	{
//		wire_tcp(peer, .flags = TCP_SYN, .mss = 1460);
//		const struct wire_frame *answer = wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
//		cr_assert_eq(answer->mss, 1460);
//		wire_tcp(peer, .flags = TCP_ACK);      // seq and ack follow what was sent and seen
//		wire_expect_nothing(peer->wire);
//	}
//
// A failed expectation ends the test and names the test's own line. Criterion runs each test in a process of its
// own, so there is one struct wire at a time.
#pragma once

#include <criterion/criterion.h>

#include "control/policy/policy.h"
#include "dataplane/dataplane.h"
#include "dataplane/seam/source.h"
#include "dataplane/frame/wire_format.h"
#include "tests/wire/build.h"

struct rte_ring;
struct rte_mempool;

// What is zero has the value behind it.
struct wire_settings {
	uint16_t vlan;   // untagged
	uint16_t mtu;    // 1500
	bool neighbours; // false: addresses ready, gateways resolved, no probes nor announcements
	bool fills;      // the port fills in checksums (the harness does)
	uint32_t connections;    // 64
	uint32_t half_open;      // 16
	uint32_t talking;        // 8
	uint32_t data_rings;     // 2
	uint32_t data_ring_size; // 65536
	uint32_t data_ring_most; // 1 MB
	uint32_t workers;        // 1
	uint32_t wait_ms;        // 25000
	bool no_wait;            // 0
	uint32_t transmit_room;  // frames the port takes before it is emptied: 1024; a power of two
	uint32_t mbufs;          // 2047; a power of two less one
	uint32_t sources;        // 64
	uint32_t
		lcores; // 1; with more the port has as many queues, and frames come in by each in turn
};

// A frame that barscreen sent. The harness has checked lengths and checksums.
struct wire_frame {
	uint16_t length;
	uint16_t l3, l4;
	uint8_t to[6], from[6];
	uint16_t vlan; // 0: untagged
	uint16_t ether_type;
	// IP
	struct bs_address source, destination;
	uint8_t protocol, ttl;
	bool router_alert;
	// TCP
	uint16_t source_port, destination_port;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t window;
	uint16_t mss;     // 0: no option
	int window_scale; // -1: no option
	bool sack_permitted;
	unsigned sack_count;
	uint32_t sack[4][2];
	// TCP data; the ICMP message from its type on; what follows ARP's fixed part
	const uint8_t *payload;
	uint16_t payload_length;
	uint8_t byte[WIRE_FRAME_BYTES];
};

#define WIRE_SEEN   2048u // frames kept unread; more is a test that forgot to look
#define WIRE_LCORES 4u
struct wire {
	struct dataplane
		*dataplane; // lcore 0, or another one whose worker and notices a test asks for
	struct dataplane *lcore[WIRE_LCORES];
	uint32_t lcores;
	uint32_t next_queue; // where the next frame comes in, modulo lcores
	struct handover *handover;
	struct ports ports;
	struct bs_policy policy; // the current one; a test may change it between polls
	struct bs_template_set texts[BS_TEMPLATE_SETS]; // policy.texts; the first one is in force
	struct bs_dataplane_counters counters;          // of lcore 0
	struct bs_dataplane_counters more[WIRE_LCORES]; // of the others
	struct bs_bell bell, worker_bell[4];
	_Atomic bool draining;
	uint64_t now_ns;
	struct rte_mempool *pool;
	struct rte_ring *receive[WIRE_LCORES], *transmit[WIRE_LCORES];
	uint32_t mbufs; // in the pool at the start
	struct bs_sources *sources;
	struct wire_frame *seen[WIRE_SEEN];
	uint32_t seen_head, seen_tail;
	bool hold; // sent frames stay in the port: see wire_hold()
};

struct wire *wire_new(const struct wire_settings *settings);
// Also checks that no packet buffer was lost, and that the source table counts just the connections there are.
void wire_free(struct wire *wire);

// --- packets in ---
// Puts a frame in front of the port without letting the dataplane run.
void wire_queue(struct wire *wire, const void *bytes, uint32_t length, uint64_t port_says);
// The same, and a poll. `port_says`: RTE_MBUF_F_RX_* checksum flags, 0 for a port that does not know.
void wire_inject(struct wire *wire, const void *bytes, uint32_t length, uint64_t port_says);

// wire_tcp(peer, .flags = TCP_ACK, .payload = "EHLO a\r\n"); returns the sequence number behind it. The peer's
// `seq` moves on when the packet did not name one.
#define wire_tcp(peer, ...) wire_send_tcp((peer), &(struct wire_packet){__VA_ARGS__})
uint32_t wire_send_tcp(struct wire_peer *peer, const struct wire_packet *packet);
// ICMP or ICMPv6, as the peer is.
#define wire_icmp(peer, ...) wire_send_icmp((peer), &(struct wire_packet){__VA_ARGS__})
void wire_send_icmp(struct wire_peer *peer, const struct wire_packet *packet);
#define wire_arp(peer, ...) wire_send_arp((peer), &(struct wire_packet){__VA_ARGS__})
void wire_send_arp(struct wire_peer *peer, const struct wire_packet *packet);

// --- packets out ---
// The next frame sent; valid until WIRE_SEEN more. Fails when there is none.
#define wire_expect(wire) wire_expect_at((wire), __FILE__, __LINE__)
const struct wire_frame *wire_expect_at(struct wire *wire, const char *file, int line);
// The next frame must be TCP to this peer with these flags (PSH does not count). Moves the peer's `ack` on.
#define wire_expect_tcp(peer, flags) wire_expect_tcp_at((peer), (flags), __FILE__, __LINE__)
const struct wire_frame *wire_expect_tcp_at(
	struct wire_peer *peer, uint8_t flags, const char *file, int line);
// It carries this text and nothing else.
#define wire_expect_text(peer, text) wire_expect_text_at((peer), (text), __FILE__, __LINE__)
void wire_expect_text_at(struct wire_peer *peer, const char *text, const char *file, int line);
#define wire_expect_icmp(wire, type) wire_expect_icmp_at((wire), (type), __FILE__, __LINE__)
const struct wire_frame *wire_expect_icmp_at(
	struct wire *wire, uint8_t type, const char *file, int line);
#define wire_expect_arp(wire, operation) wire_expect_arp_at((wire), (operation), __FILE__, __LINE__)
const struct wire_frame *wire_expect_arp_at(
	struct wire *wire, uint16_t operation, const char *file, int line);
#define wire_expect_nothing(wire) wire_expect_nothing_at((wire), __FILE__, __LINE__)
void wire_expect_nothing_at(struct wire *wire, const char *file, int line);
// NULL when nothing is left.
const struct wire_frame *wire_next(struct wire *wire);
// Forgets what was sent so far.
void wire_forget(struct wire *wire);
// While held, what is sent stays in the port's ring until that is full (transmit_room).
void wire_hold(struct wire *wire, bool hold);

// --- reasons ---
// Runs the statement and demands that it counted exactly one packet for this reason (or was ACCEPTED: none).
#define wire_expect_reason(wire, expected, statement) \
	do { \
		struct bs_dataplane_counters before_ = (wire)->counters; \
		statement; \
		wire_expect_reason_at((wire), &before_, (expected), __FILE__, __LINE__); \
	} while (0)
void wire_expect_reason_at(struct wire *wire, const struct bs_dataplane_counters *before,
	enum bs_reason expected, const char *file, int line);

// --- time ---
// Lets `ms` pass in steps of at most 10 ms with a poll in each.
void wire_advance(struct wire *wire, uint32_t ms);
// Polls at the present moment.
void wire_poll(struct wire *wire);

// --- sources ---
// The table's clock.
uint32_t wire_seconds(const struct wire *wire);
// Connections that the table counts, in all.
uint32_t wire_open_connections(struct wire *wire);

// --- the worker's side ---
// The next stream that has events for worker 0, with its level bits taken; false when there is none.
bool wire_event(struct wire *wire, uint32_t *number, uint32_t *events);
struct bs_stream *wire_stream(struct wire *wire, uint32_t number);
// Text to the client, as a worker would; polls.
void wire_reply(struct wire *wire, uint32_t number, const char *text);
// Raises wishes and polls.
void wire_wish(struct wire *wire, uint32_t number, uint32_t wishes);

// The next notice; false when there is none.
bool wire_notice(struct wire *wire, struct bs_notice *notice);
// The next one of this kind; those before it are passed over.
bool wire_find_notice(struct wire *wire, enum bs_notice_kind kind, struct bs_notice *notice);

// --- conveniences for TCP ---
// The three-way handshake; the peer's seq and ack are ready for data.
#define wire_connect(peer) wire_connect_at((peer), __FILE__, __LINE__)
void wire_connect_at(struct wire_peer *peer, const char *file, int line);
// A segment with ACK and text.
void wire_say(struct wire_peer *peer, const char *text);

// All packet buffers are back.
#define wire_no_leak(wire) wire_no_leak_at((wire), __FILE__, __LINE__)
void wire_no_leak_at(struct wire *wire, const char *file, int line);

// A test in two, for IPv4 and for IPv6. Settings may follow the name: WIRE_TEST(tcp, x, .no_wait = true).
typedef void wire_case(struct wire_peer *peer);
void wire_run_case(wire_case *body, bool ipv6, const struct wire_settings *settings);
#define WIRE_TEST(suite, name, ...) \
	static void suite##_##name(struct wire_peer *peer); \
	Test(suite, name##_ipv4) \
	{ \
		wire_run_case(suite##_##name, false, &(struct wire_settings){__VA_ARGS__}); \
	} \
	Test(suite, name##_ipv6) \
	{ \
		wire_run_case(suite##_##name, true, &(struct wire_settings){__VA_ARGS__}); \
	} \
	static void suite##_##name(struct wire_peer *peer)

// A test for one family; its body has `wire` and `peer`.
#define WIRE_TEST_ONE(suite, name, family6, ...) \
	static void suite##_##name(struct wire *wire, struct wire_peer *peer); \
	Test(suite, name) \
	{ \
		struct wire *wire = wire_new(&(struct wire_settings){__VA_ARGS__}); \
		struct wire_peer peer = wire_peer(wire, (family6)); \
		suite##_##name(wire, &peer); \
		wire_free(wire); \
	} \
	static void suite##_##name(struct wire *wire, struct wire_peer *peer)
#define WIRE_TEST4(suite, name, ...) WIRE_TEST_ONE(suite, name, false, __VA_ARGS__)
#define WIRE_TEST6(suite, name, ...) WIRE_TEST_ONE(suite, name, true, __VA_ARGS__)
