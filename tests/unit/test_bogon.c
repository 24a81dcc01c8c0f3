// SPDX-License-Identifier: BSD-3-Clause
//
// The built-in bogons, at both ends of each row and one address beyond, as the class table sees them; and
// what trusted networks take out of them.

#include <criterion/criterion.h>

#include "control/lists/bogon.h"
#include "control/lists/prefix_number.h"

#define BOGON 3
#define OWN   4

static struct bs_prefix prefix(const char *text)
{
	struct bs_prefix result;
	cr_assert_eq(bs_prefix_parse(text, &result, NULL), BS_PREFIX_OK, "%s", text);
	return result;
}

static uint8_t class_of(const struct bs_class_table *table, const char *text)
{
	struct bs_address address;
	uint8_t class;
	cr_assert(bs_address_parse(text, &address), "%s", text);
	bs_classify_bulk(table, &address, &class, 1);
	return class;
}

static struct bs_class_table *table_of(struct class_rules *rules)
{
	struct bs_class_table *table = bs_class_table_new(rules->rule, rules->count);
	cr_assert_not_null(table);
	class_rules_free(rules);
	return table;
}

static struct bs_class_table *bogons_without(const char *const *trusted, size_t count)
{
	struct class_rules rules = {0};
	struct bs_prefix holes[16];

	for (size_t i = 0; i < count; i++)
		holes[i] = prefix(trusted[i]);
	cr_assert(bogon_rules(&rules, BOGON, 1, holes, count));
	return table_of(&rules);
}

// first and last address, and the class of the neighbours before and after: 'b'ogon, 'p'lain, '-' none
static const struct {
	const char *first, *last, *before, *after;
	char class_before, class_after;
} row[] = {
	{"0.0.0.0", "0.255.255.255", "", "1.0.0.0", '-', 'p'},
	{"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0", 'p', 'p'},
	{"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0", 'p', 'p'},
	{"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0", 'p', 'p'},
	{"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0", 'p', 'p'},
	{"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0", 'p', 'p'},
	{"192.0.0.0", "192.0.0.8", "191.255.255.255", "192.0.0.9", 'p', 'p'},
	{"192.0.0.11", "192.0.0.255", "192.0.0.10", "192.0.1.0", 'p', 'p'},
	{"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0", 'p', 'p'},
	{"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0", 'p', 'p'},
	{"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0", 'p', 'p'},
	{"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0", 'p', 'p'},
	{"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0", 'p', 'p'},
	{"224.0.0.0", "239.255.255.255", "223.255.255.255", "240.0.0.0", 'p', 'b'},
	{"240.0.0.0", "255.255.255.255", "239.255.255.255", "", 'b', '-'},
	{"::", "::fffe:ffff:ffff", "", "", '-', '-'},
	{"::1:0:0:0", "64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "", "64:ff9b::", '-', 'p'},
	{"64:ff9b::1:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::ffff:ffff",
		"2000::", 'p', 'p'},
	{"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "64:ff9b:0:ffff:ffff:ffff:ffff:ffff",
		"64:ff9b:2::", 'b', 'b'},
	{"100::", "100::ffff:ffff:ffff:ffff", "", "", '-', '-'},
	{"4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", "", 'p', '-'},
	{"5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "", '-', '-'},
	{"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "", '-', '-'},
	{"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", "", '-', '-'},
	{"ff00::", "ff02::1", "", "", '-', '-'},
	{"2001:1::", "2001:1::", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::1", 'p', 'p'},
	{"2001:1::4", "2001:2:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::3", "2001:3::", 'p', 'p'},
	{"2001:4::", "2001:4:111:ffff:ffff:ffff:ffff:ffff", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:4:112::", 'p', 'p'},
	{"2001:4:113::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:4:112:ffff:ffff:ffff:ffff:ffff", "2001:20::", 'p', 'p'},
	{"2001:40::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", 'p', 'p'},
	{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", 'p', 'p'},
	{"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
		"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", 'p', 'p'},
};

Test(bogon, each_row_and_its_neighbours)
{
	struct bs_class_table *table = bogons_without(NULL, 0);

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		cr_expect_eq(class_of(table, row[i].first), BOGON, "%s", row[i].first);
		cr_expect_eq(class_of(table, row[i].last), BOGON, "%s", row[i].last);
		if (row[i].class_before != '-')
			cr_expect_eq(class_of(table, row[i].before),
				row[i].class_before == 'b' ? BOGON : BS_CLASS_PLAIN, "%s",
				row[i].before);
		if (row[i].class_after != '-')
			cr_expect_eq(class_of(table, row[i].after),
				row[i].class_after == 'b' ? BOGON : BS_CLASS_PLAIN, "%s",
				row[i].after);
	}
	bs_class_table_free(table);
}

Test(bogon, reachable_ones_are_plain)
{
	static const char *const plain[] = {"1.1.1.1", "8.8.8.8", "192.0.0.9", "192.0.0.10",
		"192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1",
		"2000::", "2001:1::1", "2001:1::2", "2001:1::3", "2001:3::1", "2001:4:112::1",
		"2001:20::1", "2001:2f:ffff::", "2001:30::1", "2001::1", "2002:c000:204::1",
		"2001:200::1", "2a00::1", "2620:4f:8000::1", "64:ff9b::808:808"};
	struct bs_class_table *table = bogons_without(NULL, 0);

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		cr_expect_eq(class_of(table, plain[i]), BS_CLASS_PLAIN, "%s", plain[i]);
	bs_class_table_free(table);
}

Test(bogon, trusted_is_taken_out)
{
	static const char *const trusted[] = {"10.1.2.0/24", "10.1.2.7/32", "192.168.0.0/16",
		"172.0.0.0/8", "fd00:1:2:3::/64", "fe80::1", "2001:db8::/33"};
	struct bs_class_table *table = bogons_without(
		trusted, sizeof(trusted) / sizeof(trusted[0]));
	static const char *const plain[] = {"10.1.2.0", "10.1.2.7", "10.1.2.255", "192.168.0.0",
		"192.168.255.255", "172.16.0.0", "172.31.255.255",
		"fd00:1:2:3::", "fd00:1:2:3:ffff:ffff:ffff:ffff", "fe80::1", "2001:db8:7fff::1"};
	static const char *const still[] = {"10.1.1.255", "10.1.3.0", "10.0.0.0", "10.255.255.255",
		"192.0.2.1", "127.0.0.1", "fd00:1:2:2:ffff:ffff:ffff:ffff",
		"fd00:1:2:4::", "fe80::", "fe80::2", "2001:db8:8000::1"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		cr_expect_eq(class_of(table, plain[i]), BS_CLASS_PLAIN, "%s", plain[i]);
	for (size_t i = 0; i < sizeof(still) / sizeof(still[0]); i++)
		cr_expect_eq(class_of(table, still[i]), BOGON, "%s", still[i]);
	bs_class_table_free(table);
}

// The mapped addresses are IPv4's home: nothing of IPv6 may reach into it, whatever is cut next to it.
Test(bogon, trusted_of_one_family_leaves_the_other)
{
	static const char *const all6[] = {"::/0"}, *const all4[] = {"0.0.0.0/0"},
				 *const next[] = {"::fffe:0:0/96"};
	struct bs_class_table *table = bogons_without(all6, 1);

	cr_expect_eq(class_of(table, "fe80::1"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "10.0.0.1"), BOGON);
	bs_class_table_free(table);
	table = bogons_without(all4, 1);
	cr_expect_eq(class_of(table, "fe80::1"), BOGON);
	cr_expect_eq(class_of(table, "10.0.0.1"), BS_CLASS_PLAIN);
	bs_class_table_free(table);
	table = bogons_without(next, 1);
	cr_expect_eq(class_of(table, "::fffe:0:0"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "::fffd:ffff:ffff"), BOGON);
	cr_expect_eq(class_of(table, "8.8.8.8"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "10.0.0.1"), BOGON);
	bs_class_table_free(table);
}

Test(class_rules, own_networks_without_trusted)
{
	struct bs_prefix own[] = {
		prefix("203.0.114.0/24"), prefix("2a01:db8::/32"), prefix("0.0.0.0/0")};
	struct bs_prefix trusted[] = {
		prefix("203.0.114.25"), prefix("2a01:db8:0:1::/64"), prefix("128.0.0.0/1")};
	struct class_rules rules = {0};
	struct bs_class_table *table;

	cr_assert(class_rules_add_without(&rules, own, 2, OWN, 1, trusted, 2));
	// one rule a bit that the hole is longer: 8 and 32
	cr_expect_eq(rules.count, 40);
	table = table_of(&rules);
	cr_expect_eq(class_of(table, "203.0.114.24"), OWN);
	cr_expect_eq(class_of(table, "203.0.114.25"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "203.0.114.26"), OWN);
	cr_expect_eq(class_of(table, "203.0.113.255"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "2a01:db8::ffff:ffff:ffff:ffff"), OWN);
	cr_expect_eq(class_of(table, "2a01:db8:0:1::"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "2a01:db8:0:2::"), OWN);
	bs_class_table_free(table);

	cr_assert(class_rules_add_without(&rules, own + 2, 1, OWN, 1, trusted + 2, 1));
	cr_expect_eq(rules.count, 1);
	table = table_of(&rules);
	cr_expect_eq(class_of(table, "127.255.255.255"), OWN);
	cr_expect_eq(class_of(table, "128.0.0.0"), BS_CLASS_PLAIN);
	bs_class_table_free(table);
}

// What is left and the holes together are the prefix, and they don't overlap.
Test(class_rules, random_subtraction_adds_up)
{
	uint32_t state = 5;

	for (unsigned turn = 0; turn < 200; turn++) {
		struct bs_prefix whole = prefix("2001:db8::/112"), holes[12];
		struct class_rules rules = {0};
		struct bs_class_table *table;
		unsigned count = turn % 13;

		for (unsigned i = 0; i < count; i++) {
			state = state * 1664525 + 1013904223;
			holes[i] = whole;
			holes[i].length = (uint8_t)(114 + (state >> 8) % 15);
			holes[i].address.octet[14] = (uint8_t)(state >> 16);
			holes[i].address.octet[15] = (uint8_t)(state >> 24);
			holes[i].address = prefix_number_address(prefix_first(&holes[i]));
		}
		cr_assert(class_rules_add_without(&rules, &whole, 1, OWN, 1, holes, count));
		table = table_of(&rules);
		for (unsigned n = 0; n < 65536; n += 1 + turn % 3) {
			struct bs_address address = whole.address;
			bool in_hole = false;
			uint8_t class;
			address.octet[14] = (uint8_t)(n >> 8);
			address.octet[15] = (uint8_t)n;
			for (unsigned i = 0; i < count; i++)
				in_hole |= bs_prefix_contains(&holes[i], &address);
			bs_classify_bulk(table, &address, &class, 1);
			cr_assert_eq(class, in_hole ? BS_CLASS_PLAIN : OWN);
		}
		bs_class_table_free(table);
	}
}
