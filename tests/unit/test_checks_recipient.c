// SPDX-License-Identifier: BSD-3-Clause
//
// The checks that look at a recipient alone: spamtraps, and bounces to several.
#include <criterion/criterion.h>

#include "smtp/checks/check.h"

static struct bs_policy policy;
static struct facts facts;
static struct check_result result;

static enum check_outcome outcome_of(enum bs_check check)
{
	struct check_context context = {.facts = &facts, .policy = &policy};

	result = (struct check_result){0};
	checks[check].run(&context, &result);
	return result.outcome;
}

Test(checks_recipient, spamtrap)
{
	struct mailbox trap = {.local = "Trap", .domain = "example.org"},
		       other = {.local = "alice", .domain = "example.org"};
	struct bs_recipients *recipients = bs_recipients_new("+", false);

	facts.recipient = &trap;
	cr_expect_eq(outcome_of(BS_CHECK_SPAMTRAP), CHECK_NOT_RUN);
	policy.known_recipients = recipients;
	cr_expect_eq(outcome_of(BS_CHECK_SPAMTRAP), CHECK_NOT_RUN);
	cr_assert(bs_recipients_add_trap(recipients, "trap@example.org"));
	cr_expect_eq(outcome_of(BS_CHECK_SPAMTRAP), CHECK_HIT);
	facts.recipient = &other;
	cr_expect_eq(outcome_of(BS_CHECK_SPAMTRAP), CHECK_MISS);
	facts.recipient = NULL;
	cr_expect_eq(outcome_of(BS_CHECK_SPAMTRAP), CHECK_NOT_RUN);
	bs_recipients_free(recipients);
}

Test(checks_recipient, null_recipients)
{
	struct mailbox bounce = {0}, somebody = {.local = "a", .domain = "example.com"},
		       recipient = {.local = "alice", .domain = "example.org"};

	cr_expect_eq(outcome_of(BS_CHECK_NULL_RECIPIENTS), CHECK_NOT_RUN);
	facts.recipient = &recipient;
	facts.sender = &somebody;
	facts.recipients = 5;
	cr_expect_eq(outcome_of(BS_CHECK_NULL_RECIPIENTS), CHECK_NOT_RUN);
	facts.sender = &bounce;
	cr_expect_eq(outcome_of(BS_CHECK_NULL_RECIPIENTS), CHECK_HIT);
	cr_expect_str_eq(result.detail, "recipient 6 of a bounce");
	facts.recipients = 0;
	cr_expect_eq(outcome_of(BS_CHECK_NULL_RECIPIENTS), CHECK_MISS);
	facts.recipient = NULL;
	facts.recipients = 1;
	cr_expect_eq(outcome_of(BS_CHECK_NULL_RECIPIENTS), CHECK_NOT_RUN);
}
