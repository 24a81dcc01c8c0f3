// SPDX-License-Identifier: BSD-3-Clause
//
// Multicast listener reports (RFC 3810).
#include "tests/wire/discovery.h"

#define MLD_TEST(name) WIRE_TEST6(mld, name, .neighbours = true)

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

MLD_TEST(reports_its_groups)
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

MLD_TEST(answers_a_query)
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

MLD_TEST(leaves_a_doubtful_query_alone)
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
MLD_TEST(reports_many_groups)
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
