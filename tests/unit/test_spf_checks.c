// SPDX-License-Identifier: BSD-3-Clause
//
// The rows of SPF: what each says of a session, and that they evaluate once.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dns_table.h"
#include "smtp/checks/spf.h"
#include "smtp/judge/judge.h"

static struct dns_table table;
static struct dns_asker asker;
static struct judge judge;
static struct mailbox sender;
static struct facts facts;
static struct check_result results[BS_CHECK_COUNT];
static struct check_context context = {.judge = &judge, .facts = &facts, .dns = &asker};

const struct check_result *check_result_of(const struct check_context *unused, enum bs_check check)
{
	return &results[check];
}

static void news(struct dns_asker *unused)
{
}

static void begin(void)
{
	dns_table_new(&table, "pass.example TXT v=spf1 ip4:192.0.2.1 -all\n"
			      "fail.example TXT v=spf1 -all\n"
			      "soft.example TXT v=spf1 ~all\n"
			      "neutral.example TXT v=spf1 ?all\n"
			      "broken.example TXT v=spf1 moo\n"
			      "trouble.example TXT !SERVFAIL\n"
			      "slow.example TXT ?v=spf1 -all\n"
			      "local.example TXT v=spf1 exists:%{l}.%{h}.x.example -all\n"
			      "me.fail.example.x.example A 127.0.0.2\n");
	dns_asker_init(&asker, &table.source, news);
	memset(results, 0, sizeof(results));
	judge.spf = spf_new("mx.example.net");
	bs_address_parse("192.0.2.1", &facts.client);
	facts.helo = "fail.example";
	facts.sender = &sender;
}

static void end(void)
{
	dns_asker_forget(&asker);
	dns_table_free(&table);
	spf_free(judge.spf);
}

static enum check_outcome run(enum bs_check check, const char *local, const char *domain)
{
	snprintf(sender.local, sizeof(sender.local), "%s", local);
	snprintf(sender.domain, sizeof(sender.domain), "%s", domain);
	results[check] = (struct check_result){0};
	checks[check].run(&context, &results[check]);
	return results[check].outcome;
}

Test(spf_checks, each_row_its_result, .init = begin, .fini = end)
{
	static const struct {
		const char *domain;
		enum bs_check hit;
	} cases[] = {{"pass.example", BS_CHECK_SPF_PASS}, {"fail.example", BS_CHECK_SPF_FAIL},
		{"soft.example", BS_CHECK_SPF_SOFTFAIL}, {"neutral.example", BS_CHECK_SPF_NEUTRAL},
		{"broken.example", BS_CHECK_SPF_PERMERROR}, {"none.example", BS_CHECK_SPF_NONE}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(results, 0, sizeof(results));
		for (enum bs_check row = BS_CHECK_SPF_FAIL; row <= BS_CHECK_SPF_PERMERROR; row++)
			cr_expect_eq(run(row, "me", cases[i].domain),
				row == cases[i].hit ? CHECK_HIT : CHECK_MISS, "%s, %s: %s",
				cases[i].domain, checks[row].name, results[row].detail);
	}
}

Test(spf_checks, trouble_is_unknown_to_all, .init = begin, .fini = end)
{
	for (enum bs_check row = BS_CHECK_SPF_FAIL; row <= BS_CHECK_SPF_PERMERROR; row++)
		cr_expect_eq(run(row, "me", "trouble.example"), CHECK_UNKNOWN);
	facts.helo = "trouble.example";
	cr_expect_eq(run(BS_CHECK_HELO_SPF_FAIL, "me", "pass.example"), CHECK_UNKNOWN);
	cr_expect_str_eq(results[BS_CHECK_HELO_SPF_FAIL].detail,
		"temperror: DNS of trouble.example: SERVFAIL");
}

Test(spf_checks, they_share_an_evaluation, .init = begin, .fini = end)
{
	struct spf *whole = judge.spf;
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "me", "soft.example"), CHECK_MISS);
	judge.spf = NULL; // who evaluates anew comes out unknown
	cr_expect_eq(run(BS_CHECK_SPF_SOFTFAIL, "me", "soft.example"), CHECK_HIT);
	cr_expect_eq(run(BS_CHECK_SPF_PASS, "me", "soft.example"), CHECK_MISS);
	memset(results, 0, sizeof(results));
	cr_expect_eq(run(BS_CHECK_SPF_PASS, "me", "soft.example"), CHECK_UNKNOWN);
	judge.spf = whole;
}

Test(spf_checks, late_answers, .init = begin, .fini = end)
{
	for (enum bs_check row = BS_CHECK_SPF_FAIL; row <= BS_CHECK_SPF_PERMERROR; row++)
		cr_expect_eq(run(row, "me", "slow.example"), CHECK_PENDING);
	dns_table_arrive(&table);
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "me", "slow.example"), CHECK_HIT);
	cr_expect_eq(run(BS_CHECK_SPF_SOFTFAIL, "me", "slow.example"), CHECK_MISS);
}

// RFC 7208, 2.4
Test(spf_checks, bounces_are_of_the_helo, .init = begin, .fini = end)
{
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "", ""), CHECK_MISS, "left to helo-spf-fail");
	cr_expect_str_eq(results[BS_CHECK_SPF_FAIL].detail, "fail: mechanism -all of fail.example");
	facts.helo = "";
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "", ""), CHECK_NOT_RUN);
	cr_expect_eq(run(BS_CHECK_HELO_SPF_FAIL, "", ""), CHECK_NOT_RUN);
	facts.sender = NULL;
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "", ""), CHECK_NOT_RUN);
}

Test(spf_checks, macros_know_the_session, .init = begin, .fini = end)
{
	cr_expect_eq(run(BS_CHECK_SPF_PASS, "me", "local.example"), CHECK_HIT);
	cr_expect_eq(run(BS_CHECK_SPF_FAIL, "you", "local.example"), CHECK_HIT);
	facts.helo = "pass.example";
	cr_expect_eq(run(BS_CHECK_HELO_SPF_FAIL, "me", "local.example"), CHECK_MISS);
}

Test(spf_checks, outcomes_are_read_back)
{
	struct spf_outcome outcome;
	struct check_result result = {.outcome = CHECK_MISS};
	cr_expect_not(spf_outcome_of(NULL, &outcome));
	cr_expect_not(spf_outcome_of(&result, &outcome));
	strcpy(result.detail, "softfail: mechanism ~all of a.example");
	cr_expect(spf_outcome_of(&result, &outcome));
	cr_expect_eq(outcome.result, SPF_SOFTFAIL);
	cr_expect_str_eq(outcome.detail, "mechanism ~all of a.example");
	result.outcome = CHECK_PENDING;
	cr_expect_not(spf_outcome_of(&result, &outcome));
}
