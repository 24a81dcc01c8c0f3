// SPDX-License-Identifier: BSD-3-Clause
//
// Addresses and domains to policies.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/policy/policy.h"
#include "control/lists/recipient_map.h"

static unsigned find(const struct bs_recipient_map *map, const char *local, const char *domain)
{
	return bs_recipient_map_find(map, local, strlen(local), domain);
}

Test(recipient_map, finds_what_was_put_in)
{
	struct bs_recipient_map *map = bs_recipient_map_new(3, "+");

	cr_assert(bs_recipient_map_add(map, "a@example.org", 1));
	cr_assert(bs_recipient_map_add(map, "a@", 2));
	cr_assert(bs_recipient_map_add(map, "@example.org", 3));
	cr_assert(bs_recipient_map_add(map, "a@example.org", 4));
	cr_expect_eq(find(map, "a", "example.org"), 1, "the first stays");
	cr_expect_eq(find(map, "a", ""), 2);
	cr_expect_eq(find(map, "", "example.org"), 3);
	cr_expect_eq(find(map, "a", "example.net"), 0);
	cr_expect_eq(find(map, "", "xample.org"), 0);
	cr_expect_eq(find(map, "a@example.org", ""), 0);
	cr_expect_eq(bs_recipient_map_find(map, "abc", 1, "example.org"), 1);
	bs_recipient_map_free(map);
	bs_recipient_map_free(NULL);
}

#define MANY 20000

Test(recipient_map, many)
{
	struct bs_recipient_map *map = bs_recipient_map_new(MANY, "+");
	char text[40];

	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "user%u@example.org", i);
		cr_assert(bs_recipient_map_add(map, text, (uint16_t)(i % 1000 + 1)));
	}
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "user%u", i);
		cr_assert_eq(find(map, text, "example.org"), i % 1000 + 1);
		cr_assert_eq(find(map, text, "example.net"), 0);
	}
	bs_recipient_map_free(map);
}

Test(recipient_map, never_more_than_half_full)
{
	struct bs_recipient_map *map = bs_recipient_map_new(1, "+");
	char text[40];
	unsigned taken = 0;

	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "user%u@", i);
		taken += bs_recipient_map_add(map, text, 1);
	}
	cr_expect_eq(taken, 8);
	cr_expect_eq(find(map, "nobody", ""), 0, "ends though all are asked for");
	bs_recipient_map_free(map);
}

// An address with its extension, then without, each in its domain before all domains; then the domain.
Test(recipient_map, policy_for_a_recipient)
{
	struct bs_recipient_map *map = bs_recipient_map_new(8, "+");
	struct bs_policy policy = {.recipient_map = map};

	cr_assert(bs_recipient_map_add(map, "a@example.org", 1));
	cr_assert(bs_recipient_map_add(map, "a+news@example.org", 2));
	cr_assert(bs_recipient_map_add(map, "a@", 3));
	cr_assert(bs_recipient_map_add(map, "@example.org", 4));
	cr_expect_eq(bs_policy_for(&policy, "a", "example.org"), 1);
	cr_expect_eq(bs_policy_for(&policy, "a+other", "example.org"), 1);
	cr_expect_eq(bs_policy_for(&policy, "a+news", "example.org"), 2);
	cr_expect_eq(bs_policy_for(&policy, "a+news", "example.net"), 3);
	cr_expect_eq(bs_policy_for(&policy, "b", "example.org"), 4);
	cr_expect_eq(bs_policy_for(&policy, "+", "example.org"), 4);
	cr_expect_eq(bs_policy_for(&policy, "b", "example.net"), 0);
	cr_expect_eq(bs_policy_for(&policy, "A+News", "Example.ORG"), 2);
	policy.recipient_map = NULL;
	cr_expect_eq(bs_policy_for(&policy, "a", "example.org"), 0);
	bs_recipient_map_free(map);
}

Test(recipient_map, what_a_policy_does_not_set_is_as_for_all)
{
	static struct bs_recipient_policy own = {.mode_set = UINT64_C(1) << BS_CHECK_HELO_OURS,
		.score_set = UINT64_C(1) << BS_CHECK_GREYLIST,
		.defer_set = true,
		.lists = 5,
		.lists_set = true};
	static struct bs_policy policy = {
		.recipient_policy = &own, .recipient_policy_count = 1, .dnsl_count = 2};

	memset(policy.checks.mode, BS_MODE_OBSERVE, sizeof(policy.checks.mode));
	policy.checks.refuse = 100;
	policy.checks.defer = 50;
	own.checks.mode[BS_CHECK_HELO_OURS] = BS_MODE_OFF;
	own.checks.score[BS_CHECK_GREYLIST] = (struct bs_score){1, 2};
	cr_expect_eq(bs_check_mode(&policy, 1, BS_CHECK_HELO_OURS), BS_MODE_OFF);
	cr_expect_eq(bs_check_mode(&policy, 1, BS_CHECK_GREYLIST), BS_MODE_OBSERVE);
	cr_expect_eq(bs_check_mode(&policy, 0, BS_CHECK_HELO_OURS), BS_MODE_OBSERVE);
	cr_expect_eq(bs_check_mode(&policy, 2, BS_CHECK_HELO_OURS), BS_MODE_OBSERVE, "no such row");
	cr_expect_eq(bs_check_score(&policy, 1, BS_CHECK_GREYLIST).miss, 2);
	cr_expect_eq(bs_check_score(&policy, 0, BS_CHECK_GREYLIST).miss, 0);
	cr_expect_eq(bs_check_thresholds(&policy, 1).refuse, 100);
	cr_expect_eq(bs_check_thresholds(&policy, 1).defer, 0);
	cr_expect_eq(bs_check_thresholds(&policy, 0).defer, 50);
	cr_expect_eq(bs_check_lists(&policy, 0), 3);
	cr_expect_eq(bs_check_lists(&policy, 1), 1, "only lists that are there");
	policy.dnsl_count = BS_DNSL_MOST;
	cr_expect_eq(bs_check_lists(&policy, 0), UINT64_MAX);
	cr_expect(bs_policy_same_content(&policy, 0, 1));
	own.mode_set |= UINT64_C(1) << BS_CHECK_BARE_NEWLINE;
	cr_expect_not(bs_policy_same_content(&policy, 0, 1));
}

Test(recipient_map, rates_spare_networks)
{
	struct bs_prefix networks[2];
	struct bs_policy policy = {.rate_exceptions = networks, .rate_exception_count = 2};
	struct bs_address client;

	bs_prefix_parse("192.0.2.0/24", &networks[0], NULL);
	bs_prefix_parse("2001:db8::/32", &networks[1], NULL);
	bs_address_parse("192.0.2.7", &client);
	cr_expect(bs_rates_spare(&policy, &client));
	bs_address_parse("2001:db8:1::7", &client);
	cr_expect(bs_rates_spare(&policy, &client));
	bs_address_parse("198.51.100.1", &client);
	cr_expect_not(bs_rates_spare(&policy, &client));
}
