// SPDX-License-Identifier: BSD-3-Clause
//
// The checks that look at what was remembered: greylisting and rates.
#include <criterion/criterion.h>

#include <string.h>

#include "dataplane/seam/source.h"
#include "smtp/checks/check.h"
#include "smtp/judge/judge.h"
#include "smtp/memory/memory.h"

static const uint8_t key[16] = "sixteen octets!";
static struct judge judge;
static struct bs_policy policy;
static struct mailbox sender = {.local = "b", .domain = "example.net"};
static struct mailbox recipient = {.local = "a", .domain = "example.org"};
static struct facts facts;
static struct check_context context;
static struct check_result result, spf;

const struct check_result *check_result_of(const struct check_context *of, enum bs_check check)
{
	cr_assert_eq(of, &context);
	cr_assert_eq(check, BS_CHECK_SPF_PASS);
	return &spf;
}

static void begin(void)
{
	judge.memory = memory_new(1000, key);
	policy.checks.greylist = (struct bs_greylist_rules){.delay_ms = 300000,
		.retry_ms = 3600000,
		.lifetime_ms = 86400000,
		.auto_allow = 2,
		.spf_key = true};
	policy.class[3].action = BS_ACTION_RELAY;
	policy.class_count = 4;
	facts = (struct facts){.client = bs_address_from_ipv4("\300\000\002\007"),
		.helo = "mail.example.net",
		.sender = &sender,
		.recipient = &recipient,
		.wall_s = 1800000000,
		.now_ms = 5000000};
	context = (struct check_context){.judge = &judge, .facts = &facts, .policy = &policy};
}

static void end(void)
{
	memory_free(judge.memory);
}

TestSuite(check_memory, .init = begin, .fini = end);

static const struct check_result *run(enum bs_check check)
{
	memset(&result, 0, sizeof(result));
	checks[check].run(&context, &result);
	return &result;
}

static const struct check_result *greylist_at(uint64_t later_s)
{
	facts.wall_s = 1800000000 + later_s;
	return run(BS_CHECK_GREYLIST);
}

Test(check_memory, greylist_hits_until_the_delay_is_over)
{
	cr_expect_eq(greylist_at(0)->outcome, CHECK_HIT);
	cr_expect_str_eq(result.detail, "new, passes in 300 s");
	cr_expect_eq(greylist_at(10)->outcome, CHECK_HIT);
	cr_expect_str_eq(result.detail, "early, passes in 290 s");
	cr_expect_eq(greylist_at(300)->outcome, CHECK_MISS);
	cr_expect_str_eq(result.detail, "passed");
	recipient.local[0] = 'c';
	cr_expect_eq(greylist_at(300)->outcome, CHECK_HIT);
	cr_expect_eq(greylist_at(600)->outcome, CHECK_MISS);
	recipient.local[0] = 'd';
	cr_expect_eq(greylist_at(600)->outcome, CHECK_MISS);
	cr_expect_str_eq(result.detail, "its network passed 2 times");
}

Test(check_memory, the_reply_never_says_how_long)
{
	cr_expect_null(strstr(checks[BS_CHECK_GREYLIST].text, "$detail"));
	cr_expect_eq(checks[BS_CHECK_GREYLIST].mode, BS_MODE_OBSERVE);
}

Test(check_memory, explain_only_looks)
{
	context.explain = true;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_HIT);
	cr_expect_eq(greylist_at(300)->outcome, CHECK_HIT);
	cr_expect_eq(memory_count(judge.memory), 0);
}

Test(check_memory, bounces_are_greylisted_too)
{
	static const struct mailbox nobody;
	facts.sender = &nobody;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_HIT);
	cr_expect_eq(greylist_at(300)->outcome, CHECK_MISS);
}

Test(check_memory, where_spf_passes_its_domain_is_the_key)
{
	spf.outcome = CHECK_HIT;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_HIT);
	facts.client = bs_address_from_ipv4("\313\000\161\011");
	cr_expect_eq(greylist_at(300)->outcome, CHECK_MISS);
	spf.outcome = CHECK_MISS;
	cr_expect_eq(greylist_at(300)->outcome, CHECK_HIT);
	policy.checks.greylist.spf_key = false;
	spf.outcome = CHECK_HIT;
	cr_expect_str_eq(greylist_at(300)->detail, "early, passes in 300 s");
}

Test(check_memory, what_spf_has_not_said_yet_is_waited_for)
{
	spf.outcome = CHECK_PENDING;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_PENDING);
	cr_expect_eq(memory_count(judge.memory), 0);
	policy.checks.greylist.spf_key = false;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_HIT);
}

Test(check_memory, without_memory_nobody_is_deferred)
{
	memory_free(judge.memory);
	judge.memory = NULL;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_UNKNOWN);
	facts.recipient = NULL;
	cr_expect_eq(greylist_at(0)->outcome, CHECK_NOT_RUN);
}

Test(check_memory, rates)
{
	static const struct siphash_key secret = {{1, 2}};
	struct bs_sources *sources = bs_sources_new(64, &secret);
	enum bs_source_opening how;
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_NOT_RUN); // no limit
	policy.rates = (struct bs_rates){.window_ms = 60000, .mails = 2, .recipients = 3};
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_NOT_RUN); // nothing counted
	facts.source = bs_source_open(sources, &facts.client, 5000, &how);
	bs_source_count(facts.source, BS_RATE_RECIPIENTS, 3, 60, 5000);
	bs_source_count(facts.source, BS_RATE_MAILS, 1, 60, 5000);
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_MISS);
	bs_source_count(facts.source, BS_RATE_RECIPIENTS, 1, 60, 5000);
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_HIT);
	cr_expect_str_eq(result.detail, "too many recipients: 4 in 60 s");
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_HIT); // looking counts nothing
	cr_expect_str_eq(result.detail, "too many recipients: 4 in 60 s");
	policy.rates.recipients = 0;
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_MISS);
	bs_source_count(facts.source, BS_RATE_MAILS, 1, 60, 5000);
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_HIT);
	cr_expect_str_eq(result.detail, "too many mails: 2 in 60 s");
	facts.class = 3;
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_NOT_RUN);
	facts.class = 0;
	struct bs_prefix exception = {.address = facts.client, .length = 120};
	policy.rate_exceptions = &exception;
	policy.rate_exception_count = 1;
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_NOT_RUN);
	policy.rate_exception_count = 0;
	facts.now_ms += 60000;
	cr_expect_eq(run(BS_CHECK_RATE)->outcome, CHECK_MISS);
	bs_sources_free(sources);
}
