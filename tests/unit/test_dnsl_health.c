// SPDX-License-Identifier: BSD-3-Clause
//
// When a DNS list counts: its test points over time, its share of hits, what is said of it, reloads. The clock is ours.
#include "tests/unit/dnsl_case.h"

TestSuite(dnsl_health, .init = begin_lists, .fini = end_lists);

static struct bs_dnsl *bl(void)
{
	return add_list("bl", "bl.example", 100, 0);
}

static bool counts(const struct bs_dnsl *list)
{
	return dnsl_health_trust(health, list) == DNSL_COUNTS;
}

// A client that was not asked about before; true when its answer would have counted.
static bool ask(const struct bs_dnsl *list, bool hit)
{
	static const uint8_t listed[4] = {127, 0, 0, 2};
	static uint32_t number;
	uint8_t octets[4] = {198, 18, (uint8_t)(++number >> 8), (uint8_t)number};
	struct bs_address client = bs_address_from_ipv4(octets);
	dnsl_health_count(health, list, dnsl_health_client(health, &client),
		hit ? DNSL_HIT : DNSL_CLEAN, listed, now_ms);
	return counts(list);
}

Test(dnsl_health, counts_once_its_points_are_good)
{
	struct bs_dnsl *list = bl();
	dns_becomes(POINTS_GOOD);
	cr_assert_not(counts(list));
	cr_assert_eq(dnsl_health_trust(health, list), DNSL_SILENCED);
	turn();
	cr_assert(counts(list));
	cr_assert_eq(forgotten, 2);
	cr_assert_str_eq(line(), "");
	cr_assert_str_eq(view_of(list).why, "");
}

Test(dnsl_health, waits_for_late_points_and_asks_each_minute)
{
	struct bs_dnsl *list = bl();
	dns_becomes("2.0.0.127.bl.example A ? 127.0.0.2\n1.0.0.127.bl.example A ?\n");
	turn();
	cr_assert_not(counts(list));
	cr_assert_not(view_of(list).suspended);
	dns_table_arrive(&dns);
	pass(DNSL_PATIENCE_MS - 1);
	turn();
	// nobody told us: the table has no news
	cr_assert_not(counts(list));
	pass(1);
	cr_assert(counts(list), "%s", view_of(list).why);
	cr_assert_eq(forgotten, 2);
	pass(DNSL_TEST_MS - 1);
	cr_assert_eq(forgotten, 2);
	pass(1);
	cr_assert_eq(forgotten, 4);
}

static void expect_suspended(const char *answers, const char *why)
{
	struct bs_dnsl *list = bl();
	dns_becomes(POINTS_GOOD);
	turn();
	cr_assert(counts(list));
	dns_becomes(answers);
	pass(DNSL_TEST_MS);
	cr_assert_not(counts(list), "%s", answers);
	cr_assert_eq(dnsl_health_trust(health, list), DNSL_SILENCED);
	cr_assert(view_of(list).suspended);
	cr_assert_not_null(strstr(view_of(list).why, why), "%s", view_of(list).why);
	const char *said = line();
	cr_assert_not_null(strstr(said, "DNS list bl suspended: "), "%s", said);
	cr_assert_not_null(strstr(said, why), "%s", said);
	cr_assert_null(strstr(said, "bl.example"), "zones are not said: %s", said);
	pass(DNSL_TEST_MS);
	cr_assert_str_eq(line(), "", "once");
	dns_becomes(POINTS_GOOD);
	pass(DNSL_TEST_MS);
	cr_assert(counts(list));
	cr_assert_str_eq(line(), "DNS list bl counts again");
	cr_assert_eq(view_of(list).suspensions, 1);
}

Test(dnsl_health, a_dead_zone_is_suspended)
{
	expect_suspended("other.example A 192.0.2.1\n", "127.0.0.2 is not listed");
}

Test(dnsl_health, a_list_of_everybody_is_suspended)
{
	expect_suspended(POINTS_GOOD "1.0.0.127.bl.example A 127.0.0.2\n", "127.0.0.1 is listed");
}

Test(dnsl_health, a_refusal_is_suspended)
{
	expect_suspended("2.0.0.127.bl.example A 127.255.255.254\n"
			 "1.0.0.127.bl.example A 127.255.255.254\n",
		"it answers 127.255.255.254: it is asked through a public resolver");
}

Test(dnsl_health, a_parked_domain_is_suspended)
{
	expect_suspended("2.0.0.127.bl.example A 192.0.2.80\n1.0.0.127.bl.example A 192.0.2.80\n",
		"it answers 192.0.2.80: no entry looks like this");
}

Test(dnsl_health, one_lost_answer_is_no_reason_two_are)
{
	struct bs_dnsl *list = bl();
	dns_becomes(POINTS_GOOD);
	turn();
	dns_becomes("2.0.0.127.bl.example A !timeout\n");
	pass(DNSL_TEST_MS);
	cr_assert(counts(list));
	dns_becomes(POINTS_GOOD);
	pass(DNSL_RETRY_MS);
	cr_assert(counts(list));
	dns_becomes("2.0.0.127.bl.example A !timeout\n");
	pass(DNSL_TEST_MS);
	cr_assert(counts(list));
	pass(DNSL_RETRY_MS);
	cr_assert_not(counts(list));
	const char *said = line();
	cr_assert_not_null(strstr(said, "there is no answer for 127.0.0.2"), "%s", said);
}

Test(dnsl_health, points_that_never_come_are_given_up)
{
	struct bs_dnsl *list = bl();
	dns_becomes("2.0.0.127.bl.example A ?\n");
	turn();
	pass(DNSL_PATIENCE_MS);
	cr_assert_not(view_of(list).suspended);
	pass(DNSL_RETRY_MS);
	pass(DNSL_PATIENCE_MS);
	cr_assert(view_of(list).suspended);
	cr_assert_eq(dns.forgotten, 2);
}

Test(dnsl_health, a_bad_point_need_not_wait_for_the_others)
{
	struct bs_dnsl *list = bl();
	dns_becomes("2.0.0.127.bl.example A ?\n1.0.0.127.bl.example A 127.0.0.2\n");
	turn();
	cr_assert(view_of(list).suspended);
}

Test(dnsl_health, untested_lists_count_at_once_and_are_not_asked)
{
	struct bs_dnsl *list = bl();
	list->tested = false;
	cr_assert(counts(list));
	turn();
	cr_assert(counts(list));
	cr_assert_eq(dns.asked, 0);
	cr_assert_gt(dnsl_health_next(health), now_ms, "it would never sleep");
}

Test(dnsl_health, points_of_other_kinds)
{
	struct bs_dnsl *six = add_list("six", "six.example", 100, 0);
	struct bs_dnsl *name = add_list("name", "name.example", 100, 0);
	struct bs_dnsl *own = add_list("own", "own.example", 100, 0);
	six->families = BS_DNSL_BOTH;
	name->kind = BS_DNSL_NAME_KIND;
	own->families = BS_DNSL_BOTH;
	strcpy(own->test_listed, "192.0.2.9 2001:db8::9");
	strcpy(own->test_unlisted, "192.0.2.8");
	dns_becomes("2.0.0.127.six.example A 127.0.0.2\n"
		    "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.six.example A "
		    "127.0.0.2\n"
		    "test.name.example A 127.0.1.2\n"
		    "9.2.0.192.own.example A 127.0.0.9\n"
		    "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.own.example A "
		    "127.0.0.9\n");
	turn();
	cr_assert(counts(six), "%s", view_of(six).why);
	cr_assert(counts(name), "%s", view_of(name).why);
	cr_assert(counts(own), "%s", view_of(own).why);
	cr_assert_eq(forgotten, 4 + 2 + 3);
	dns_becomes("2.0.0.127.six.example A 127.0.0.2\ntest.name.example A 127.0.1.2\n"
		    "invalid.name.example A 127.0.1.2\n"
		    "9.2.0.192.own.example A 127.0.0.9\n8.2.0.192.own.example A 127.0.0.9\n");
	pass(DNSL_TEST_MS);
	cr_assert_not_null(
		strstr(view_of(six).why, "::FFFF:7F00:2 is not"), "%s", view_of(six).why);
	cr_assert_not_null(strstr(view_of(name).why, "INVALID is listed"), "%s", view_of(name).why);
	cr_assert_not_null(strstr(view_of(own).why, "192.0.2.8 is listed"), "%s", view_of(own).why);
}

// The list turns while clients come: how many would have been refused?
Test(dnsl_health, a_list_of_everybody_whose_points_tell_costs_a_few)
{
	struct bs_dnsl *list = bl();
	unsigned refused = 0;
	dns_becomes(POINTS_GOOD);
	turn();
	for (unsigned i = 0; i < 300; i++)
		cr_assert(ask(list, i % 3 == 0));
	dns_becomes(POINTS_GOOD "1.0.0.127.bl.example A 127.0.0.2\n");
	pass(SECOND);
	for (unsigned i = 0; i < 1000; i++) {
		refused += ask(list, true);
		turn();
	}
	cr_assert_leq(refused, DNSL_PROOF);
	cr_assert_geq(refused, DNSL_PROOF - 2); // one of three was listed anyway
	cr_assert_not_null(strstr(line(), "suspended: 127.0.0.1 is listed"));
}

// Its points are under way and never come.
Test(dnsl_health, hits_in_a_row_are_not_believed_without_proof_for_ever)
{
	struct bs_dnsl *list = bl();
	unsigned refused = 0;
	list->share = 100;
	dns_becomes(POINTS_GOOD);
	turn();
	dns_becomes("2.0.0.127.bl.example A ?\n");
	pass(SECOND);
	for (unsigned i = 0; i < 1000; i++) {
		refused += ask(list, true);
		turn();
	}
	cr_assert_eq(refused, DNSL_UNPROVED);
	cr_assert_eq(dnsl_health_trust(health, list), DNSL_WATCHED);
	dns_becomes(POINTS_GOOD);
	pass(DNSL_PATIENCE_MS);
	pass(DNSL_RETRY_MS);
	cr_assert(counts(list));
	cr_assert_str_eq(line(), "", "a proof that is awaited is no alarm");
}

static unsigned refused_of_world(unsigned listed_per_cent, unsigned *wrongly)
{
	struct bs_dnsl *list = bl();
	unsigned refused = 0;
	*wrongly = 0;
	dns_becomes(POINTS_GOOD);
	turn();
	for (unsigned i = 0; i < 800; i++) {
		now_ms += SECOND;
		cr_assert(ask(list, i * 7919 % 100 < listed_per_cent), "%u", i);
		turn();
	}
	for (unsigned i = 0, late = 0; i < 2000 && late < 10; i++) {
		bool would = i * 7919 % 100 < listed_per_cent, did = ask(list, true);
		now_ms += SECOND;
		turn();
		refused += did;
		*wrongly += did && !would;
		late += !did;
	}
	cr_assert_eq(dnsl_health_trust(health, list), DNSL_WATCHED);
	cr_assert_not_null(strstr(line(), "suspended: it has the last"));
	cr_assert(ask(list, false), "one that it has not ends the run");
	turn();
	cr_assert_str_eq(line(), "DNS list bl counts again");
	return refused;
}

// Its points are good and it has everybody else.
Test(dnsl_health, a_run_of_hits_suspends)
{
	unsigned wrongly;
	cr_assert_lt(refused_of_world(10, &wrongly), DNSL_RUN);
}

Test(dnsl_health, a_list_that_had_most_anyway_may_have_a_longer_run)
{
	unsigned wrongly, refused = refused_of_world(90, &wrongly);
	cr_assert_gt(refused, 100);
	cr_assert_lt(refused, 300);
	cr_assert_leq(wrongly, DNSL_RUN, "%u of %u", wrongly, refused);
}

Test(dnsl_health, a_share_over_the_bound_suspends_until_it_is_well_below)
{
	struct bs_dnsl *list = bl();
	unsigned refused = 0, after = 0;
	list->share = 60;
	dns_becomes(POINTS_GOOD);
	turn();
	for (unsigned i = 0; i < 600; i++)
		cr_assert(ask(list, i % 2 == 0));
	for (unsigned i = 0; i < 3000 && counts(list); i++)
		refused += ask(list, i % 10 != 0);
	turn();
	cr_assert_lt(refused, 2 * DNSL_WINDOW);
	cr_assert_not_null(strstr(line(), "more than max-share = 60"));
	for (; after < 3000 && !counts(list); after++)
		ask(list, after % 2 == 0);
	cr_assert_lt(after, 2 * DNSL_WINDOW + 1);
	cr_assert_leq(view_of(list).share, 55);
	list->share = 100;
	for (unsigned i = 0; i < 3000; i++) {
		cr_assert(ask(list, true));
		pass(DNSL_EARLY_MS);
	}
}

Test(dnsl_health, a_client_counts_once_a_window)
{
	struct bs_dnsl *list = bl();
	struct bs_address client;
	static const uint8_t octets[4] = {127, 0, 0, 2};
	dns_becomes(POINTS_GOOD);
	turn();
	cr_assert(bs_address_parse("192.0.2.7", &client));
	for (unsigned i = 0; i < 1000; i++)
		dnsl_health_count(health, list, dnsl_health_client(health, &client), DNSL_HIT,
			octets, now_ms);
	cr_assert_eq(view_of(list).asked, 1);
	cr_assert_eq(view_of(list).hits, 1);
	cr_assert_eq(view_of(list).share, 100);
	// an IPv6 client is its /64
	for (unsigned i = 0; i < 1000; i++) {
		char text[BS_ADDRESS_TEXT];
		snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
		cr_assert(bs_address_parse(text, &client));
		dnsl_health_count(health, list, dnsl_health_client(health, &client), DNSL_HIT,
			octets, now_ms);
	}
	cr_assert_eq(view_of(list).asked, 2);
	cr_assert(counts(list));
}

// Or a list that turns would find all the clients of a small site counted already.
Test(dnsl_health, a_client_that_was_not_listed_and_now_is_counts_anew)
{
	static const uint8_t octets[4] = {127, 0, 0, 2};
	struct bs_dnsl *list = bl();
	dns_becomes(POINTS_GOOD);
	turn();
	for (uint64_t i = 0; i < 60; i++)
		dnsl_health_count(health, list, i << 40 | i << 16, DNSL_CLEAN, octets, now_ms);
	for (uint64_t i = 0; i < 60; i++)
		dnsl_health_count(health, list, i << 40 | i << 16, DNSL_HIT, octets, now_ms);
	cr_assert_eq(view_of(list).asked, 120);
	cr_assert_not(counts(list));
}

Test(dnsl_health, answers_that_are_no_entries_are_told_once)
{
	struct bs_dnsl *list = bl();
	static const uint8_t octets[4] = {127, 255, 255, 255};
	dns_becomes(POINTS_GOOD);
	turn();
	for (unsigned i = 0; i < 20; i++) {
		dnsl_health_count(health, list, i, DNSL_ERROR, octets, now_ms);
		pass(SECOND);
	}
	const char *said = line();
	cr_assert_not_null(
		strstr(said, "DNS list bl answers 127.255.255.255, which is no entry"), "%s", said);
	cr_assert_not_null(strstr(said, "more was asked than is free"), "%s", said);
	cr_assert_str_eq(line(), "");
	cr_assert_eq(view_of(list).errors, 20);
	cr_assert_eq(view_of(list).asked, 0);
}

Test(dnsl_health, survives_a_reload_by_name_and_zone)
{
	struct bs_dnsl *list = bl();
	bl()->zone[0] = 'x';
	dns_becomes(POINTS_GOOD "1.0.0.127.bl.example A 127.0.0.2\n");
	turn();
	cr_assert(view_of(list).suspended);
	struct bs_dnsl second = *list;
	list[0] = list[1];
	list[1] = second;
	cr_assert(view_of(&list[1]).suspended);
	cr_assert_not_null(strstr(view_of(&list[0]).why, "not listed"));
	policy.dnsl_count = 1;
	turn();
	strcpy(list[0].name, "new");
	cr_assert_eq(dnsl_health_trust(health, &list[0]), DNSL_SILENCED);
	turn(); // it was asked for: no waiting for the minute
	cr_assert(view_of(&list[0]).suspended);
}

Test(dnsl_health, many_reloads_find_rows)
{
	struct bs_dnsl *list = bl();
	dns_becomes(POINTS_GOOD);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(list->name, sizeof(list->name), "bl%u", i);
		dnsl_health_trust(health, list);
		pass(1);
		cr_assert(counts(list), "%u", i);
	}
}
