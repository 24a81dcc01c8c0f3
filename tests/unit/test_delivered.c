// SPDX-License-Identifier: BSD-3-Clause
//
// The table that keeps a retry from delivering twice.
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "smtp/relay/delivered.h"

static const struct mailbox sender = {.local = "s", .domain = "example.net"}, nobody;

static struct mailbox named(unsigned number)
{
	struct mailbox mailbox = {.domain = "example.org"};
	snprintf(mailbox.local, sizeof(mailbox.local), "r%u", number);
	return mailbox;
}

Test(delivered, knows_sender_recipient_and_content)
{
	struct delivered *table = delivered_new(1000);
	struct mailbox a = named(1), b = named(2);
	uint8_t one[DELIVERED_DIGEST] = {1}, two[DELIVERED_DIGEST] = {2};
	cr_assert_not(delivered_any(table, &sender, &a, 5000));
	delivered_add(table, &sender, &a, one, 5000);
	cr_assert(delivered_any(table, &sender, &a, 5000));
	cr_assert(delivered_has(table, &sender, &a, one, 5000));
	cr_assert_not(delivered_has(table, &sender, &a, two, 5000));
	cr_assert_not(delivered_any(table, &sender, &b, 5000));
	cr_assert_not(delivered_any(table, &nobody, &a, 5000));
	cr_assert_not(delivered_any(table, &a, &sender, 5000));
	delivered_add(table, &nobody, &b, two, 5000);
	cr_assert(delivered_has(table, &nobody, &b, two, 5000));
	delivered_free(table);
}

Test(delivered, forgets_after_five_days)
{
	struct delivered *table = delivered_new(1000);
	struct mailbox a = named(1);
	uint8_t one[DELIVERED_DIGEST] = {1};
	delivered_add(table, &sender, &a, one, 5000);
	cr_assert(delivered_has(table, &sender, &a, one, 5000 + DELIVERED_SECONDS - 1));
	cr_assert_not(delivered_has(table, &sender, &a, one, 5000 + DELIVERED_SECONDS));
	delivered_add(table, &sender, &a, one, 6000);
	cr_assert(delivered_has(table, &sender, &a, one, 5000 + DELIVERED_SECONDS));
	delivered_free(table);
}

Test(delivered, is_bounded_and_the_newest_are_there)
{
	struct delivered *table = delivered_new(1024);
	uint8_t digest[DELIVERED_DIGEST] = {0};
	unsigned found = 0;
	for (unsigned i = 0; i < 20000; i++) {
		struct mailbox a = named(i);
		delivered_add(table, &sender, &a, digest, 5000 + i);
		cr_assert(delivered_has(table, &sender, &a, digest, 5000 + i));
	}
	for (unsigned i = 0; i < 20000; i++) {
		struct mailbox a = named(i);
		found += delivered_has(table, &sender, &a, digest, 25000);
	}
	cr_assert_leq(found, 1024);
	cr_assert_gt(found, 900);
	delivered_free(table);
}

Test(delivered, keeps_several_mails_between_two)
{
	struct delivered *table = delivered_new(1024);
	struct mailbox a = named(1);
	for (uint8_t i = 0; i < 10; i++) {
		uint8_t digest[DELIVERED_DIGEST] = {i};
		delivered_add(table, &sender, &a, digest, 5000);
		delivered_add(table, &sender, &a, digest, 5001); // again: no second entry
	}
	for (uint8_t i = 0; i < 10; i++) {
		uint8_t digest[DELIVERED_DIGEST] = {i};
		cr_assert(delivered_has(table, &sender, &a, digest, 5001));
	}
	delivered_free(table);
}
