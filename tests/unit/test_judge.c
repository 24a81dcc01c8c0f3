// SPDX-License-Identifier: BSD-3-Clause
//
// From results to a verdict, with a DNS written down as text.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/counters.h"
#include "smtp/judge/explain.h"
#include "smtp/worker/heap.h"
#include "smtp/judge/judge.h"
#include "tests/unit/dns_table.h"

static struct bs_policy policy;
static struct dns_table table;
static struct bs_worker_counters counters;
static struct judge judge;
static struct judgement *judgement;
static struct mailbox sender = {.local = "bob", .domain = "example.com"};
static struct mailbox recipient = {.local = "alice", .domain = "example.org"};
static struct facts facts;
static unsigned told;

static void news(void *context)
{
	told++;
}

// All checks off, then those that a test wants.
static void mode(enum bs_check check, enum bs_mode how, int16_t hit)
{
	policy.checks.mode[check] = (uint8_t)how;
	policy.checks.score[check].hit = hit;
}

static void begin(const char *dns)
{
	memset(&policy, 0, sizeof(policy));
	memset(&counters, 0, sizeof(counters));
	snprintf(policy.hostname, sizeof(policy.hostname), "mx.example.org");
	policy.class_count = BS_CLASS_LISTS;
	policy.dns_deadline_ms = 10000;
	policy.checks.greylist.only_from = INT32_MIN;
	dns_table_new(&table, dns);
	judge = (struct judge){.heap = heap_new(), .counters = &counters, .dns = &table.source};
	cr_assert_not_null(judge.heap);
	told = 0;
	judgement = judgement_new(&judge, news, NULL);
	cr_assert_not_null(judgement);
	facts = (struct facts){.helo = "host.example.com",
		.sender = &sender,
		.recipient = &recipient,
		.now_ms = 1000};
	cr_assert(bs_address_parse("192.0.2.7", &facts.client));
}

static void end(void)
{
	judgement_free(judgement);
	heap_free(judge.heap);
	dns_table_free(&table);
}

static struct judgement_verdict find(void)
{
	struct judgement_verdict verdict;
	cr_assert(judgement_find(judgement, &facts, &policy, &verdict), "pending");
	return verdict;
}

Test(judge, what_is_off_is_not_asked)
{
	begin("");
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250);
	cr_assert_eq(table.asked, 0);
	end();
}

Test(judge, a_hit_refuses_with_its_own_reply)
{
	begin("");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 550);
	cr_assert_str_eq(verdict.enhanced, "5.1.8");
	cr_assert_str_eq(
		verdict.text, "<bob@example.com>: Sender address rejected: Domain not found");
	cr_assert_eq(verdict.check, BS_CHECK_SENDER_DOMAIN);
	cr_assert_eq(counters.check[BS_CHECK_SENDER_DOMAIN].hit, 1);
	end();
}

Test(judge, observed_is_said_and_changes_nothing)
{
	begin("");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_OBSERVE, 0);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250);
	cr_assert_str_eq(verdict.observed,
		"550 5.1.8 <bob@example.com>: Sender address rejected: Domain not found");
	end();
}

Test(judge, trouble_refuses_nobody)
{
	begin("example.com MX !SERVFAIL\nexample.com A !SERVFAIL\nexample.com AAAA !SERVFAIL\n"
	      "7.2.0.192.in-addr.arpa PTR !SERVFAIL\nhost.example.com A !SERVFAIL\n"
	      "host.example.com AAAA !SERVFAIL\nhost.example.com MX !SERVFAIL\n");
	policy.checks.refuse = 1;
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++)
		if (checks[i].stage != BS_STAGE_RECIPIENT && i != BS_CHECK_HELO_OURS)
			mode((enum bs_check)i, BS_MODE_ENFORCE, 500);
	mode(BS_CHECK_CLIENT_LISTS, BS_MODE_OFF, 0);
	mode(BS_CHECK_SPF_NONE, BS_MODE_OFF, 0);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250, "%u %s", verdict.code, verdict.text);
	cr_assert_eq(verdict.score, 0);
	end();
}

Test(judge, weights_add_up_and_misses_speak_for_the_client)
{
	begin("192.0.2.7 PTR host.example.com\nhost.example.com A 192.0.2.7\n"
	      "example.com MX 10 mail.example.com\nmail.example.com A 198.51.100.1\n");
	policy.checks.refuse = 300;
	policy.checks.defer = 200;
	mode(BS_CHECK_SENDER_OTHER, BS_MODE_ENFORCE, 150);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.score, 150);
	cr_assert_eq(verdict.code, 250);
	mode(BS_CHECK_NAME_DYNAMIC, BS_MODE_ENFORCE, 0);
	policy.checks.score[BS_CHECK_NAME_DYNAMIC].miss = 60;
	verdict = find();
	cr_assert_eq(verdict.score, 210);
	cr_assert_eq(verdict.code, 450, "deferred, whatever the row's own code");
	policy.checks.score[BS_CHECK_NAME_DYNAMIC].miss = 150;
	verdict = find();
	cr_assert_eq(verdict.code, 550);
	policy.checks.score[BS_CHECK_NAME_DYNAMIC].miss = -100;
	verdict = find();
	cr_assert_eq(verdict.score, 50);
	cr_assert_eq(verdict.code, 250);
	end();
}

Test(judge, a_total_of_what_is_observed_is_only_told)
{
	char text[400];
	begin("");
	policy.checks.refuse = 100;
	mode(BS_CHECK_NAME_MISSING, BS_MODE_OBSERVE, 150);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250);
	cr_assert_eq(verdict.score, 0);
	cr_assert_eq(verdict.observed_score, 150);
	cr_assert_eq(strncmp(verdict.observed, "554 5.7.1 ", 10), 0, "%s", verdict.observed);
	judgement_summary(judgement, text, sizeof(text));
	cr_assert_not_null(strstr(text, "name-missing"), "%s", text);
	cr_assert_not_null(strstr(text, "+1.50?"), "%s", text);
	cr_assert_not_null(strstr(text, "total=0.00"), "%s", text);
	end();
}

Test(judge, it_waits_for_the_slow_and_no_longer_than_the_deadline)
{
	struct judgement_verdict verdict;
	begin("example.com MX ?\nexample.com A ?\nexample.com AAAA ?\n");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	judgement_prepare(judgement, &facts, &policy);
	cr_assert_not(judgement_find(judgement, &facts, &policy, &verdict));
	cr_assert_not(judgement_find(judgement, &facts, &policy, &verdict), "and again");
	dns_table_arrive(&table);
	verdict = find();
	cr_assert_eq(verdict.code, 550);
	end();
}

Test(judge, the_allowed_are_asked_nothing)
{
	begin("");
	facts.class = BS_CLASS_RUNTIME_ALLOW;
	policy.class[BS_CLASS_RUNTIME_ALLOW].action = BS_ACTION_ALLOW;
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	judgement_prepare(judgement, &facts, &policy);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250);
	cr_assert(verdict.allowed);
	cr_assert_eq(table.asked, 0);
	end();
}

Test(judge, postmaster_is_reached_by_whom_the_checks_would_refuse)
{
	begin("");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	snprintf(recipient.local, sizeof(recipient.local), "postmaster");
	cr_assert_eq(find().code, 250);
	snprintf(recipient.local, sizeof(recipient.local), "alice");
	cr_assert_eq(find().code, 550);
	end();
}

Test(judge, a_new_envelope_is_judged_anew)
{
	begin("good.example MX 10 mx.good.example\nmx.good.example A 198.51.100.1\n");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	cr_assert_eq(find().code, 550);
	snprintf(sender.domain, sizeof(sender.domain), "good.example");
	judgement_new_sender(judgement);
	cr_assert_eq(find().code, 250);
	snprintf(sender.domain, sizeof(sender.domain), "example.com");
	end();
}

Test(judge, explain_runs_all_and_counts_nothing)
{
	struct explain_row row;
	begin("");
	judgement_explains(judgement);
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 250);
	judgement_explain(judgement, &policy, BS_CHECK_SENDER_DOMAIN, &row);
	cr_assert_eq(row.outcome, CHECK_HIT);
	cr_assert_eq(row.mode, BS_MODE_OFF);
	cr_assert_eq(counters.check[BS_CHECK_SENDER_DOMAIN].hit, 0);
	end();
}

Test(judge, a_trusted_relay_is_not_asked_about_itself)
{
	begin("example.com MX 10 mx.example.com\nmx.example.com A 20.0.0.1\n");
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++)
		if (checks[i].stage != BS_STAGE_RECIPIENT)
			mode((enum bs_check)i, BS_MODE_ENFORCE, 500);
	policy.checks.refuse = 100;
	facts.class = BS_CLASS_LISTS;
	policy.class[BS_CLASS_LISTS].action = BS_ACTION_RELAY;
	policy.class_count = BS_CLASS_LISTS + 1;
	cr_assert_eq(find().code, 250);
	snprintf(sender.domain, sizeof(sender.domain), "nowhere.example");
	judgement_new_sender(judgement);
	cr_assert_eq(find().code, 550, "the sender's domain is asked about");
	snprintf(sender.domain, sizeof(sender.domain), "example.com");
	end();
}

// A million clients that come once would be asked about twice each, for a word in the log.
Test(judge, names_are_looked_up_unless_told_not_to)
{
	begin("192.0.2.7 PTR host.example.com\nhost.example.com A 192.0.2.7\n");
	mode(BS_CHECK_NAME_MISSING, BS_MODE_ENFORCE, 0);
	judgement_prepare(judgement, &facts, &policy);
	cr_assert_str_eq(judgement_client_name(judgement), "host.example.com");
	end();
	begin("");
	policy.nameless = true;
	policy.checks.refuse = 1;
	mode(BS_CHECK_NAME_MISSING, BS_MODE_ENFORCE, 100);
	mode(BS_CHECK_NAME_DYNAMIC, BS_MODE_ENFORCE, 100);
	judgement_prepare(judgement, &facts, &policy);
	cr_assert_eq(find().code, 250, "nobody is refused for a name that nobody looked up");
	cr_assert_str_eq(judgement_client_name(judgement), "unknown");
	cr_assert_eq(table.asked, 0);
	end();
}

Test(judge, the_operator_writes_the_reply)
{
	begin("");
	mode(BS_CHECK_SENDER_DOMAIN, BS_MODE_ENFORCE, 0);
	snprintf(policy.reply[BS_CHECK_SENDER_DOMAIN], BS_CHECK_REPLY,
		"[$client] says $sender-domain for $recipient, $$5");
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.code, 550);
	cr_assert_str_eq(verdict.text, "[192.0.2.7] says example.com for alice@example.org, $5");
	end();
}

Test(judge, what_is_unknown_might_have_spoken_for_the_client)
{
	begin("host.example.com A !SERVFAIL\nhost.example.com AAAA !SERVFAIL\n"
	      "host.example.com MX !SERVFAIL\nexample.com MX 10 mail.example.com\n"
	      "mail.example.com A 20.0.0.1\n");
	policy.checks.refuse = 100;
	mode(BS_CHECK_SENDER_OTHER, BS_MODE_ENFORCE, 150);
	cr_assert_eq(find().code, 550);
	mode(BS_CHECK_HELO_OTHER, BS_MODE_ENFORCE, 150);
	policy.checks.score[BS_CHECK_HELO_OTHER].miss = -125;
	struct judgement_verdict verdict = find();
	cr_assert_eq(verdict.score, 150);
	cr_assert_eq(verdict.code, 250, "with its HELO known it might have had 0.25");
	policy.checks.score[BS_CHECK_HELO_OTHER].miss = -25;
	cr_assert_eq(find().code, 550, "not even then");
	end();
}
