// SPDX-License-Identifier: BSD-3-Clause
//
// The headers that say what we found out about a sender.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "smtp/session/authentication.h"

static struct spf_outcome pass = {SPF_PASS, "mechanism +ip4 of a.example"};
static struct spf_outcome none = {SPF_NONE, "h.example has no record"};
static struct mailbox sender = {.local = "user", .domain = "a.example"};
static struct mailbox bounce;

static const char *format(const struct authentication *authentication)
{
	static char text[AUTHENTICATION_TEXT];
	size_t length = authentication_format(authentication, text);
	cr_assert_eq(length, strlen(text));
	return text;
}

static struct authentication plain(void)
{
	struct authentication authentication = {.hostname = "mx.example.org",
		.helo = "h.example",
		.sender = &sender,
		.client_name = "h.example"};
	bs_address_parse("192.0.2.1", &authentication.client);
	return authentication;
}

Test(authentication, all_known)
{
	struct authentication known = plain();
	known.spf = &pass;
	known.spf_helo = &none;
	known.iprev = IPREV_PASS;
	cr_expect_str_eq(format(&known),
		"Authentication-Results: mx.example.org;\r\n"
		"\tspf=pass (mechanism +ip4 of a.example)\r\n\t smtp.mailfrom=user@a.example;\r\n"
		"\tspf=none (h.example has no record)\r\n\t smtp.helo=h.example;\r\n"
		"\tiprev=pass policy.iprev=192.0.2.1 (h.example)\r\n"
		"Received-SPF: pass (mx.example.org: mechanism +ip4 of a.example)\r\n"
		"\treceiver=mx.example.org; identity=mailfrom; client-ip=192.0.2.1;\r\n"
		"\tenvelope-from=\"user@a.example\";\r\n\thelo=h.example\r\n"
		"Received-SPF: none (mx.example.org: h.example has no record)\r\n"
		"\treceiver=mx.example.org; identity=helo; client-ip=192.0.2.1;\r\n"
		"\tenvelope-from=\"user@a.example\";\r\n\thelo=h.example\r\n");
}

Test(authentication, nothing_known)
{
	struct authentication known = plain();
	cr_expect_str_eq(format(&known), "");
}

Test(authentication, a_bounce_is_of_the_helo)
{
	struct authentication known = plain();
	known.sender = &bounce;
	known.spf = &pass;
	cr_expect_str_eq(format(&known),
		"Authentication-Results: mx.example.org;\r\n"
		"\tspf=pass (mechanism +ip4 of a.example)\r\n\t smtp.helo=h.example\r\n"
		"Received-SPF: pass (mx.example.org: mechanism +ip4 of a.example)\r\n"
		"\treceiver=mx.example.org; identity=mailfrom; client-ip=192.0.2.1;\r\n"
		"\tenvelope-from=\"\";\r\n\thelo=h.example\r\n");
}

Test(authentication, iprev)
{
	static const struct {
		enum iprev iprev;
		const char *text;
	} cases[] = {{IPREV_FAIL, "fail"}, {IPREV_TEMPERROR, "temperror"},
		{IPREV_PERMERROR, "permerror"}};
	struct authentication known = plain();
	bs_address_parse("2001:db8::1", &known.client);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[200];
		known.iprev = cases[i].iprev;
		snprintf(wanted, sizeof(wanted),
			"Authentication-Results: mx.example.org;\r\n"
			"\tiprev=%s policy.iprev=\"2001:db8::1\"\r\n",
			cases[i].text);
		cr_expect_str_eq(format(&known), wanted);
	}
}

// Nobody writes headers of his own into ours.
Test(authentication, hostile_parts)
{
	struct spf_outcome odd = {SPF_NONE, "x) y\r\nEvil: (\\ has no record"};
	struct mailbox quoted = {.local = "a \"b\\", .domain = "[192.0.2.1]", .quoted = true};
	struct authentication known = plain();
	known.spf = &odd;
	known.sender = &quoted;
	known.helo = "[192.0.2.1]";
	known.spf_helo = &odd;
	const char *text = format(&known);
	cr_expect_null(strstr(text, "\nEvil"));
	cr_expect_not_null(strstr(text, "(x\\) y??Evil: \\(\\\\ has no record)"));
	cr_expect_not_null(
		strstr(text, "smtp.mailfrom=\"\\\"a \\\\\\\"b\\\\\\\\\\\"@[192.0.2.1]\""), "%s",
		text);
	cr_expect_not_null(strstr(text, "helo=\"[192.0.2.1]\""));
}

Test(authentication, the_longest)
{
	static char hostname[254], helo[256];
	struct mailbox longest = {.quoted = true};
	struct spf_outcome outcome = {.result = SPF_SOFTFAIL};
	struct authentication known = plain();
	memset(hostname, 'h', sizeof(hostname) - 1);
	memset(helo, ':', sizeof(helo) - 1);
	memset(longest.local, '"', MAILBOX_LOCAL);
	memset(longest.domain, '[', MAILBOX_DOMAIN);
	memset(outcome.detail, '(', SPF_DETAIL - 1);
	known = (struct authentication){
		hostname, known.client, helo, &longest, &outcome, &outcome, IPREV_PASS, hostname};
	const char *text = format(&known);
	size_t length = strlen(text);
	cr_expect_lt(length, AUTHENTICATION_TEXT - 1);
	cr_expect_str_eq(text + length - 3, "\"\r\n");
	for (const char *line = text; *line != 0; line = strstr(line, "\r\n") + 2)
		cr_expect_leq(strstr(line, "\r\n") - line, 998); // RFC 5322, 2.1.1
}
