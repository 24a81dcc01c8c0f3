// SPDX-License-Identifier: BSD-3-Clause
//
// HELO: its words, and where its name leads.
#include "check_stage.h"
#include "smtp/checks/helo.h"

static void expect(const char *dns, const char *helo, check_run *run, const char *outcome)
{
	struct check_stage *stage = check_stage_new(dns);
	stage->facts.helo = helo;
	cr_expect_str_eq(stage_run(stage, run), outcome, "%s: %s (%s) with %s", helo,
		stage_run(stage, run), stage->result.detail, dns);
	check_stage_free(stage);
}

Test(helo_checks, syntax)
{
	static const struct {
		const char *helo, *outcome;
	} rows[] = {{"", "not run"}, {"mx.example.org", "miss"}, {"MX.Example.ORG", "miss"},
		{"mx.example.org.", "miss"}, {"mail_out.example.org", "miss"},
		{"xn--mx-xka.example", "miss"}, {"[192.0.2.1]", "miss"},
		{"[IPv6:2001:db8::1]", "miss"}, {"[ipv6:2001:DB8::1]", "miss"},
		{"localhost", "hit"}, {"mx", "hit"}, {".", "hit"}, {"mx..example.org", "hit"},
		{".example.org", "hit"}, {"-mx.example.org", "hit"}, {"mx-.example.org", "hit"},
		{"mx?.example.org", "hit"}, {"mx.example.1", "hit"}, {"[192.0.2.300]", "hit"},
		{"[192.0.2.1", "hit"}, {"[]", "hit"}, {"[", "hit"}, {"[mx.example.org]", "hit"},
		{"a.123456789012345678901234567890123456789012345678901234567890abcd.example",
			"hit"},
		{"192.0.2.1", "not run"}, {"2001:db8::1", "not run"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect("", rows[i].helo, check_run_helo_syntax, rows[i].outcome);
}

Test(helo_checks, any_bytes_are_read)
{
	struct helo_said helo;
	char said[256];
	for (unsigned length = 0; length < sizeof(said) - 1; length++) {
		memset(said, length % 2 == 0 ? 'a' : '\xff', sizeof(said));
		said[length] = 0;
		helo_read(said, &helo);
		cr_assert(length == 0 || helo.kind == HELO_KIND_FAULTY);
		memset(said, '[', length);
		helo_read(said, &helo);
		memset(said, '.', length);
		helo_read(said, &helo);
	}
}

Test(helo_checks, literal)
{
	expect("", "[198.51.100.7]", check_run_helo_literal, "miss");
	expect("", "[198.51.100.8]", check_run_helo_literal, "hit");
	expect("", "[IPv6:2001:db8::7]", check_run_helo_literal, "hit");
	expect("", "[nonsense]", check_run_helo_literal, "not run");
	expect("", "198.51.100.8", check_run_helo_literal, "not run");
	expect("", "mx.example.org", check_run_helo_literal, "not run");
	expect("", "", check_run_helo_literal, "not run");
}

Test(helo_checks, numeric)
{
	expect("", "198.51.100.7", check_run_helo_numeric, "hit");
	expect("", "2001:db8::1", check_run_helo_numeric, "hit");
	expect("", "192.168.1", check_run_helo_numeric, "hit");
	expect("", "[198.51.100.7]", check_run_helo_numeric, "miss");
	expect("", "192.0.2.1.example.org", check_run_helo_numeric, "miss");
	expect("", "", check_run_helo_numeric, "not run");
}

Test(helo_checks, ours)
{
	expect("", "mx.example.net", check_run_helo_ours, "hit");
	expect("", "MX.EXAMPLE.NET.", check_run_helo_ours, "hit");
	expect("", "[192.0.2.25]", check_run_helo_ours, "hit");
	expect("", "192.0.2.25", check_run_helo_ours, "hit");
	expect("", "[192.0.2.26]", check_run_helo_ours, "miss");
	expect("", "mx.example.org", check_run_helo_ours, "miss");
	expect("", "host.our.example", check_run_helo_ours, "miss");
	expect("", "localhost", check_run_helo_ours, "miss");
	expect("", "", check_run_helo_ours, "not run");
	// A domain of ours: who may say so is in its records.
	expect("", "our.example", check_run_helo_ours, "hit");
	expect("our.example A 198.51.100.7", "our.example", check_run_helo_ours, "miss");
	expect("our.example MX 5 a.example\na.example A 198.51.100.7", "our.example",
		check_run_helo_ours, "miss");
	expect("our.example A !SERVFAIL", "our.example", check_run_helo_ours, "unknown");
	expect("our.example A ?", "our.example", check_run_helo_ours, "pending");
}

Test(helo_checks, we_may_say_our_name_ourselves)
{
	struct check_stage *stage = check_stage_new("");
	stage->facts.client = stage->facts.local;
	stage->facts.helo = "mx.example.net";
	stage_expect(stage, check_run_helo_ours, "not run");
	check_stage_free(stage);
}

Test(helo_checks, unresolved)
{
	check_run *run = check_run_helo_unresolved;
	expect("", "mx.example.org", run, "hit");
	expect("mx.example.org TXT x", "mx.example.org", run, "hit");
	expect("mx.example.org A 192.0.2.1", "mx.example.org", run, "miss");
	expect("mx.example.org AAAA 2001:db8::1", "mx.example.org", run, "miss");
	expect("mx.example.org MX 1 a.example", "mx.example.org", run, "miss");
	expect("mx.example.org A !timeout\nmx.example.org MX 1 a.example", "mx.example.org", run,
		"miss");
	expect("mx.example.org A !timeout", "mx.example.org", run, "unknown");
	expect("mx.example.org MX !timeout", "mx.example.org", run, "unknown");
	expect("mx.example.org AAAA ?", "mx.example.org", run, "pending");
	expect("", "[192.0.2.1]", run, "not run");
	expect("", "localhost", run, "not run");
	expect("", "192.0.2.1", run, "not run");
}

Test(helo_checks, other)
{
	check_run *run = check_run_helo_other;
	expect("mx.example.org A 198.51.100.7", "mx.example.org", run, "miss");
	expect("mx.example.org A 192.0.2.1\nmx.example.org A 198.51.100.7", "MX.example.org.", run,
		"miss");
	expect("mx.example.org MX 5 a.example\na.example A 198.51.100.7", "mx.example.org", run,
		"miss");
	expect("mx.example.org A 203.0.113.1", "mx.example.org", run, "hit");
	expect("", "mx.example.org", run, "hit");
	expect("mx.example.org MX 0 .", "mx.example.org", run, "hit");
	// a neighbour: neither for nor against
	expect("mx.example.org A 198.51.100.250", "mx.example.org", run, "not run");
	expect("mx.example.org A !SERVFAIL", "mx.example.org", run, "unknown");
	expect("mx.example.org A !SERVFAIL\nmx.example.org MX 5 a.example\na.example A "
	       "198.51.100.7",
		"mx.example.org", run, "miss");
	expect("mx.example.org MX ?", "mx.example.org", run, "pending");
	expect("mx.example.org MX ?\nmx.example.org A 198.51.100.7", "mx.example.org", run, "miss");
	expect("mx.example.org MX 5 a.example\na.example A ?", "mx.example.org", run, "pending");
	expect("", "[198.51.100.7]", run, "not run");
	expect("", "198.51.100.7", run, "not run");
	expect("", "", run, "not run");
}

Test(helo_checks, other_of_ipv6)
{
	struct check_stage *stage = check_stage_new(
		"mx.example.org AAAA 2001:db8::7\nnear.example.org AAAA 2001:db8::8\n"
		"far.example.org AAAA 2001:db8:0:1::7\nfar.example.org A 198.51.100.7");
	stage->facts.client = stage_address("2001:db8::7");
	stage->facts.helo = "mx.example.org";
	stage_expect(stage, check_run_helo_other, "miss");
	stage->facts.helo = "near.example.org";
	stage_expect(stage, check_run_helo_other, "not run");
	stage->facts.helo = "far.example.org";
	stage_expect(stage, check_run_helo_other, "hit");
	check_stage_free(stage);
}

Test(helo_checks, dynamic)
{
	expect("", "c-198-51-100-7.example.org", check_run_helo_dynamic, "hit");
	expect("", "7.dyn.example.org", check_run_helo_dynamic, "hit");
	expect("", "mx.example.org", check_run_helo_dynamic, "miss");
	expect("", "[198.51.100.7]", check_run_helo_dynamic, "not run");
	expect("", "", check_run_helo_dynamic, "not run");
}
