// SPDX-License-Identifier: BSD-3-Clause
//
// SPF evaluations against a DNS of text: bounds, trouble, late answers, and what the outcome says. What RFC 7208 wants beyond that
// is in its test suite (tests/spf).
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dns_table.h"
#include "smtp/spf/spf.h"

static struct dns_table table;
static struct dns_asker asker;
static struct spf *spf;

static void news(struct dns_asker *unused)
{
}

static void zone(const char *text)
{
	spf = spf_new("mx.example.net");
	cr_assert_not_null(spf);
	dns_table_new(&table, text);
	dns_asker_init(&asker, &table.source, news);
}

static void end(void)
{
	dns_asker_forget(&asker);
	dns_table_free(&table);
	spf_free(spf);
}

static bool evaluate(const char *client, const char *domain, struct spf_outcome *outcome)
{
	struct bs_address address;
	cr_assert(bs_address_parse(client, &address));
	return spf_evaluate(spf, &asker, &address, "helo.example", "user", domain, outcome);
}

static void comes_out(
	const char *client, const char *domain, enum spf_result result, const char *detail)
{
	struct spf_outcome outcome;
	cr_assert(evaluate(client, domain, &outcome), "%s: pending", domain);
	cr_expect_eq(outcome.result, result, "%s: %s, %s", domain, spf_result_name(outcome.result),
		outcome.detail);
	cr_expect_str_eq(outcome.detail, detail);
}

Test(spf, says_what_matched, .fini = end)
{
	zone("a.example TXT v=spf1 ip4:192.0.2.0/24 include:b.example ~all\n"
	     "b.example TXT v=spf1 ip6:2001:db8:1234:5678:9abc::/80 ?a -all\n"
	     "b.example A 198.51.100.1\n"
	     "c.example TXT v=spf1 redirect=d.example\n"
	     "d.example TXT v=spf1 mx/30 -all\n"
	     "d.example MX 10 h.example\n"
	     "h.example A 203.0.113.4\n"
	     "g.example TXT v=spf1 -include:c.example ip4:0.0.0.0/0\n"
	     "e.example TXT something else\n"
	     "e.example TXT v=spf1 mx\n");
	comes_out("192.0.2.9", "a.example", SPF_PASS, "mechanism +ip4 of a.example");
	comes_out(
		"2001:db8:1234:5678:9abc::7", "a.example", SPF_PASS, "mechanism +ip6 of b.example");
	comes_out("198.51.100.1", "b.example", SPF_NEUTRAL, "mechanism ?a of b.example");
	comes_out("198.51.100.2", "a.example", SPF_SOFTFAIL, "mechanism ~all of a.example");
	comes_out("203.0.113.7", "c.example", SPF_PASS, "mechanism +mx of d.example");
	comes_out("203.0.113.8", "c.example", SPF_FAIL, "mechanism -all of d.example");
	comes_out("203.0.113.7", "g.example", SPF_FAIL, "mechanism -include of g.example");
	comes_out("203.0.113.8", "g.example", SPF_PASS, "mechanism +ip4 of g.example");
	comes_out("203.0.113.8", "e.example", SPF_NEUTRAL, "no mechanism of e.example matches");
	comes_out("203.0.113.8", "f.example", SPF_NONE, "f.example has no record");
	comes_out("203.0.113.8", "h.example", SPF_NONE, "h.example has no record");
	comes_out("203.0.113.8", "[192.0.2.1]", SPF_NONE, "[192.0.2.1] is no domain");
	comes_out("203.0.113.8", "localhost", SPF_NONE, "localhost is no domain");
	comes_out("203.0.113.8", "a..example", SPF_NONE, "a..example is no domain");
}

// libspf2 lets 127.0.0.0/8 and ::1 pass whatever the record says.
Test(spf, loopback_is_a_client_as_any, .fini = end)
{
	zone("a.example TXT v=spf1 -all\n");
	comes_out("127.0.0.1", "a.example", SPF_FAIL, "mechanism -all of a.example");
	comes_out("::1", "a.example", SPF_FAIL, "mechanism -all of a.example");
}

Test(spf, dns_trouble_is_never_a_fail, .fini = end)
{
	zone("a.example TXT !SERVFAIL\n"
	     "b.example TXT v=spf1 a:x.example -all\n"
	     "x.example A !timeout\n"
	     "c.example TXT v=spf1 mx:y.example -all\n"
	     "y.example MX 10 x.example\n"
	     "d.example TXT v=spf1 include:a.example -all\n"
	     "e.example TXT v=spf1 ptr -all\n"
	     "192.0.2.1 PTR x.example\n"
	     "192.0.2.2 PTR !timeout\n"
	     "f.example TXT v=spf1 exists:x.example -all\n"
	     "g.example TXT v=spf1 redirect=a.example\n");
	comes_out("192.0.2.1", "a.example", SPF_TEMPERROR, "DNS of a.example: SERVFAIL");
	comes_out("192.0.2.1", "b.example", SPF_TEMPERROR, "DNS of x.example: timeout");
	comes_out("192.0.2.1", "c.example", SPF_TEMPERROR, "DNS of x.example: timeout");
	comes_out("192.0.2.1", "d.example", SPF_TEMPERROR, "DNS of a.example: SERVFAIL");
	comes_out("192.0.2.1", "f.example", SPF_TEMPERROR, "DNS of x.example: timeout");
	comes_out("192.0.2.1", "g.example", SPF_TEMPERROR, "DNS of a.example: SERVFAIL");
	// RFC 7208, 5.5: for ptr trouble is no match
	comes_out("192.0.2.1", "e.example", SPF_FAIL, "mechanism -all of e.example");
	comes_out("192.0.2.2", "e.example", SPF_FAIL, "mechanism -all of e.example");
}

Test(spf, lookups_are_counted_over_includes, .fini = end)
{
	zone("a.example TXT v=spf1 include:b.example include:b.example a:h.example -all\n"
	     "b.example TXT v=spf1 a:h.example mx:h.example exists:x.example a:h.example -all\n"
	     "h.example A 198.51.100.1\n"
	     "h.example MX 10 h.example\n"
	     "l.example TXT v=spf1 include:l.example -all\n"
	     "m.example TXT v=spf1 redirect=m.example\n"
	     "n.example TXT v=spf1 include:o.example include:o.example -all\n"
	     "o.example TXT v=spf1 a:h.example a:h.example a:h.example a:h.example -all\n");
	comes_out("192.0.2.1", "a.example", SPF_PERMERROR,
		"more than 10 terms that ask the DNS, at a.example");
	comes_out("192.0.2.1", "l.example", SPF_PERMERROR,
		"more than 10 terms that ask the DNS, at l.example");
	comes_out("192.0.2.1", "m.example", SPF_PERMERROR,
		"more than 10 terms that ask the DNS, at m.example");
	comes_out("192.0.2.1", "n.example", SPF_FAIL, "mechanism -all of n.example");
}

Test(spf, voids_are_counted, .fini = end)
{
	zone("a.example TXT v=spf1 a mx exists:x.y -all\n"
	     "b.example TXT v=spf1 a mx -all\n"
	     "c.example TXT v=spf1 mx mx mx mx -all\n"
	     "c.example MX 10 h.example\n"
	     "h.example A 198.51.100.1\n");
	comes_out("192.0.2.1", "a.example", SPF_PERMERROR,
		"more than 2 names without records, at a.example");
	comes_out("192.0.2.1", "b.example", SPF_FAIL, "mechanism -all of b.example");
	// hosts that have no IPv6 are no fault of the record
	comes_out("2001:db8::1", "c.example", SPF_FAIL, "mechanism -all of c.example");
}

Test(spf, faulty_records, .fini = end)
{
	zone("a.example TXT v=spf1 moo -all\n"
	     "b.example TXT v=spf1 -all\n"
	     "b.example TXT v=spf1 -all\n"
	     "c.example TXT v=spf1 include:a.example -all\n"
	     "d.example TXT v=spf1 include:none.example -all\n"
	     "e.example TXT v=spf1 redirect=none.example\n"
	     "f.example TXT v=spf1 a:%{%{%{%{ -all\n");
	comes_out(
		"192.0.2.1", "a.example", SPF_PERMERROR, "record of a.example: unknown mechanism");
	comes_out("192.0.2.1", "b.example", SPF_PERMERROR, "b.example has several records");
	comes_out(
		"192.0.2.1", "c.example", SPF_PERMERROR, "record of a.example: unknown mechanism");
	comes_out(
		"192.0.2.1", "d.example", SPF_PERMERROR, "include of d.example leads to no record");
	comes_out("192.0.2.1", "e.example", SPF_PERMERROR,
		"redirect of e.example leads to no record");
	comes_out("192.0.2.1", "f.example", SPF_PERMERROR, "record of f.example: domain");
}

// RFC 7208, 5.5: only names that lead back to the client count.
Test(spf, ptr, .fini = end)
{
	zone("a.example TXT v=spf1 ptr -all\n"
	     "b.example TXT v=spf1 exists:%{p}.x.example -all\n"
	     "192.0.2.1 PTR h.a.example\n"
	     "192.0.2.2 PTR h.a.example\n"
	     "192.0.2.3 PTR notreallya.example\n"
	     "h.a.example A 192.0.2.1\n"
	     "notreallya.example A 192.0.2.3\n"
	     "h.a.example.x.example A 127.0.0.2\n");
	comes_out("192.0.2.1", "a.example", SPF_PASS, "mechanism +ptr of a.example");
	comes_out("192.0.2.2", "a.example", SPF_FAIL, "mechanism -all of a.example");
	comes_out("192.0.2.3", "a.example", SPF_FAIL, "mechanism -all of a.example");
	comes_out("192.0.2.1", "b.example", SPF_PASS, "mechanism +exists of b.example");
	comes_out("192.0.2.2", "b.example", SPF_FAIL, "mechanism -all of b.example");
}

// All terms of a record are asked for at once.
Test(spf, late_answers, .fini = end)
{
	struct spf_outcome outcome;
	zone("a.example TXT v=spf1 a:x.example a:y.example mx:z.example -all\n"
	     "x.example A ?\n"
	     "y.example A ?\n"
	     "z.example MX ?10 x.example\n");
	cr_expect_not(evaluate("192.0.2.1", "a.example", &outcome));
	cr_expect_eq(asker.pending, 3);
	cr_expect_not(evaluate("192.0.2.1", "a.example", &outcome));
	dns_table_arrive(&table);
	comes_out("192.0.2.1", "a.example", SPF_FAIL, "mechanism -all of a.example");
}

// What stands in a name of someone else must not break a log line or a header.
Test(spf, details_are_clean, .fini = end)
{
	struct spf_outcome outcome;
	zone("x TXT v=spf1\n");
	cr_assert(evaluate("192.0.2.1", "a\r\nb: \x01\xff.example", &outcome));
	cr_expect_str_eq(outcome.detail, "a??b: ??.example has no record");
}
