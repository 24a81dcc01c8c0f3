// SPDX-License-Identifier: BSD-3-Clause
//
// The sender's domain: does it exist, does it take mail, where are its servers, is the client one of them.
#include "check_stage.h"

static void expect(const char *dns, const char *domain, check_run *run, const char *outcome)
{
	struct check_stage *stage = check_stage_new(dns);
	stage_sender(stage, domain[0] != 0 ? "a" : "", domain);
	cr_expect_str_eq(stage_run(stage, run), outcome, "%s: %s (%s) with %s", domain,
		stage_run(stage, run), stage->result.detail, dns);
	cr_expect_not(stage->result.defer);
	check_stage_free(stage);
}

static check_run *const all[] = {check_run_sender_domain, check_run_sender_null_mx,
	check_run_sender_mx, check_run_sender_other};

Test(sender_checks, there_is_not_always_a_domain_to_ask_about)
{
	for (size_t i = 0; i < 4; i++) {
		struct check_stage *stage = check_stage_new("");
		stage_expect(stage, all[i], "not run");
		check_stage_free(stage);
		expect("", "", all[i], "not run");
		expect("", "[192.0.2.1]", all[i], "not run");
		expect("", "our.example", all[i], "not run");
	}
}

Test(sender_checks, trouble_is_never_a_hit)
{
	static const char *const trouble[] = {
		"a.example MX !timeout\na.example A !timeout\na.example AAAA !timeout",
		"a.example MX !SERVFAIL\na.example A !SERVFAIL\na.example AAAA !SERVFAIL",
	};
	for (size_t i = 0; i < 4; i++) {
		expect(trouble[0], "a.example", all[i], "unknown");
		expect(trouble[1], "a.example", all[i], "unknown");
		expect("a.example MX ?", "a.example", all[i], "pending");
	}
	expect("a.example MX !timeout", "a.example", check_run_sender_domain, "unknown");
	expect("a.example A !timeout", "a.example", check_run_sender_domain, "unknown");
	expect("a.example AAAA !timeout", "a.example", check_run_sender_domain, "unknown");
}

Test(sender_checks, domain)
{
	check_run *run = check_run_sender_domain;
	expect("a.example MX 10 mx.example.org", "a.example", run, "miss");
	expect("a.example A 192.0.2.1", "a.example", run, "miss");
	expect("a.example AAAA 2001:db8::1", "a.example", run, "miss");
	expect("a.example MX !SERVFAIL\na.example A 192.0.2.1", "a.example", run, "miss");
	expect("a.example A ?\na.example AAAA 2001:db8::1", "a.example", run, "miss");
	expect("a.example A ?", "a.example", run, "pending");
	expect("a.example MX 0 .", "a.example", run, "miss"); // it exists
	expect("a.example TXT x", "a.example", run, "hit");
	expect("", "a.example", run, "hit");
}

Test(sender_checks, a_domain_that_has_mx_costs_one_question)
{
	struct check_stage *stage = check_stage_new("a.example MX 10 mx.example.org");
	stage_sender(stage, "a", "a.example");
	stage_expect(stage, check_run_sender_domain, "miss");
	cr_assert_eq(stage->table.answers, 1);
	check_stage_free(stage);
}

Test(sender_checks, trouble_defers_when_the_operator_wants_it)
{
	struct check_stage *stage = check_stage_new(
		"a.example MX !SERVFAIL\nb.example MX 10 mx.example.org");
	stage->policy.sender_failure_defers = true;
	stage_sender(stage, "a", "a.example");
	stage_expect(stage, check_run_sender_domain, "unknown");
	cr_assert(stage->result.defer);
	stage_sender(stage, "a", "b.example");
	stage_expect(stage, check_run_sender_domain, "miss");
	cr_assert_not(stage->result.defer);
	stage_sender(stage, "a", "c.example");
	stage_expect(stage, check_run_sender_domain, "hit");
	cr_assert_not(stage->result.defer);
	check_stage_free(stage);
}

Test(sender_checks, null_mx)
{
	check_run *run = check_run_sender_null_mx;
	expect("a.example MX 0 .", "a.example", run, "hit");
	expect("a.example MX 0 .\na.example MX 10 mx.example.org", "a.example", run, "miss");
	expect("a.example MX 10 .", "a.example", run, "miss");
	expect("a.example MX 0 mx.example.org", "a.example", run, "miss");
	expect("a.example A 192.0.2.1", "a.example", run, "miss");
	expect("", "a.example", run, "miss");
}

#define HOST(address) "a.example MX 10 mx.example.org\nmx.example.org " address

Test(sender_checks, mail_servers_that_can_not_be)
{
	check_run *run = check_run_sender_mx;
	expect(HOST("A 10.1.2.3"), "a.example", run, "hit");
	expect(HOST("A 127.0.0.1"), "a.example", run, "hit");
	expect(HOST("A 0.0.0.0"), "a.example", run, "hit");
	expect(HOST("A 192.168.255.255"), "a.example", run, "hit");
	expect(HOST("A 224.0.0.1"), "a.example", run, "hit");
	expect(HOST("AAAA fe80::1"), "a.example", run, "hit");
	expect(HOST("AAAA ::1"), "a.example", run, "hit");
	expect(HOST("A 192.0.2.25"), "a.example", run, "hit");   // ours
	expect("a.example A 10.1.2.3", "a.example", run, "hit"); // implicit MX
	expect(HOST("A 10.1.2.3") "\nmx.example.org A 10.1.2.4", "a.example", run, "hit");
	expect(HOST("A 9.255.255.255"), "a.example", run, "miss");
	expect(HOST("A 192.88.99.1"), "a.example", run, "miss");
	expect(HOST("AAAA 2a00::1"), "a.example", run, "miss");
	expect(HOST("AAAA 64:ff9b::901:203"), "a.example", run, "miss");
	// one good one is enough, be it of a hundred or beside trouble
	expect(HOST("A 10.1.2.3") "\nmx.example.org AAAA 2a00::1", "a.example", run, "miss");
	expect("a.example MX 1 x.example\na.example MX 2 y.example\nx.example A 127.0.0.1\n"
	       "y.example A 9.0.0.1",
		"a.example", run, "miss");
	expect(HOST("AAAA ?") "\nmx.example.org A 9.0.0.1", "a.example", run, "miss");
	expect(HOST("AAAA !timeout") "\nmx.example.org A 9.0.0.1", "a.example", run, "miss");
	expect(HOST("AAAA !timeout") "\nmx.example.org A 10.0.0.1", "a.example", run, "unknown");
	expect(HOST("AAAA ?") "\nmx.example.org A 10.0.0.1", "a.example", run, "pending");
	// other checks say it
	expect("a.example MX 0 .", "a.example", run, "not run");
	expect("a.example MX 10 mx.example.org", "a.example", run, "not run");
	expect("", "a.example", run, "not run");
}

Test(sender_checks, a_reserved_network_that_is_in_use_here_is_none)
{
	struct check_stage *stage = check_stage_new(HOST("A 10.1.2.3"));
	stage_sender(stage, "a", "a.example");
	stage_expect(stage, check_run_sender_mx, "hit");
	cr_assert_str_eq(stage->result.detail, "mx.example.org [10.1.2.3] is reserved");
	stage->facts.client = stage_address("10.200.0.1");
	stage_expect(stage, check_run_sender_mx, "miss");
	check_stage_free(stage);
}

Test(sender_checks, of_mail_servers_without_end_ten_are_looked_at)
{
	char text[64 * 64] = "mx.example.org A 10.0.0.1\n", line[64];
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof(line), "a.example MX %d mx%d.example.org\n", i, i);
		strcat(text, line);
	}
	struct check_stage *stage = check_stage_new(text);
	stage_sender(stage, "a", "a.example");
	stage_expect(stage, check_run_sender_mx, "miss");
	cr_assert_eq(stage->table.answers, 21);
	check_stage_free(stage);
}

Test(sender_checks, other)
{
	check_run *run = check_run_sender_other;
	expect("a.example A 198.51.100.7", "a.example", run, "miss");
	expect("a.example MX 5 b.example\nb.example A 198.51.100.7", "a.example", run, "miss");
	expect("a.example MX 5 b.example\nb.example A 203.0.113.7", "a.example", run, "hit");
	expect("a.example MX 5 b.example\nb.example A 198.51.100.77", "a.example", run, "not run");
	expect("", "a.example", run, "hit");
}
