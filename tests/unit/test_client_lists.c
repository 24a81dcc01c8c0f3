// SPDX-License-Identifier: BSD-3-Clause
//
// The check of the DNS lists: what is asked, which answers count, weights, what is shown.
#include "smtp/judge/judge.h"
#include "tests/unit/dnsl_case.h"

static struct judge judge;
static struct dns_asker asker;
static struct facts facts;
static struct check_context context;
static struct mailbox sender;

static void news(struct dns_asker *one)
{
	(void)one;
}

static void begin(void)
{
	begin_lists();
	judge.health = health;
	dns_asker_init(&asker, &dns.source, news);
	cr_assert(bs_address_parse("192.0.2.99", &facts.client));
	facts.helo = "mail.sender.example";
	context = (struct check_context){
		.judge = &judge, .facts = &facts, .policy = &policy, .dns = &asker};
}

static void end(void)
{
	dns_asker_forget(&asker);
	end_lists();
}

TestSuite(client_lists, .init = begin, .fini = end);

static struct bs_dnsl *list_of(const char *zone, int16_t hit, int16_t miss)
{
	struct bs_dnsl *list = add_list(zone, zone, hit, miss);
	list->tested = false;
	list->share = 100;
	return list;
}

static struct check_result run(void)
{
	struct check_result result = {0};
	facts.now_ms = now_ms;
	turn();
	check_run_client_lists(&context, &result);
	return result;
}

// Asks anew: the DNS says this.
static struct check_result run_with(const char *text)
{
	dns_asker_forget(&asker);
	dns_becomes(text);
	return run();
}

static void expect(struct check_result result, enum check_outcome outcome, int weight, int observed,
	const char *detail)
{
	cr_assert_eq(result.outcome, outcome, "%d: %s", result.outcome, result.detail);
	cr_assert_eq(result.weight, weight, "%d: %s", result.weight, result.detail);
	cr_assert_eq(result.observed, observed, "%d: %s", result.observed, result.detail);
	if (detail != NULL)
		cr_assert_str_eq(result.detail, detail);
}

Test(client_lists, without_lists_it_does_not_run)
{
	expect(run(), CHECK_NOT_RUN, 0, 0, NULL);
	list_of("off.example", 100, 0)->mode = BS_MODE_OFF;
	expect(run(), CHECK_NOT_RUN, 0, 0, NULL);
	cr_assert_eq(dns.asked, 0);
}

Test(client_lists, hit_miss_and_no_answer_have_their_weights)
{
	list_of("bl.example", 435, -150);
	expect(run_with("99.2.0.192.bl.example A 127.0.0.4\n"), CHECK_HIT, 435, 0, "bl.example");
	expect(run_with("98.2.0.192.bl.example A 127.0.0.4\n"), CHECK_MISS, -150, 0, NULL);
	expect(run_with("99.2.0.192.bl.example TXT nodata\n"), CHECK_MISS, -150, 0, NULL);
	expect(run_with("99.2.0.192.bl.example A !SERVFAIL\n"), CHECK_UNKNOWN, 0, 0, NULL);
	cr_assert(run().own_weights);
}

Test(client_lists, ipv6_is_asked_by_nibbles_where_the_list_has_it)
{
	struct bs_dnsl *list = list_of("bl.example", 100, 0);
	static const char text[] =
		"7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.e.e.b.8.b.d.0.1.0.0.2.bl.example A "
		"127.0.0.2\n";
	cr_assert(bs_address_parse("2001:db8:beef::7", &facts.client));
	expect(run_with(text), CHECK_NOT_RUN, 0, 0, NULL);
	cr_assert_eq(dns.asked, 0);
	list->families = BS_DNSL_BOTH;
	expect(run_with(text), CHECK_HIT, 100, 0, "bl.example");
	list->families = BS_DNSL_IPV6;
	cr_assert(bs_address_parse("192.0.2.99", &facts.client));
	expect(run_with("99.2.0.192.bl.example A 127.0.0.4\n"), CHECK_NOT_RUN, 0, 0, NULL);
}

Test(client_lists, answers_that_are_no_entries_never_hit)
{
	static const char *const error[] = {"127.255.255.252", "127.255.255.254", "127.255.255.255",
		"127.255.255.1", "192.0.2.1", "0.0.0.0", "128.0.0.2", "127.0.0.1"};
	struct bs_dnsl *list = list_of("bl.example", 100, -50);
	char text[100];
	for (size_t i = 0; i < sizeof(error) / sizeof(error[0]); i++) {
		snprintf(text, sizeof(text), "99.2.0.192.bl.example A %s\n", error[i]);
		expect(run_with(text), CHECK_UNKNOWN, 0, 0, NULL);
	}
	cr_assert_eq(view_of(list).errors, 8);
	// whatever else it says with it, and whatever the patterns say
	add_code(list, "[0..255].[0..255].[0..255].[0..255]");
	expect(run_with("99.2.0.192.bl.example A 127.0.0.2\n"
			"99.2.0.192.bl.example A 127.255.255.255\n"),
		CHECK_UNKNOWN, 0, 0, NULL);
	expect(run_with("99.2.0.192.bl.example A 192.0.2.1\n"), CHECK_UNKNOWN, 0, 0, NULL);
	expect(run_with("99.2.0.192.bl.example A 127.0.0.1\n"), CHECK_HIT, 100, 0, NULL);
}

Test(client_lists, a_refusal_of_an_allow_list_lets_nobody_in)
{
	struct bs_dnsl *list = list_of("wl.example", -500, 0);
	expect(run_with("99.2.0.192.wl.example A 127.0.0.255\n"), CHECK_UNKNOWN, 0, 0, NULL);
	expect(run_with("99.2.0.192.wl.example A 127.0.5.2\n"), CHECK_HIT, -500, 0, "wl.example");
	list->hit = 500;
	expect(run_with("99.2.0.192.wl.example A 127.0.0.255\n"), CHECK_HIT, 500, 0, NULL);
}

Test(client_lists, only_the_codes_of_the_list_count)
{
	struct bs_dnsl *list = list_of("bl.example", 300, -100);
	add_code(list, "127.0.0.[2..3]");
	add_code(list, "127.0.1.9");
	expect(run_with("99.2.0.192.bl.example A 127.0.0.3\n"), CHECK_HIT, 300, 0, NULL);
	expect(run_with("99.2.0.192.bl.example A 127.0.1.9\n"), CHECK_HIT, 300, 0, NULL);
	expect(run_with("99.2.0.192.bl.example A 127.0.0.11\n99.2.0.192.bl.example A 127.0.0.2\n"),
		CHECK_HIT, 300, 0, NULL);
	// listed for something else: neither
	expect(run_with("99.2.0.192.bl.example A 127.0.0.11\n"), CHECK_MISS, 0, 0, NULL);
}

Test(client_lists, one_zone_in_two_sections_is_one_question)
{
	struct bs_dnsl *sbl = list_of("sbl", 400, 0), *pbl = list_of("pbl", 200, 0);
	strcpy(sbl->zone, "zen.example");
	strcpy(pbl->zone, "zen.example");
	add_code(sbl, "127.0.0.[2..3]");
	add_code(pbl, "127.0.0.[10;11]");
	expect(run_with(
		       "99.2.0.192.zen.example A 127.0.0.2\n99.2.0.192.zen.example A 127.0.0.11\n"),
		CHECK_HIT, 600, 0, "sbl, pbl");
	cr_assert_eq(dns.asked, 1);
}

Test(client_lists, weights_add_up_by_mode_and_names_stand_by_weight)
{
	list_of("little", 100, 0);
	list_of("much", 900, 0);
	list_of("watched", 5000, -1)->mode = BS_MODE_OBSERVE;
	list_of("not", 700, -30);
	list_of("also-watched", 10, -70)->mode = BS_MODE_OBSERVE;
	list_of("allow", -250, 0);
	list_of("dead", 100, -1000);
	expect(run_with("99.2.0.192.little A 127.0.0.2\n99.2.0.192.much A 127.0.0.2\n"
			"99.2.0.192.watched A 127.0.0.2\n99.2.0.192.allow A 127.0.0.2\n"
			"99.2.0.192.dead A !timeout\n"),
		CHECK_HIT, 100 + 900 - 30 - 250, 5000 - 70, "much, little, watched");
	expect(run_with("99.2.0.192.allow A 127.0.0.2\n"), CHECK_HIT, -250 - 30 - 1000, -71,
		"allow");
}

Test(client_lists, lists_are_those_of_the_row)
{
	static const struct bs_recipient_policy row = {.lists = 2, .lists_set = true};
	list_of("a", 100, 0);
	list_of("b", 200, 0);
	policy.recipient_policy = &row;
	policy.recipient_policy_count = 1;
	context.row = 1;
	expect(run_with("99.2.0.192.a A 127.0.0.2\n99.2.0.192.b A 127.0.0.2\n"), CHECK_HIT, 200, 0,
		"b");
	context.row = 0;
	expect(run(), CHECK_HIT, 300, 0, "b, a");
}

Test(client_lists, waits_for_all)
{
	list_of("late", 100, 0);
	list_of("bl", 200, 0);
	expect(run_with("99.2.0.192.bl A 127.0.0.2\n99.2.0.192.late A ? 127.0.0.3\n"),
		CHECK_PENDING, 0, 0, NULL);
	dns_table_arrive(&dns);
	expect(run(), CHECK_HIT, 300, 0, "bl, late");
}

Test(client_lists, suspended_lists_are_neither_asked_nor_waited_for)
{
	struct bs_dnsl *list = list_of("bl.example", 100, -20);
	list->tested = true;
	expect(run_with("2.0.0.127.bl.example A ?\n"), CHECK_UNKNOWN, 0, 0, NULL);
	now_ms += DNSL_PATIENCE_MS;
	expect(run_with("99.2.0.192.bl.example A 127.0.0.2\n"), CHECK_UNKNOWN, 0, 0, NULL);
	now_ms += DNSL_TEST_MS;
	expect(run_with("2.0.0.127.bl.example A 127.0.0.2\n1.0.0.127.bl.example A 127.0.0.2\n"
			"99.2.0.192.bl.example A ?\n"),
		CHECK_UNKNOWN, 0, 0, NULL);
	now_ms += DNSL_TEST_MS;
	expect(run_with("2.0.0.127.bl.example A 127.0.0.2\n99.2.0.192.bl.example A 127.0.0.2\n"),
		CHECK_HIT, 100, 0, NULL);
	judge.health = NULL;
	expect(run(), CHECK_UNKNOWN, 0, 0, NULL);
}

// A list that turns while its points stay good: how many clients are hit before it is suspended?
Test(client_lists, a_list_of_everybody_costs_fewer_clients_than_a_run)
{
	struct bs_dnsl *list = list_of("bl.example", 100, 0);
	char text[] = "000.113.0.203.bl.example A 127.0.0.2\n";
	unsigned hits = 0;
	list->share = 98;
	for (unsigned i = 1; i < 200; i++) {
		char address[BS_ADDRESS_TEXT];
		snprintf(address, sizeof(address), "203.0.113.%u", i);
		cr_assert(bs_address_parse(address, &facts.client));
		snprintf(text, sizeof(text), "%u.113.0.203.bl.example A 127.0.0.2\n", i);
		dns_asker_forget(&asker);
		dns_table_free(&dns);
		dns_table_new(&dns, text);
		hits += run().outcome == CHECK_HIT;
	}
	cr_assert_eq(hits, DNSL_RUN - 1);
	cr_assert_eq(view_of(list).asked, 199, "it is watched on");
}

Test(client_lists, names_are_asked_about_names)
{
	struct bs_dnsl *list = list_of("dbl.example", 150, -10);
	list->kind = BS_DNSL_NAME_KIND;
	strcpy(sender.domain, "spam.example");
	expect(run_with("mail.sender.example.dbl.example A 127.0.1.2\n"), CHECK_HIT, 150, 0,
		"dbl.example");
	expect(run_with("spam.example.dbl.example A 127.0.1.2\n"), CHECK_MISS, -10, 0, NULL);
	facts.sender = &sender;
	expect(run_with("spam.example.dbl.example A 127.0.1.2\n"), CHECK_HIT, 150, 0, NULL);
	static const char named[] = "192.0.2.99 PTR pool.example\npool.example A 192.0.2.99\n"
				    "pool.example.dbl.example A 127.0.1.2\n";
	expect(run_with(named), CHECK_HIT, 150, 0, NULL);
	expect(run_with("192.0.2.99 PTR pool.example\npool.example.dbl.example A 127.0.1.2\n"),
		CHECK_MISS, -10, 0, NULL);
	// literals and bare words are no names
	facts.helo = "[192.0.2.99]";
	strcpy(sender.domain, "");
	expect(run_with(""), CHECK_NOT_RUN, 0, 0, NULL);
	facts.helo = "localhost";
	expect(run(), CHECK_NOT_RUN, 0, 0, NULL);
	// what anybody can say speaks for nobody
	list->hit = -300;
	facts.helo = "pool.example";
	expect(run_with("pool.example.dbl.example A 127.0.1.2\n"), CHECK_NOT_RUN, 0, 0, NULL);
	expect(run_with(named), CHECK_HIT, -300, 0, NULL);
}

Test(client_lists, explain_says_why_and_changes_nothing)
{
	struct bs_dnsl *list = list_of("bl", 100, 0), *key = list_of("dq", 90, 0);
	strcpy(key->zone, "s3cretkey0.zen.example");
	context.explain = true;
	struct check_result result = run_with(
		"99.2.0.192.bl A 127.0.0.2\n99.2.0.192.bl TXT see https://bl.example/192.0.2.99\n"
		"99.2.0.192.s3cretkey0.zen.example A 127.0.0.4\n"
		"99.2.0.192.s3cretkey0.zen.example TXT asked as S3CRETKEY0 here\n");
	expect(result, CHECK_HIT, 190, 0,
		"bl (127.0.0.2 \"see https://bl.example/192.0.2.99\"), dq (127.0.0.4)");
	cr_assert_eq(view_of(list).asked, 0);
}

Test(client_lists, keys_and_zones_are_never_shown)
{
	struct bs_dnsl *list = list_of("dq", 100, -1);
	static const char *const text[] = {"99.2.0.192.k3y.zen.example A 127.0.0.2\n",
		"99.2.0.192.k3y.zen.example A 127.255.255.252\n",
		"99.2.0.192.k3y.zen.example A !SERVFAIL\n", "99.2.0.192.k3y.zen.example A ?\n", ""};
	strcpy(list->zone, "k3y.zen.example");
	for (size_t i = 0; i < 2 * sizeof(text) / sizeof(text[0]); i++) {
		context.explain = i % 2 != 0;
		struct check_result result = run_with(text[i / 2]);
		cr_assert_null(strstr(result.detail, "k3y"), "%s", result.detail);
	}
	for (const char *said; (said = line())[0] != '\0';)
		cr_assert_null(strstr(said, "k3y"), "%s", said);
}

Test(client_lists, a_full_policy_fits)
{
	char text[BS_DNSL_MOST * 64] = "";
	for (unsigned i = 0; i < BS_DNSL_MOST; i++) {
		char zone[40];
		snprintf(zone, sizeof(zone), "list-with-a-long-name-%u.example", i);
		list_of(zone, INT16_MAX, 0);
		snprintf(text + strlen(text), 64, "99.2.0.192.%s A 127.0.0.2\n", zone);
	}
	struct check_result result = run_with(text);
	expect(result, CHECK_HIT, INT16_MAX, 0, NULL);
	cr_assert_gt(strlen(result.detail), 100);
	cr_assert_str_eq(result.detail + strlen(result.detail) - 8, ".example", "a whole name");
}
