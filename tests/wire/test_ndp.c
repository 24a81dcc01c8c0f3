// SPDX-License-Identifier: BSD-3-Clause
//
// IPv6 neighbour discovery (RFC 4861), duplicate address detection (RFC 4862), listener reports (RFC 3810), the
// IPv6 gateway.
#include "tests/wire/wire.h"

#include "dataplane/local.h"

#define LINK_LOCAL "fe80::ff:fe00:19"
#define GROUP      "ff02::1:ff00:25"
// One second of wait at most, one second of detection, two announcements two seconds apart.
#define SETTLED_MS 7000

#define NDP_TEST(name)   WIRE_TEST6(ndp, name)
#define CLAIM_TEST(name) WIRE_TEST6(claim6, name, .neighbours = true)

static const uint8_t other_mac[6] = {0x02, 0, 0, 0, 0x0b, 0x02};

static struct bs_address address_of(const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address));
	return address;
}

static bool is_address(const void *at, const char *text)
{
	struct bs_address address = address_of(text);
	return memcmp(at, address.octet, 16) == 0;
}

// The message behind its first eight bytes: target and options.
struct body {
	uint8_t byte[64];
	size_t length;
};

static struct body body_of(const char *target, uint8_t option, const uint8_t *mac)
{
	struct body body = {.length = 16};
	struct bs_address address = address_of(target);
	memcpy(body.byte, address.octet, 16);
	if (option != 0) {
		body.byte[16] = option;
		body.byte[17] = 1;
		memcpy(body.byte + 18, mac, 6);
		body.length = 24;
	}
	return body;
}

#define message(peer, kind, body, ...) \
	wire_icmp(peer, .type = (kind), .payload = (body).byte, .payload_length = (body).length, \
		##__VA_ARGS__)
#define solicit(peer, body, ...)   message(peer, 135, body, ##__VA_ARGS__)
#define advertise(peer, body, ...) message(peer, 136, body, ##__VA_ARGS__)

// The next ICMPv6 message of this type among whatever else is sent; NULL when there is none.
static const struct wire_frame *next_message(struct wire *wire, uint8_t type)
{
	const struct wire_frame *frame;
	while ((frame = wire_next(wire)) != NULL) {
		if (frame->protocol == PROTOCOL_ICMP6 && frame->payload[0] == type)
			return frame;
	}
	return NULL;
}

static bool has_notice(struct wire *wire, const char *text)
{
	struct bs_notice notice;
	while (wire_notice(wire, &notice)) {
		if (memmem(notice.sample, notice.sample_length, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

static enum local_state state6(struct wire *wire)
{
	return local_state(&wire->ports.local[1]);
}

// --- answers ---

NDP_TEST(answers_a_solicitation)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert_eq(memcmp(answer->to, wire_peer_mac, 6), 0);
	cr_assert(is_address(&answer->source, WIRE_LOCAL6));
	cr_assert(is_address(&answer->destination, "2001:db8::7"));
	cr_assert_eq(answer->ttl, 255);
	cr_assert_eq(answer->payload[1], 0);
	cr_assert_eq(load32(answer->payload + 4), 0x60000000); // solicited, override, no router
	cr_assert(is_address(answer->payload + 8, WIRE_LOCAL6));
	cr_assert_eq(answer->payload_length, 32);
	cr_assert(answer->payload[24] == 2 && answer->payload[25] == 1);
	cr_assert_eq(memcmp(answer->payload + 26, wire_mac, 6), 0);
	cr_assert_eq(wire->counters.arp_replies, 1);
	wire_expect_nothing(wire);
}

NDP_TEST(answers_a_unicast_probe_without_option)
{
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	solicit(peer, body, .source = "fe80::7");
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert(is_address(&answer->destination, "fe80::7"));
}

NDP_TEST(answers_who_asked)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	solicit(peer, body, .source = "2001:db8::7", .destination = GROUP, .from = other_mac);
	cr_assert_eq(memcmp(wire_expect_icmp(wire, 136)->to, other_mac, 6), 0);
}

NDP_TEST(tells_all_when_another_detects_duplicates)
{
	static const uint8_t all_nodes_mac[6] = {0x33, 0x33, 0, 0, 0, 1};
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "::", .destination = GROUP));
	const struct wire_frame *answer = wire_expect_icmp(wire, 136);
	cr_assert(is_address(&answer->destination, "ff02::1"));
	cr_assert_eq(memcmp(answer->to, all_nodes_mac, 6), 0);
	cr_assert_eq(load32(answer->payload + 4), 0x20000000);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

NDP_TEST(passes_over_unknown_options)
{
	struct body body = body_of(WIRE_LOCAL6, 14, wire_peer_mac); // a nonce
	memcpy(body.byte + 24, (const uint8_t[]){1, 1, 2, 0, 0, 0, 0x0a, 1}, 8);
	body.length = 32;
	solicit(peer, body, .source = "2001:db8::7", .destination = GROUP);
	wire_expect_icmp(wire, 136);
}

NDP_TEST(leaves_others_alone)
{
	struct body body = body_of("2001:db8::1:0:25", 1, wire_peer_mac); // of the same group
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = "ff02::1:ff00:25"));
	wire_expect_reason(wire, BS_REASON_NDP_OTHER, advertise(peer, body, .rest = 0x40000000));
	static const uint8_t router[] = {133, 134, 137};
	for (unsigned i = 0; i < 3; i++)
		wire_expect_reason(wire, BS_REASON_NDP_OTHER,
			wire_icmp(peer, .type = router[i], .payload = body.byte,
				.payload_length = body.length));
	wire_expect_nothing(wire);
}

NDP_TEST(drops_what_rfc_4861_says_to_discard)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	struct body group = body_of("ff02::1", 0, NULL);
	struct body bare = body_of(WIRE_LOCAL6, 0, NULL);
#define bad(call) wire_expect_reason(wire, BS_REASON_NDP_BAD, call)
	for (uint8_t type = 135; type <= 136; type++) {
		bad(message(peer, type, body, .ttl = 254));
		bad(message(peer, type, body, .code = 1));
		bad(message(peer, type, group));
		body.length = 15; // shorter than a target
		bad(message(peer, type, body));
		body.length = 23; // an option that ends outside
		bad(message(peer, type, body));
		body.length = 17; // an option of one byte
		bad(message(peer, type, body));
		body.length = 24;
		body.byte[17] = 0; // an option without length
		bad(message(peer, type, body));
		body.byte[17] = 2;
		bad(message(peer, type, body));
		body.byte[17] = 1;
		bad(message(peer, type, body, .router_alert = true));
	}
	// From nobody: only to the target's own group, and without the option.
	bad(solicit(peer, bare, .source = "::"));
	bad(solicit(peer, bare, .source = "::", .destination = "ff02::1"));
	bad(solicit(peer, body, .source = "::", .destination = GROUP));
	// Solicited, and to everybody.
	bad(advertise(peer, body, .destination = "ff02::1", .rest = 0x40000000));
#undef bad
	wire_expect_reason(wire, BS_REASON_ICMP_BAD, solicit(peer, body, .bad_checksum = true));
	wire_expect_nothing(wire);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

// --- claims ---

CLAIM_TEST(detects_then_announces)
{
	unsigned probes = 0, link_local_probes = 0, announcements = 0;
	cr_assert_eq(state6(wire), LOCAL_TENTATIVE);
	wire_advance(wire, 10);
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_icmp(peer, .type = 128));
	wire_advance(wire, SETTLED_MS);
	const struct wire_frame *f;
	while ((f = wire_next(wire)) != NULL) {
		if (f->protocol != PROTOCOL_ICMP6)
			continue;
		if (f->payload[0] == 135 && is_address(f->payload + 8, WIRE_LOCAL6)) {
			static const uint8_t mac[6] = {0x33, 0x33, 0xff, 0, 0, 0x25};
			probes++;
			cr_assert(is_address(&f->source, "::"));
			cr_assert(is_address(&f->destination, GROUP));
			cr_assert_eq(memcmp(f->to, mac, 6), 0);
			cr_assert(f->ttl == 255 && f->payload_length == 24); // no option
			cr_assert_eq(announcements, 0);
		} else if (f->payload[0] == 135 && is_address(f->payload + 8, LINK_LOCAL)) {
			link_local_probes++;
		} else if (f->payload[0] == 136 && is_address(f->payload + 8, WIRE_LOCAL6)) {
			announcements++;
			cr_assert(is_address(&f->source, WIRE_LOCAL6));
			cr_assert(is_address(&f->destination, "ff02::1"));
			cr_assert_eq(load32(f->payload + 4), 0x20000000);
			cr_assert_eq(memcmp(f->payload + 26, wire_mac, 6), 0);
		}
	}
	cr_assert(probes == 1 && link_local_probes == 1 && announcements == 2);
	cr_assert_eq(state6(wire), LOCAL_READY);
	cr_assert_eq(wire->ports.port[0].link_local_state, LOCAL_READY);
	wire_tcp(peer, .flags = TCP_SYN);
	wire_expect_tcp(peer, TCP_SYN | TCP_ACK);
}

// Advances until our probe for the address is out.
static void until_probed(struct wire *wire, const char *address)
{
	for (unsigned i = 0; i < 200; i++) {
		wire_advance(wire, 10);
		const struct wire_frame *probe;
		while ((probe = next_message(wire, 135)) != NULL) {
			if (is_address(probe->payload + 8, address))
				return;
		}
	}
	cr_assert_fail("no probe");
}

static void is_lost(struct wire *wire, struct wire_peer *peer)
{
	wire_advance(wire, 20);
	cr_assert_eq(state6(wire), LOCAL_DUPLICATE);
	cr_assert(has_notice(wire, "2001:db8::25 in use by 02:00:00:00:0a:01"));
	wire_forget(wire);
	wire_advance(wire, SETTLED_MS);
	const struct wire_frame *announcement;
	while ((announcement = next_message(wire, 136)) != NULL)
		cr_assert(is_address(announcement->payload + 8, LINK_LOCAL));
	cr_assert_eq(state6(wire), LOCAL_DUPLICATE);
	wire_expect_reason(wire, BS_REASON_IP_NOT_OURS, wire_tcp(peer, .flags = TCP_SYN));
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	cr_assert_null(next_message(wire, 136));
}

CLAIM_TEST(gives_way_to_an_advertisement)
{
	struct body body = body_of(WIRE_LOCAL6, 2, wire_peer_mac);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		advertise(peer, body, .source = WIRE_LOCAL6, .destination = "ff02::1",
			.rest = 0x20000000));
	is_lost(wire, peer);
}

CLAIM_TEST(gives_way_to_another_probe)
{
	struct body body = body_of(WIRE_LOCAL6, 0, NULL);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = "::", .destination = GROUP));
	is_lost(wire, peer);
}

CLAIM_TEST(a_question_is_no_rival)
{
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac);
	until_probed(wire, WIRE_LOCAL6);
	wire_expect_reason(wire, BS_REASON_NDP_OTHER,
		solicit(peer, body, .source = "2001:db8::7", .destination = GROUP));
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state6(wire), LOCAL_READY);
}

CLAIM_TEST(link_local_duplicate_is_noticed)
{
	struct body body = body_of(LINK_LOCAL, 2, wire_peer_mac);
	until_probed(wire, LINK_LOCAL);
	advertise(peer, body, .source = LINK_LOCAL, .destination = "ff02::1", .rest = 0x20000000);
	wire_advance(wire, 20);
	cr_assert_eq(wire->ports.port[0].link_local_state, LOCAL_DUPLICATE);
	cr_assert(has_notice(wire, "fe80::ff:fe00:19 in use by"));
	wire_advance(wire, SETTLED_MS);
	cr_assert_eq(state6(wire), LOCAL_READY); // the others are their own
}

CLAIM_TEST(defends_what_it_has)
{
	struct body body = body_of(WIRE_LOCAL6, 2, wire_peer_mac);
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	for (unsigned i = 0; i < 9; i++) {
		advertise(peer, body, .source = WIRE_LOCAL6, .destination = "ff02::1",
			.rest = 0x20000000);
		wire_advance(wire, 1000);
	}
	cr_assert(has_notice(wire, "2001:db8::25 also used by 02:00:00:00:0a:01"));
	const struct wire_frame *defence = next_message(wire, 136);
	cr_assert_not_null(defence);
	cr_assert(is_address(defence->payload + 8, WIRE_LOCAL6));
	cr_assert_null(next_message(wire, 136));
	cr_assert_eq(state6(wire), LOCAL_READY);
}

// --- the gateway ---

static uint64_t gateway(struct wire *wire)
{
	return atomic_load(&wire->ports.port[0].gateway6.mac);
}

static const struct wire_frame *next_question(struct wire *wire)
{
	const struct wire_frame *frame = next_message(wire, 135);
	while (frame != NULL && !is_address(frame->payload + 8, WIRE_GATEWAY6))
		frame = next_message(wire, 135);
	return frame;
}

static void answer(struct wire_peer *peer, uint32_t flags, const uint8_t *mac)
{
	struct body body = body_of(WIRE_GATEWAY6, mac != NULL ? 2 : 0, mac);
	advertise(peer, body, .source = WIRE_GATEWAY6, .destination = LINK_LOCAL, .rest = flags);
}

#define PEER  (GATEWAY_RESOLVED | UINT64_C(0x020000000a01))
#define OTHER (GATEWAY_RESOLVED | UINT64_C(0x020000000b02))

CLAIM_TEST(asks_for_the_gateway)
{
	static const uint8_t group_mac[6] = {0x33, 0x33, 0xff, 0, 0, 1};
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	wire_advance(wire, 3000);
	for (unsigned i = 0; i < 3; i++) {
		const struct wire_frame *question = next_question(wire);
		cr_assert_not_null(question);
		cr_assert(is_address(&question->source, LINK_LOCAL));
		cr_assert(is_address(&question->destination, "ff02::1:ff00:1"));
		cr_assert_eq(memcmp(question->to, group_mac, 6), 0);
		cr_assert(question->payload[24] == 1 && question->payload[25] == 1);
		cr_assert_eq(memcmp(question->payload + 26, wire_mac, 6), 0);
	}
	cr_assert_null(next_question(wire));
	wire_expect_reason(wire, BS_REASON_ACCEPTED, answer(peer, 0xe0000000, wire_peer_mac));
	cr_assert_eq(gateway(wire), PEER);
	wire_advance(wire, 20);
	cr_assert(has_notice(wire, "fe80::1: gateway is at 02:00:00:00:0a:01"));
	wire_forget(wire);
	wire_advance(wire, 29000);
	cr_assert_null(next_question(wire));
}

CLAIM_TEST(refreshes_the_gateway_and_notices_its_loss)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	wire_advance(wire, 100);
	wire_forget(wire);
	wire_advance(wire, 30100);
	const struct wire_frame *question = next_question(wire);
	cr_assert_not_null(question);
	cr_assert_eq(memcmp(question->to, wire_peer_mac, 6), 0);
	cr_assert(is_address(&question->destination, WIRE_GATEWAY6));
	answer(peer, 0xc0000000, NULL); // to a unicast question the option may be left out
	wire_advance(wire, 25000);
	cr_assert_eq(gateway(wire), PEER);
	cr_assert_null(next_question(wire));
	wire_advance(wire, 9500);
	cr_assert_eq(gateway(wire), 0);
	cr_assert(has_notice(wire, "fe80::1: gateway does not answer"));
}

CLAIM_TEST(unsolicited_advertisement_is_no_proof_of_life)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	wire_advance(wire, 100);
	for (unsigned i = 0; i < 40; i++) {
		answer(peer, 0xa0000000, wire_peer_mac);
		wire_advance(wire, 1000);
		if (gateway(wire) == 0)
			break;
	}
	// It is forgotten after three questions, and learnt again from the next of these: it may have lost only us.
	cr_assert(has_notice(wire, "fe80::1: gateway does not answer"));
}

CLAIM_TEST(follows_the_gateway_only_when_told_to_override)
{
	wire_advance(wire, SETTLED_MS);
	answer(peer, 0xe0000000, wire_peer_mac);
	answer(peer, 0x80000000, other_mac); // without the override flag
	cr_assert_eq(gateway(wire), PEER);
	answer(peer, 0xa0000000, other_mac);
	cr_assert_eq(gateway(wire), OTHER);
	struct body body = body_of(WIRE_LOCAL6, 1, wire_peer_mac); // its own question tells, too
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		solicit(peer, body, .source = WIRE_GATEWAY6, .destination = GROUP));
	cr_assert_eq(gateway(wire), PEER);
}

// --- listener reports ---

// Checks a report and returns how many groups it has.
static unsigned check_report(const struct wire_frame *report, uint8_t record)
{
	static const uint8_t mac[6] = {0x33, 0x33, 0, 0, 0, 0x16};
	cr_assert(report->router_alert && report->ttl == 1);
	cr_assert(is_address(&report->destination, "ff02::16"));
	cr_assert_eq(memcmp(report->to, mac, 6), 0);
	unsigned count = load16(report->payload + 6);
	cr_assert_eq(report->payload_length, 8 + 20 * count);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *at = report->payload + 8 + 20 * i;
		cr_assert(at[0] == record && at[1] == 0 && load16(at + 2) == 0);
		cr_assert(is_address(at + 4, "ff02::1:ff00:19") || is_address(at + 4, GROUP));
	}
	return count;
}

CLAIM_TEST(reports_its_groups)
{
	// First of all, without a source while there is none yet; again when there is.
	wire_advance(wire, 10);
	const struct wire_frame *report = wire_expect_icmp(wire, 143);
	cr_assert(is_address(&report->source, "::"));
	cr_assert_eq(check_report(report, 4), 2);
	wire_advance(wire, SETTLED_MS);
	unsigned sourced = 0;
	while ((report = next_message(wire, 143)) != NULL) {
		cr_assert_eq(check_report(report, 4), 2);
		sourced += is_address(&report->source, LINK_LOCAL);
	}
	cr_assert_eq(sourced, 2);
	atomic_store(&wire->ports.port[0].link_up, false);
	wire_advance(wire, 100);
	atomic_store(&wire->ports.port[0].link_up, true);
	wire_advance(wire, 2000);
	for (unsigned i = 0; i < 2; i++) {
		report = next_message(wire, 143);
		cr_assert_not_null(report);
		check_report(report, 4);
	}
	cr_assert_null(next_message(wire, 143));
}

#define query(peer, ...) \
	wire_icmp(peer, .type = 130, .rest = 0x27100000, .payload = query_body, \
		.payload_length = 20, .destination = "ff02::1", __VA_ARGS__)

CLAIM_TEST(answers_a_query)
{
	static const uint8_t query_body[20] = {[16] = 2, 125};
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	wire_expect_reason(wire, BS_REASON_ACCEPTED,
		query(peer, .router_alert = true, .ttl = 1, .source = "fe80::1"));
	query(peer, .router_alert = true, .ttl = 1, .source = "fe80::2"); // one answer is enough
	wire_advance(wire, 600);
	const struct wire_frame *report = next_message(wire, 143);
	cr_assert_not_null(report);
	cr_assert(is_address(&report->source, LINK_LOCAL));
	cr_assert_eq(check_report(report, 2), 2);
	cr_assert_null(next_message(wire, 143));
}

CLAIM_TEST(leaves_a_doubtful_query_alone)
{
	static const uint8_t query_body[20] = {[16] = 2, 125};
	wire_advance(wire, SETTLED_MS);
	wire_forget(wire);
	wire_expect_reason(wire, BS_REASON_ICMP_BAD, query(peer, .ttl = 1, .source = "fe80::1"));
	wire_expect_reason(wire, BS_REASON_ICMP_BAD,
		query(peer, .router_alert = true, .ttl = 2, .source = "fe80::1"));
	wire_expect_reason(wire, BS_REASON_ICMP_BAD,
		query(peer, .router_alert = true, .ttl = 1, .source = "2001:db8::7"));
	wire_advance(wire, 1000);
	cr_assert_null(next_message(wire, 143));
}

// As many addresses as there can be: the groups go into several reports, none larger than the smallest link.
CLAIM_TEST(reports_many_groups)
{
	wire_advance(wire, SETTLED_MS);
	struct ports *ports = &wire->ports;
	while (ports->local_count < LOCALS_MAX) {
		struct local *local = &ports->local[ports->local_count];
		local->address = address_of(WIRE_LOCAL6);
		local->address.octet[14] = 1 + ports->local_count / 2; // each group twice
		ports->local_count++;
	}
	wire_forget(wire);
	atomic_store(&ports->port[0].mld_queried, true);
	wire_advance(wire, 600);
	unsigned groups = 0, reports = 0;
	const struct wire_frame *report;
	while ((report = next_message(wire, 143)) != NULL) {
		cr_assert(report->length <= 14 + 1280);
		groups += load16(report->payload + 6);
		reports++;
	}
	cr_assert_eq(groups, 2 + 127);
	cr_assert_eq(reports, 3);
}
