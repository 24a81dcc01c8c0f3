// SPDX-License-Identifier: BSD-3-Clause
//
// The client's name: missing, unconfirmed, dynamic, and which one is told.
#include "check_stage.h"
#include "smtp/checks/client_name.h"

struct expected {
	const char *dns, *missing, *unconfirmed, *dynamic, *name;
};

static void expect(const struct expected *expected, const char *client)
{
	struct check_stage *stage = check_stage_new(expected->dns);
	char name[DNS_NAME];
	stage->facts.client = stage_address(client);
	stage_expect(stage, check_run_name_missing, expected->missing);
	stage_expect(stage, check_run_name_unconfirmed, expected->unconfirmed);
	stage_expect(stage, check_run_name_dynamic, expected->dynamic);
	cr_expect_eq(checks_client_name(&stage->context, name), expected->name[0] != 0);
	cr_expect_str_eq(name, expected->name, "%s", expected->dns);
	check_stage_free(stage);
}

static const struct expected ipv4[] = {
	{"", "hit", "not run", "not run", ""},
	{"198.51.100.7 A 192.0.2.1\n198.51.100.7 PTR !timeout", "unknown", "unknown", "unknown",
		""},
	{"198.51.100.7 PTR ?", "pending", "pending", "pending", ""},
	{"198.51.100.7 PTR .", "hit", "not run", "not run", ""},
	{"198.51.100.7 PTR mx.example.org\nmx.example.org A 198.51.100.7", "miss", "miss", "miss",
		"mx.example.org"},
	{"198.51.100.7 PTR mx.example.org\nmx.example.org A 198.51.100.8", "miss", "hit", "miss",
		""},
	{"198.51.100.7 PTR mx.example.org", "miss", "hit", "miss", ""},
	{"198.51.100.7 PTR mx.example.org\nmx.example.org A !SERVFAIL", "miss", "unknown", "miss",
		""},
	{"198.51.100.7 PTR mx.example.org\nmx.example.org A ?", "miss", "pending", "miss", ""},
	// one of several is enough, and a dialup has none but its own
	{"198.51.100.7 PTR a.example.org\n198.51.100.7 PTR b.example.org\nb.example.org A "
	 "192.0.2.9\n"
	 "b.example.org A 198.51.100.7",
		"miss", "miss", "miss", "b.example.org"},
	{"198.51.100.7 PTR a.example.org\n198.51.100.7 PTR b.example.org\na.example.org A "
	 "!SERVFAIL\n"
	 "b.example.org A 198.51.100.7",
		"miss", "miss", "miss", "b.example.org"},
	{"198.51.100.7 PTR a.example.org\n198.51.100.7 PTR b.example.org\na.example.org A ?\n"
	 "b.example.org A 198.51.100.7",
		"miss", "pending", "miss", ""},
	{"198.51.100.7 PTR 7.dsl.example.org\n7.dsl.example.org A 198.51.100.7", "miss", "miss",
		"hit", "7.dsl.example.org"},
	{"198.51.100.7 PTR 7.dsl.example.org\n198.51.100.7 PTR mx.example.org", "miss", "hit",
		"miss", ""},
};

Test(client_name, every_outcome)
{
	for (size_t i = 0; i < sizeof(ipv4) / sizeof(ipv4[0]); i++)
		expect(&ipv4[i], "198.51.100.7");
}

Test(client_name, ipv6)
{
	expect(&(struct expected){"2001:db8::7 PTR mx.example.org\nmx.example.org AAAA 2001:db8::7",
		       "miss", "miss", "miss", "mx.example.org"},
		"2001:db8::7");
	// an A record says nothing about an IPv6 client, and is not asked for
	expect(&(struct expected){"2001:db8::7 PTR mx.example.org\nmx.example.org A !SERVFAIL",
		       "miss", "hit", "miss", ""},
		"2001:db8::7");
}

Test(client_name, what_was_late_is_looked_at)
{
	struct check_stage *stage = check_stage_new(
		"198.51.100.7 PTR ? mx.example.org\nmx.example.org A ? 198.51.100.7");
	char name[DNS_NAME];
	stage_expect(stage, check_run_name_unconfirmed, "pending");
	dns_table_arrive(&stage->table);
	dns_asker_forget(&stage->asker);
	stage_expect(stage, check_run_name_missing, "miss");
	stage_expect(stage, check_run_name_unconfirmed, "miss");
	cr_assert(checks_client_name(&stage->context, name));
	check_stage_free(stage);
}

Test(client_name, a_client_with_a_thousand_names_costs_ten_questions)
{
	char text[64 * 64] = "", line[64];
	for (int i = 0; i < 64; i++) {
		snprintf(line, sizeof(line), "198.51.100.7 PTR host%d.example.org\n", i);
		strcat(text, line);
	}
	struct check_stage *stage = check_stage_new(text);
	stage_expect(stage, check_run_name_unconfirmed, "hit");
	cr_assert_eq(stage->table.answers, 11);
	check_stage_free(stage);
}

Test(client_name, without_a_resolver_nothing_is_known)
{
	struct check_stage *stage = check_stage_new("");
	stage->context.dns = NULL;
	stage_expect(stage, check_run_name_missing, "unknown");
	stage_expect(stage, check_run_name_unconfirmed, "unknown");
	stage_expect(stage, check_run_name_dynamic, "unknown");
	check_stage_free(stage);
}
