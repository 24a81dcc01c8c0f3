// SPDX-License-Identifier: BSD-3-Clause
//
// The narrow form of the IPv4 class table: that it is taken where it can be, and answers as the wide form does, which
// test_class.c holds against a model. One rule of a seventeenth class, on an address nobody asks for, makes the
// same table a wide one.

#include <criterion/criterion.h>
#include <stdlib.h>

#include "control/class/class.h"

#define SCATTERED 600000u
#define CROWDED   0x0a010000u
#define CROWD     65536u      // from there on, each of another class than its neighbours
#define APART     0xcb007101u // the one nobody asks for
#define RULES     (SCATTERED + CROWD + 1)
#define CLASSES   15u // with plain 16: as many as a narrow table has

static uint64_t random_state;

static uint32_t random_32(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 32);
}

static struct bs_address ipv4(uint32_t number)
{
	uint32_t octets = htobe32(number);
	return bs_address_from_ipv4(&octets);
}

static void set(struct bs_class_rule *rule, uint32_t number, unsigned length, unsigned class)
{
	uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) << (32 - length));
	*rule = (struct bs_class_rule){
		.prefix = {ipv4(number & mask), (uint8_t)(96 + length)}, .class = (uint8_t) class};
}

// Of fifteen classes and plain; `one_more`: and of one more.
static struct bs_class_rule *make_rules(bool one_more)
{
	struct bs_class_rule *rules = calloc(RULES, sizeof(*rules));
	cr_assert_not_null(rules);
	random_state = 5;
	for (uint32_t i = 0; i < SCATTERED; i++) {
		uint32_t number = random_32(), drawn = random_32() % 8;
		unsigned length = drawn == 0 ? 16 + number % 16 : drawn == 1 ? 24 : 32;
		set(&rules[i], number, length, 1 + i % CLASSES);
	}
	for (uint32_t i = 0; i < CROWD; i++)
		set(&rules[SCATTERED + i], CROWDED + i, 32, 1 + i % 2);
	set(&rules[RULES - 1], APART, 32, one_more ? 250 : 1);
	return rules;
}

static struct bs_class_table *make_table(bool one_more)
{
	struct bs_class_rule *rules = make_rules(one_more);
	struct bs_class_table *table = bs_class_table_new(rules, RULES);
	cr_assert_not_null(table);
	free(rules);
	return table;
}

// First and last of each rule, and their neighbours.
static size_t addresses_of(const struct bs_class_rule *rules, struct bs_address *ask)
{
	size_t asked = 0;
	for (uint32_t i = 0; i < RULES - 1; i++) {
		uint32_t first, host = 0;
		memcpy(&first, rules[i].prefix.address.octet + 12, 4);
		first = be32toh(first);
		if (rules[i].prefix.length < 128)
			host = UINT32_MAX >> (rules[i].prefix.length - 96);
		const uint32_t number[] = {first, first - 1, first | host, (first | host) + 1};
		for (unsigned n = 0; n < 4; n++)
			if (number[n] != APART)
				ask[asked++] = ipv4(number[n]);
	}
	return asked;
}

Test(class_narrow, answers_as_the_wide)
{
	struct bs_class_table *narrow = make_table(false), *wide = make_table(true);
	struct bs_class_rule *rules = make_rules(false);
	struct bs_address *ask = calloc((size_t)RULES * 4, sizeof(*ask));
	uint8_t *got = calloc(RULES, 4), *want = calloc(RULES, 4);
	cr_assert(ask != NULL && got != NULL && want != NULL);
	size_t count = addresses_of(rules, ask);
	bs_classify_bulk(narrow, ask, got, count);
	bs_classify_bulk(wide, ask, want, count);
	for (size_t i = 0; i < count; i++) {
		char text[BS_ADDRESS_TEXT];
		cr_assert_eq(got[i], want[i], "%s: %u instead of %u",
			bs_address_format(&ask[i], text), got[i], want[i]);
	}
	free(got);
	free(want);
	free(ask);
	free(rules);
	bs_class_table_free(wide);
	bs_class_table_free(narrow);
}

// An index of 2 MB and 2 bytes a range, where the wide form takes 4 bytes of either.
Test(class_narrow, sixteen_classes_take_half)
{
	struct bs_class_table *narrow = make_table(false), *wide = make_table(true);
	size_t least = bs_class_table_size(narrow), most = bs_class_table_size(wide);
	cr_expect_lt(least * 10, most * 7, "%zu bytes against %zu", least, most);
	bs_class_table_free(wide);
	bs_class_table_free(narrow);
}
