// SPDX-License-Identifier: BSD-3-Clause
//
// Lists of names: which entries an address meets, whose row comes first, and what a million of them cost.
#include <criterion/criterion.h>
#include <stdio.h>

#include "control/lists/name_set.h"
#include "control/lists/names.h"

static struct bs_names *names;
static uint8_t rows[BS_NAMES_ROWS];

static void begin(void)
{
	names = bs_names_new("+-");
	cr_assert_not_null(names);
}

static void end(void)
{
	bs_names_free(names);
}

TestSuite(names, .init = begin, .fini = end);

static void add(enum bs_names_of of, const char *entry, uint8_t row)
{
	cr_assert(bs_names_add(names, of, entry, row, row >= 100));
}

// Rows as text: "5 9".
static const char *sender(const char *local, const char *domain)
{
	static char text[100];
	unsigned count = bs_names_find(names, BS_NAMES_SENDER, local, domain, rows);

	text[0] = '\0';
	for (unsigned i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%u", i == 0 ? "" : " ", rows[i]);
	return text;
}

Test(names, entries_of_each_kind)
{
	add(BS_NAMES_SENDER, "user@example.org", 5);
	add(BS_NAMES_SENDER, "example.net", 6);
	add(BS_NAMES_SENDER, ".example.net", 7);
	add(BS_NAMES_SENDER, "news@", 8);
	cr_expect_str_eq(sender("user", "example.org"), "5");
	cr_expect_str_eq(sender("USER", "Example.ORG"), "5");
	cr_expect_str_eq(sender("user2", "example.org"), "");
	cr_expect_str_eq(sender("ser", "example.org"), "");
	cr_expect_str_eq(sender("user", "a.example.org"), "");
	cr_expect_str_eq(sender("x", "example.net"), "6");
	cr_expect_str_eq(sender("x", "a.b.example.net"), "7");
	cr_expect_str_eq(sender("x", "badexample.net"), "");
	cr_expect_str_eq(sender("x", "net"), "");
	cr_expect_str_eq(sender("news", "example.com"), "8");
	cr_expect_str_eq(sender("news", "a.example.net"), "7 8");
	cr_expect_str_eq(sender("news", ""), "8");
	cr_expect_str_eq(sender("", ""), "");
	cr_expect_str_eq(sender("", "example.net"), "6");
}

Test(names, extensions)
{
	add(BS_NAMES_SENDER, "user@example.org", 5);
	add(BS_NAMES_SENDER, "user+news@example.org", 6);
	add(BS_NAMES_SENDER, "user@", 7);
	add(BS_NAMES_SENDER, "+@", 8);
	cr_expect_str_eq(sender("user+news", "example.org"), "5 6 7");
	cr_expect_str_eq(sender("user+more", "example.org"), "5 7");
	cr_expect_str_eq(sender("user-a+b", "example.org"), "5 7"); // at the first of the two
	cr_expect_str_eq(sender("+", "example.org"), "8");
	cr_expect_str_eq(sender("+user", "example.org"), "");
}

Test(names, kinds_are_apart)
{
	add(BS_NAMES_SENDER, "example.org", 5);
	add(BS_NAMES_HELO, "example.org", 6);
	add(BS_NAMES_HELO, ".example.org", 7);
	cr_expect_eq(bs_names_find(names, BS_NAMES_RECIPIENT, "a", "example.org", rows), 0);
	cr_expect_eq(bs_names_find(names, BS_NAMES_CLIENT, NULL, "example.org", rows), 0);
	cr_expect_eq(bs_names_find(names, BS_NAMES_HELO, NULL, "example.org", rows), 1);
	cr_expect_eq(rows[0], 6);
	cr_expect_eq(bs_names_find(names, BS_NAMES_HELO, NULL, "mx.example.org.", rows), 1);
	cr_expect_eq(rows[0], 7);
	cr_expect_eq(bs_names_find(names, BS_NAMES_HELO, NULL, "", rows), 0);
	cr_expect_eq(bs_names_find(names, BS_NAMES_HELO, NULL, ".", rows), 0);
	cr_expect_eq(bs_names_find(names, BS_NAMES_HELO, NULL, "..example.org", rows), 1);
	cr_expect_eq(bs_names_find(NULL, BS_NAMES_HELO, NULL, "example.org", rows), 0);
}

// From 100 on they allow.
Test(names, allow_lists_come_first_and_eight_are_enough)
{
	for (uint8_t row = 250; row > 0; row = (uint8_t)(row - 50))
		add(BS_NAMES_SENDER, "a@example.org", row);
	add(BS_NAMES_SENDER, "example.org", 3);
	add(BS_NAMES_SENDER, "example.org", 3);
	cr_expect_str_eq(sender("a", "example.org"), "100 150 200 250 3 50");
	for (uint8_t row = 4; row < 20; row++)
		add(BS_NAMES_SENDER, "a@example.org", row);
	cr_expect_str_eq(sender("a", "example.org"), "100 150 200 250 3 4 5 6");
}

Test(names, longer_than_any_address)
{
	char local[100], domain[400];

	memset(local, 'a', sizeof(local));
	memset(domain, 'b', sizeof(domain));
	local[99] = domain[399] = '\0';
	cr_expect_str_eq(sender(local, "example.org"), "");
	cr_expect_str_eq(sender("a", domain), "");
	local[64] = domain[255] = '\0';
	cr_expect_str_eq(sender(local, domain), "");
	char entry[600];
	snprintf(entry, sizeof(entry), "%s@%s", local, domain);
	add(BS_NAMES_SENDER, entry, 9);
	cr_expect_str_eq(sender(local, domain), "9");
}

Test(names, a_million_domains)
{
	char domain[40];

	for (unsigned i = 0; i < 1000000; i++) {
		snprintf(domain, sizeof(domain), "name-%u.example%u.org", i, i % 100);
		add(BS_NAMES_SENDER, domain, (uint8_t)(i % 90));
	}
	cr_expect_lt(bs_names_size(names), 80u << 20);
	for (unsigned i = 0; i < 1000000; i += 997) {
		snprintf(domain, sizeof(domain), "name-%u.example%u.org", i, i % 100);
		cr_assert_eq(bs_names_find(names, BS_NAMES_SENDER, "x", domain, rows), 1);
		cr_assert_eq(rows[0], i % 90);
		snprintf(domain, sizeof(domain), "name-%u.example%u.org", i, (i + 1) % 100);
		cr_assert_eq(bs_names_find(names, BS_NAMES_SENDER, "x", domain, rows), 0);
	}
}

Test(names, a_set_takes_any_bytes)
{
	struct name_set *set = name_set_new();
	struct name_set_numbers numbers = {0};
	char text[NAME_SET_TEXT + 1];

	memset(text, 0, sizeof(text));
	cr_expect_not(name_set_add(set, 0, text, sizeof(text), 1), "longer than a name");
	for (size_t length = 0; length <= NAME_SET_TEXT; length++) // zeros: only the length differs
		cr_assert(name_set_add(set, 7, text, length, (uint8_t)length));
	cr_expect_eq(name_set_count(set), NAME_SET_TEXT + 1);
	cr_expect(name_set_find(set, 7, text, 255, &numbers));
	cr_expect_eq(numbers.bit[3], UINT64_C(1) << 63);
	cr_expect_eq(numbers.bit[0], 0);
	cr_expect_not(name_set_find(set, 8, text, 255, &numbers));
	cr_expect_not(name_set_find(set, 7, text, sizeof(text), &numbers));
	name_set_free(set);
}
