// SPDX-License-Identifier: BSD-3-Clause
//
// The class table against a model that a reader can check by eye: for each address, go through all
// rules and take the best. The random rules crowd in small spaces, so that they overlap, touch, repeat
// and split /64s; the addresses asked are the ends of each rule and their neighbours.

#include <criterion/criterion.h>
#include <stdlib.h>

#include "control/class/class.h"

static uint64_t random_state;

static uint32_t random_below(uint32_t bound)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % bound);
}

static struct bs_class_rule rule(const char *text, uint8_t class, uint8_t priority)
{
	struct bs_class_rule result = {.class = class, .priority = priority};
	cr_assert_eq(bs_prefix_parse(text, &result.prefix, NULL), BS_PREFIX_OK, "%s", text);
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

static uint8_t model(
	const struct bs_class_rule *rules, size_t count, const struct bs_address *address)
{
	const struct bs_class_rule *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct bs_class_rule *this = &rules[i];
		if (!bs_prefix_contains(&this->prefix, address))
			continue;
		if (best == NULL || this->priority > best->priority ||
			(this->priority == best->priority &&
				this->prefix.length > best->prefix.length))
			best = this;
	}
	return best == NULL ? BS_CLASS_PLAIN : best->class;
}

static void mask(struct bs_address *address, unsigned length, bool ones)
{
	for (unsigned bit = length; bit < 128; bit++) {
		if (ones)
			address->octet[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		else
			address->octet[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	}
}

static void step(struct bs_address *address, int by)
{
	for (int i = 15; i >= 0; i--) {
		address->octet[i] = (uint8_t)(address->octet[i] + by);
		if (address->octet[i] != (by > 0 ? 0 : 255))
			return;
	}
}

// Crowded: few bits differ, and these are at places that matter to the structure.
static struct bs_address random_address(unsigned shape)
{
	struct bs_address address = {{0}};

	switch (shape) {
	case 0: // IPv4, anywhere
		address = bs_address_from_ipv4(&(uint32_t){random_below(UINT32_MAX)});
		break;
	case 1: // IPv4 in few parts of the index
		address = bs_address_from_ipv4(
			(uint8_t[]){192, 0, (uint8_t)random_below(4), (uint8_t)random_below(256)});
		break;
	case 2: // IPv4, the ends of the space
		address = bs_address_from_ipv4((uint8_t[4]){0});
		memset(address.octet + 12, random_below(2) ? 255 : 0, 3);
		address.octet[15] = (uint8_t)(random_below(2) ? 255 - random_below(3)
							      : random_below(3));
		break;
	case 3: // IPv6, anywhere
		for (int i = 0; i < 16; i++)
			address.octet[i] = (uint8_t)random_below(256);
		break;
	case 4: // IPv6 in few /64s, which are neighbours
		memcpy(address.octet, "\x20\x01\x0d\xb8", 4);
		address.octet[7] = (uint8_t)random_below(4);
		address.octet[8] = (uint8_t)(random_below(2) * 128);
		address.octet[15] = (uint8_t)random_below(8);
		break;
	default: // IPv6, the ends of the space, and round the mapped addresses
		memset(address.octet, random_below(2) ? 255 : 0, 16);
		if (random_below(2))
			memcpy(address.octet + 8, "\0\0\xff\xfe\0\0\0", 7);
		address.octet[15] = (uint8_t)(random_below(2) ? 255 - random_below(3)
							      : random_below(3));
	}
	return address;
}

static struct bs_class_rule random_rule(unsigned shapes, unsigned first_shape)
{
	struct bs_class_rule result = {.class = (uint8_t)-random_below(5),
		.priority = (uint8_t)random_below(3),
		.prefix.address = random_address(first_shape + random_below(shapes))};
	bool four = bs_address_is_ipv4(&result.prefix.address);
	unsigned longest = four ? 32 : 128, length;

	switch (random_below(4)) {
	case 0:
		length = random_below(longest + 1);
		break;
	case 1:
		length = longest;
		break;
	case 2:
		length = four ? 24 + random_below(9) : 60 + random_below(9);
		break;
	default:
		length = longest - random_below(9);
	}
	result.prefix.length = (uint8_t)(length + (four ? 96 : 0));
	mask(&result.prefix.address, result.prefix.length, false);
	return result;
}

static void expect_as_model(const struct bs_class_table *table, const struct bs_class_rule *rules,
	size_t rule_count, const struct bs_address *addresses, size_t count)
{
	uint8_t *classes = malloc(count);

	memset(classes, 0xee, count);
	bs_classify_bulk(table, addresses, classes, count);
	for (size_t i = 0; i < count; i++) {
		char text[BS_ADDRESS_TEXT];
		uint8_t want = model(rules, rule_count, &addresses[i]);
		cr_assert_eq(classes[i], want, "%s: %u instead of %u with %zu rules",
			bs_address_format(&addresses[i], text), classes[i], want, rule_count);
	}
	free(classes);
}

static void compare_with_model(size_t count, unsigned shapes, unsigned first_shape)
{
	struct bs_class_rule *rules = calloc(count, sizeof(*rules));
	struct bs_address *ask = calloc(count * 5 + 67, sizeof(*ask));
	struct bs_class_table *table;
	size_t asked = 0;

	for (size_t i = 0; i < count; i++) {
		rules[i] = i > 0 && random_below(8) == 0 ? rules[random_below((uint32_t)i)]
							 : random_rule(shapes, first_shape);
		rules[i].class = (uint8_t)-random_below(5);
	}
	for (size_t i = 0; i < count; i++) {
		struct bs_address first = rules[i].prefix.address, last = first, before, after;
		mask(&last, rules[i].prefix.length, true);
		before = first;
		after = last;
		step(&before, -1);
		step(&after, 1);
		ask[asked++] = first;
		ask[asked++] = last;
		ask[asked++] = before;
		ask[asked++] = after;
		ask[asked++] = random_address(first_shape + random_below(shapes));
	}
	while (asked < count * 5 + 67)
		ask[asked++] = random_address(random_below(6));
	struct bs_class_rule *copy = calloc(count, sizeof(*copy)); // the table may reorder
	memcpy(copy, rules, count * sizeof(*copy));
	table = bs_class_table_new(copy, count);
	cr_assert_not_null(table);
	expect_as_model(table, rules, count, ask, asked);
	bs_class_table_free(table);
	free(copy);
	free(rules);
	free(ask);
}

Test(class, as_the_model_mixed)
{
	random_state = 1;
	for (unsigned turn = 0; turn < 300; turn++)
		compare_with_model(1 + random_below(60), 6, 0);
}

Test(class, as_the_model_each_shape)
{
	random_state = 2;
	for (unsigned turn = 0; turn < 300; turn++)
		compare_with_model(1 + random_below(40), 1, turn % 6);
}

Test(class, as_the_model_many)
{
	random_state = 3;
	for (unsigned turn = 0; turn < 6; turn++)
		compare_with_model(1500, turn % 2 ? 6 : 1, turn / 2);
}

Test(class, empty_is_plain)
{
	struct bs_class_table *table = bs_class_table_new(NULL, 0);

	cr_assert_not_null(table);
	cr_expect_eq(class_of(table, "0.0.0.0"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "255.255.255.255"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "::"), BS_CLASS_PLAIN);
	cr_expect_eq(class_of(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), BS_CLASS_PLAIN);
	bs_class_table_free(table);
	bs_class_table_free(NULL);
}

Test(class, priority_then_length_then_order)
{
	struct bs_class_rule rules[] = {
		rule("10.0.0.0/8", 1, 1), rule("10.1.0.0/16", 2, 0),  // loses to priority 1
		rule("10.2.0.0/16", 3, 1),                            // longer
		rule("10.2.3.0/24", 255, 2), rule("10.2.3.4", 4, 1),  // longer, but 2 beats 1
		rule("10.3.0.0/16", 5, 1), rule("10.3.0.0/16", 6, 1), // the first stands
		rule("10.4.0.0/16", 7, 1),
		rule("10.4.0.0/16", 8, 2), // the higher one wins, though second
	};
	struct bs_class_table *table = bs_class_table_new(rules, sizeof(rules) / sizeof(rules[0]));

	cr_assert_not_null(table);
	cr_expect_eq(class_of(table, "9.255.255.255"), 0);
	cr_expect_eq(class_of(table, "10.0.0.0"), 1);
	cr_expect_eq(class_of(table, "10.1.0.1"), 1);
	cr_expect_eq(class_of(table, "10.2.0.1"), 3);
	cr_expect_eq(class_of(table, "10.2.3.4"), 255);
	cr_expect_eq(class_of(table, "10.2.4.0"), 3);
	cr_expect_eq(class_of(table, "10.3.1.1"), 5);
	cr_expect_eq(class_of(table, "10.4.1.1"), 8);
	cr_expect_eq(class_of(table, "10.255.255.255"), 1);
	cr_expect_eq(class_of(table, "11.0.0.0"), 0);
	bs_class_table_free(table);
}

Test(class, families_stay_apart)
{
	struct bs_class_rule six[] = {rule("::/0", 9, 0)}, four[] = {rule("0.0.0.0/0", 8, 0)};
	struct bs_class_table *table = bs_class_table_new(six, 1);

	cr_assert_not_null(table);
	cr_expect_eq(class_of(table, "192.0.2.1"), 0);
	cr_expect_eq(class_of(table, "::"), 9);
	cr_expect_eq(class_of(table, "::fffe:ffff:ffff"), 9);
	cr_expect_eq(class_of(table, "::1:0:0:0"), 9);
	cr_expect_eq(class_of(table, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 9);
	bs_class_table_free(table);
	table = bs_class_table_new(four, 1);
	cr_assert_not_null(table);
	cr_expect_eq(class_of(table, "0.0.0.0"), 8);
	cr_expect_eq(class_of(table, "255.255.255.255"), 8);
	cr_expect_eq(class_of(table, "::"), 0);
	cr_expect_eq(class_of(table, "::fffe:ffff:ffff"), 0);
	cr_expect_eq(class_of(table, "::1:0:0:0"), 0);
	bs_class_table_free(table);
}

// Each count of a burst, and what lies behind the last stays as it was.
Test(class, any_count)
{
	struct bs_class_rule rules[] = {rule("0.0.0.0/0", 1, 0), rule("::/0", 2, 0)};
	struct bs_class_table *table = bs_class_table_new(rules, 2);
	struct bs_address addresses[100];
	uint8_t classes[101];

	cr_assert_not_null(table);
	for (unsigned i = 0; i < 100; i++)
		addresses[i] = random_address(i % 3 == 0 ? 3 : 0);
	for (unsigned count = 0; count <= 100; count++) {
		memset(classes, 77, sizeof(classes));
		bs_classify_bulk(table, addresses, classes, count);
		for (unsigned i = 0; i < count; i++)
			cr_assert_eq(classes[i], i % 3 == 0 ? 2 : 1);
		cr_assert_eq(classes[count], 77);
	}
	bs_class_table_free(table);
}

// What a million scattered entries may take.
Test(class, size)
{
	enum { MANY = 200000 };
	struct bs_class_rule *rules = calloc(MANY, sizeof(*rules));
	struct bs_class_table *table;

	random_state = 4;
	for (unsigned i = 0; i < MANY; i++)
		rules[i] = (struct bs_class_rule){.prefix = {random_address(0), 128}, .class = 1};
	table = bs_class_table_new(rules, MANY);
	cr_assert_not_null(table);
	cr_expect_lt(bs_class_table_size(table), (size_t)MANY * 14);
	bs_class_table_free(table);
	for (unsigned i = 0; i < MANY; i++) {
		rules[i] = (struct bs_class_rule){.prefix = {random_address(3), 64}, .class = 1};
		mask(&rules[i].prefix.address, 64, false);
	}
	table = bs_class_table_new(rules, MANY);
	cr_assert_not_null(table);
	cr_expect_lt(bs_class_table_size(table), (size_t)MANY * 22);
	bs_class_table_free(table);
	free(rules);
}
