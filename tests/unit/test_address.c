// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and prefixes: what is taken, what is refused, how it is written.

#include <criterion/criterion.h>

#include "dataplane/seam/address.h"

static struct bs_address address(const char *text)
{
	struct bs_address result;
	cr_assert(bs_address_parse(text, &result), "%s is refused", text);
	return result;
}

static struct bs_prefix prefix(const char *text)
{
	struct bs_prefix result;
	cr_assert_eq(bs_prefix_parse(text, &result, NULL), BS_PREFIX_OK, "%s is refused", text);
	return result;
}

Test(address, ipv4_is_held_as_mapped)
{
	static const uint8_t want[16] = {[10] = 0xff, 0xff, 192, 0, 2, 1};
	struct bs_address a = address("192.0.2.1");
	cr_assert_arr_eq(a.octet, want, 16);
	cr_assert(bs_address_is_ipv4(&a));
}

Test(address, writes_rfc5952)
{
	// RFC 5952, sections 4.1 to 4.3, and the edges of the longest run
	static const char *const row[][2] = {
		{"192.0.2.1", "192.0.2.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"10.20.100.9", "10.20.100.9"},
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:0DB8::0001", "2001:db8::1"},
		{"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
		{"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
		{"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
		{"1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"},
		{"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
		{"::2:3:4:5:6:7", "::2:3:4:5:6:7"},
		{"::192.0.2.1", "::c000:201"},
		{"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
		{"fedc:ba98:7654:3210:fedc:ba98:7654:3210",
			"fedc:ba98:7654:3210:fedc:ba98:7654:3210"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[BS_ADDRESS_TEXT];
		struct bs_address a = address(row[i][0]);
		cr_expect_str_eq(bs_address_format(&a, text), row[i][1]);
	}
}

Test(address, refuses)
{
	static const char *const row[] = {"", " ", "192.0.2", "192.0.2.1 ", " 192.0.2.1",
		"192.0.2.256", "192.0.2.01", "0x7f.1", "1", "192.0.2.1.1", "192.0.2.-1",
		"::ffff:192.0.2.1", "::ffff:c000:201", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
		"1::2::3", ":::", "12345::", "fe80::1%eth0", "[::1]", "::g", "192.0.2.1/32",
		"localhost",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bs_address a;
		cr_expect_not(bs_address_parse(row[i], &a), "%s is taken", row[i]);
	}
}

Test(prefix, lengths_count_from_the_first_bit)
{
	static const struct {
		const char *text;
		uint8_t length;
		const char *written;
	} row[] = {
		{"192.0.2.0/24", 120, "192.0.2.0/24"},
		{"192.0.2.1", 128, "192.0.2.1/32"},
		{"0.0.0.0/0", 96, "0.0.0.0/0"},
		{"10.0.0.0/8", 104, "10.0.0.0/8"},
		{"::/0", 0, "::/0"},
		{"2001:db8::/32", 32, "2001:db8::/32"},
		{"2001:db8::1", 128, "2001:db8::1/128"},
		{"2001:db8::1/128", 128, "2001:db8::1/128"},
		{"fedc:ba98:7654:3210:fedc:ba98:7654:3210/128", 128,
			"fedc:ba98:7654:3210:fedc:ba98:7654:3210/128"},
		{"2001:db8:8000::/33", 33, "2001:db8:8000::/33"},
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char text[BS_PREFIX_TEXT];
		struct bs_prefix p = prefix(row[i].text);
		cr_expect_eq(p.length, row[i].length, "%s", row[i].text);
		cr_expect_str_eq(bs_prefix_format(&p, text), row[i].written);
	}
}

Test(prefix, refuses)
{
	static const char *const row[] = {"", "/", "/8", "192.0.2.0/", "192.0.2.0/33",
		"192.0.2.0/024", "192.0.2.0/-1", "192.0.2.0/+1", "192.0.2.0/2 4", "192.0.2.0/24 ",
		"192.0.2.0/24/24", "::/129", "::/0000", "::/00", "::ffff:0.0.0.0/96",
		"2001:db8::/0x20", "192.0.2.0/4294967320"};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bs_prefix p;
		cr_expect_eq(bs_prefix_parse(row[i], &p, NULL), BS_PREFIX_MALFORMED, "%s is taken",
			row[i]);
	}
}

Test(prefix, host_bits)
{
	static const char *const row[] = {"192.0.2.1/24", "192.0.2.1/31", "0.0.0.1/0",
		"128.0.0.0/0", "2001:db8::1/127", "2001:db8::/28", "::1/0", "8000::/0"};
	struct bs_address kept;
	struct bs_prefix p;
	char text[BS_PREFIX_TEXT];

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		cr_expect_eq(bs_prefix_parse(row[i], &p, NULL), BS_PREFIX_HOST_BITS, "%s", row[i]);
	cr_assert_eq(bs_prefix_parse("192.0.2.25/24", &p, &kept), BS_PREFIX_OK);
	cr_expect_str_eq(bs_address_format(&kept, text), "192.0.2.25");
	cr_expect_str_eq(bs_prefix_format(&p, text), "192.0.2.0/24");
	cr_assert_eq(bs_prefix_parse("2001:db8::25/61", &p, &kept), BS_PREFIX_OK);
	cr_expect_str_eq(bs_address_format(&kept, text), "2001:db8::25");
	cr_expect_str_eq(bs_prefix_format(&p, text), "2001:db8::/61");
}

Test(prefix, contains)
{
	static const struct {
		const char *prefix, *address;
		bool inside;
	} row[] = {
		{"192.0.2.0/24", "192.0.2.0", true},
		{"192.0.2.0/24", "192.0.2.255", true},
		{"192.0.2.0/24", "192.0.3.0", false},
		{"192.0.2.0/24", "192.0.1.255", false},
		{"192.0.2.4/30", "192.0.2.7", true},
		{"192.0.2.4/30", "192.0.2.8", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.0", false},
		{"0.0.0.0/0", "255.255.255.255", true},
		{"0.0.0.0/0", "::1", false},
		{"::/0", "ffff::", true},
		{"::/0", "192.0.2.1", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
		{"2001:db8::1/128", "2001:db8::1", true},
		{"2001:db8::1/128", "2001:db8::", false},
	};
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct bs_prefix p = prefix(row[i].prefix);
		struct bs_address a = address(row[i].address);
		cr_expect_eq(bs_prefix_contains(&p, &a), row[i].inside, "%s in %s", row[i].address,
			row[i].prefix);
	}
}
