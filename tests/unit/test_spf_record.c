// SPDX-License-Identifier: BSD-3-Clause
//
// The grammar of SPF records, and what of a record is kept for a client; macros.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "smtp/spf/macro.h"
#include "smtp/spf/record.h"

static struct spf_record record;

static const char *parse(const char *text, const char *client)
{
	struct bs_address address;
	cr_assert(bs_address_parse(client, &address));
	return spf_record_parse(text, strlen(text), &address, &record);
}

static void good(const char *text)
{
	const char *fault = parse(text, "192.0.2.1");
	cr_expect_null(fault, "%s: %s", text, fault);
}

static void bad(const char *text, const char *why)
{
	const char *fault = parse(text, "192.0.2.1");
	cr_expect(fault != NULL && strcmp(fault, why) == 0, "%s: %s", text,
		fault != NULL ? fault : "(good)");
}

Test(spf_record, version)
{
	cr_expect(spf_record_is("v=spf1", 6));
	cr_expect(spf_record_is("V=SPF1 -all", 11));
	cr_expect_not(spf_record_is("v=spf10", 7));
	cr_expect_not(spf_record_is("v=spf1\t-all", 11));
	cr_expect_not(spf_record_is("v=spf", 5));
	cr_expect_not(spf_record_is("", 0));
	cr_expect_not(spf_record_is(" v=spf1", 7));
}

Test(spf_record, grammar)
{
	good("v=spf1");
	good("v=spf1  A   MX/24//64  -all ");
	good("v=spf1 a:%{d}/24 mx:a.b.example//0 ptr ptr:example.org exists:%{ir}.x.example ?all");
	good("v=spf1 redirect=_spf.example.org exp=x.%{d2} moo.cow-1_2=any/thing:%{c}");
	good("v=spf1 ip4:192.0.2.0/24 ip4:0.0.0.0/0 ip6:2001:db8::/32 ip6:::ffff:192.0.2.1");
	bad("v=spf1 moo", "unknown mechanism");
	bad("v=spf1 all.", "unknown mechanism");
	bad("v=spf1 -redirect=a.example", "unknown mechanism");
	bad("v=spf1 redirect:a.example", "unknown mechanism");
	bad("v=spf1 \ta", "unknown mechanism");
	bad("v=spf1 -all 1up=x", "unknown mechanism");
	bad("v=spf1 -all =x", "unknown mechanism");
	bad("v=spf1 -", "unknown mechanism");
	bad("v=spf1 --all", "unknown mechanism");
	bad("v=spf1 all:x.example", "domain");
	bad("v=spf1 ptr/24", "domain");
	bad("v=spf1 include:a.example/24", "domain");
	bad("v=spf1 a/24/16", "domain");
	bad("v=spf1 a/24/64", "prefix length");
	bad("v=spf1 a/", "domain");
	bad("v=spf1 a:museum", "domain");
	bad("v=spf1 a:192.0.2.1", "domain");
	bad("v=spf1 include", "domain is missing");
	bad("v=spf1 exists", "domain is missing");
	bad("v=spf1 redirect=", "domain");
	bad("v=spf1 exp=", "domain");
	bad("v=spf1 exp=a.b exp=a.b", "modifier stands twice");
	bad("v=spf1 redirect=a.b REDIRECT=a.b", "modifier stands twice");
	bad("v=spf1 -all foo=%abc", "macro");
	bad("v=spf1 a/33", "prefix length");
	bad("v=spf1 a/024", "prefix length");
	bad("v=spf1 mx//129", "prefix length");
	bad("v=spf1 a/99999999999", "prefix length");
	bad("v=spf1 ip4:192.0.2.1/33", "prefix length");
	bad("v=spf1 ip4:192.0.2.1//24", "address");
	bad("v=spf1 ip4:192.0.2.01", "address");
	bad("v=spf1 ip4:192.0.2", "address");
	bad("v=spf1 ip4", "address");
	bad("v=spf1 ip6:192.0.2.1", "address");
	bad("v=spf1 ip6:2001:db8::1::2", "address");
	cr_expect_str_eq(
		spf_record_parse("v=spf1 a:x.example\0", 19, &(struct bs_address){{0}}, &record),
		"domain");
}

Test(spf_record, what_is_kept)
{
	cr_expect_null(parse("v=spf1 ip4:198.51.100.0/24 a ip4:192.0.2.77/24 mx -all redirect=a.b",
		"192.0.2.1"));
	cr_assert_eq(record.count, 2);
	cr_expect_eq(record.term[0].kind, SPF_KIND_A);
	cr_expect_eq(record.term[1].kind, SPF_KIND_IP4);
	cr_expect_eq(record.redirect.kind, 0);
	cr_expect_null(parse("v=spf1 ip4:0.0.0.0/0 redirect=a.b", "2001:db8::1"));
	cr_expect_eq(record.count, 0);
	cr_expect_eq(record.redirect.kind, SPF_KIND_REDIRECT);
	cr_expect_null(parse(
		"v=spf1 ip6:2001:db8:1234:5678:9abc:def0:1234:5678/64", "2001:db8:1234:5678::1"));
	cr_expect_eq(record.count, 1);
	cr_expect_null(parse("v=spf1 ip6:::/0", "192.0.2.1"));
	cr_expect_eq(record.count, 0);
}

// Many networks before what matters: libspf2 alone would drop the end of this record without a word.
Test(spf_record, long_ones)
{
	char text[SPF_RECORD + 100] = "v=spf1";
	size_t used = strlen(text);
	while (used < SPF_RECORD - 60)
		used += (size_t)sprintf(text + used, " ip4:198.51.100.%zu", used % 256);
	strcpy(text + used, " ip4:192.0.2.1 -all");
	cr_expect_null(parse(text, "192.0.2.1"));
	cr_expect_eq(record.count, 1);
	memset(text + strlen(text), ' ', 100);
	cr_expect_str_eq(spf_record_parse(text, SPF_RECORD + 1, &(struct bs_address){{0}}, &record),
		"record is too long");
}

Test(spf_record, more_terms_than_may_be_asked)
{
	cr_expect_null(parse("v=spf1 a a a a a a a a a a a a a a a a a a a a -all", "192.0.2.1"));
	cr_expect_eq(record.count, SPF_LOOKUPS + 1);
}

static void expands(const char *text, const char *wanted)
{
	static const struct bs_address client = {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}};
	static const struct bs_address ipv4 = {{[10] = 0xff, 0xff, 192, 0, 2, 3}};
	struct spf_macro_values values = {strchr(text, '6') != NULL ? &client : &ipv4,
		"mx.example.org", "strong-bad", "email.example.com", "current.example", "unknown"};
	char name[DNS_NAME] = "";
	cr_expect(spf_domain_spec(text, strlen(text)), "%s", text);
	cr_expect_eq(spf_expand(text, strlen(text), &values, name), wanted != NULL, "%s", text);
	cr_expect(wanted == NULL || strcmp(name, wanted) == 0, "%s: %s", text, name);
}

// RFC 7208, 7.4 has most of these.
Test(spf_record, macros)
{
	expands("%{s}", "strong-bad@email.example.com");
	expands("%{o}", "email.example.com");
	expands("%{d4}", "current.example");
	expands("%{o1}", "com");
	expands("%{or}", "com.example.email");
	expands("%{o2r}", "example.email");
	expands("%{l-}", "strong.bad");
	expands("%{lr-}", "bad.strong");
	expands("%{l1r-}", "strong");
	expands("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.current.example");
	expands("%{v}.6.%{ir}.x.example",
		"ip6.6.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.x.example");
	expands("%{S}.example.org", "strong-bad%40email.example.com.example.org");
	expands("%%%_%-.example.org.", "% %20.example.org");
	expands("%{p}.example.org", "unknown.example.org");
	expands("%{l999999999999r-}.%{h}", "bad.strong.mx.example.org");
}

Test(spf_record, macro_grammar)
{
	static const char *const faults[] = {"%", "%a", "%{", "%{d", "%{d0}.", "%{x}", "%{dr2}",
		"%{d!}", "a.%{c}", "%{r}.b", "%{t}", "a b.example", "\x7f.example", "\x80.example",
		""};
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		cr_expect_not(spf_domain_spec(faults[i], strlen(faults[i])), "%s", faults[i]);
	cr_expect(spf_macro_string("%{c}%{r}%{t}", 12, true));
	cr_expect_not(spf_macro_string("%{c}", 4, false));
}

// RFC 7208, 7.3: labels go from the left until it fits.
Test(spf_record, long_names_lose_their_left_end)
{
	char text[3300] = "", *at = text, name[DNS_NAME];
	struct spf_macro_values values = {
		&(struct bs_address){{0}}, "h", "l", "d.example", "d.example", "unknown"};
	for (unsigned i = 0; i < 290; i++)
		at += sprintf(at, "abcdefg%03u.", i);
	strcpy(at - 1, ".example");
	cr_assert(spf_expand(text, strlen(text), &values, name));
	cr_expect_leq(strlen(name), 253);
	cr_expect_gt(strlen(name), 253 - 12);
	cr_expect_str_eq(name + strlen(name) - 18, "abcdefg289.example");
	cr_expect_str_eq(strncmp(name, "abcdefg", 7) == 0 ? "label" : name, "label");
	memset(text, 'a', 1000);
	text[1000] = 0;
	cr_expect_not(spf_expand(text, 1000, &values, name));
}
