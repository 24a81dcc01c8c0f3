// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "control/log/notice_text.h"
#include "dataplane/seam/verdict.h"

static struct bs_notice notice_of(enum bs_notice_kind kind)
{
	struct bs_notice notice = {.kind = (uint8_t)kind, .elapsed_ms = 312};
	cr_assert(bs_address_parse("192.0.2.7", &notice.client.address));
	cr_assert(bs_address_parse("198.51.100.1", &notice.client.local_address));
	notice.client.port = 41234;
	notice.client.local_port = 25;
	notice.client.dataplane = 3;
	notice.client.serial = 77;
	return notice;
}

static void set_sample(struct bs_notice *notice, const void *bytes, uint8_t length)
{
	notice->sample_length = length;
	notice->total = length;
	memcpy(notice->sample, bytes, length < BS_NOTICE_SAMPLE ? length : BS_NOTICE_SAMPLE);
}

// Both lines of `notice`, compared with what is expected before the session id.
static void expect(const struct bs_notice *notice, const char *event, const char *closing)
{
	char text[NOTICE_TEXT], wanted[NOTICE_TEXT], id[BS_SESSION_ID];
	bs_session_id(id, notice->client.dataplane, notice->client.serial);
	snprintf(wanted, sizeof(wanted), "%s; session=%s", event, id);
	cr_expect_eq(notice_text(notice, text), strlen(wanted));
	cr_expect_str_eq(text, wanted);
	if (closing == NULL) {
		cr_expect_eq(notice_closing_text(notice, text), 0);
		return;
	}
	snprintf(wanted, sizeof(wanted), "%s; session=%s", closing, id);
	cr_expect_eq(notice_closing_text(notice, text), strlen(wanted));
	cr_expect_str_eq(text, wanted);
}

Test(notice_text, every_kind_of_a_session)
{
	struct bs_notice notice = notice_of(BS_NOTICE_CONNECT);
	expect(&notice, "CONNECT from [192.0.2.7]:41234 to [198.51.100.1]:25", NULL);
	notice = notice_of(BS_NOTICE_HANGUP);
	expect(&notice, "HANGUP after 0.31 from [192.0.2.7]:41234 in tests before SMTP handshake",
		"DISCONNECT [192.0.2.7]:41234 outcome=hangup time=0.31");
	notice = notice_of(BS_NOTICE_DENIED);
	expect(&notice, "DENYLISTED [192.0.2.7]:41234",
		"DISCONNECT [192.0.2.7]:41234 outcome=denied time=0.31");
	notice.verdict = BS_VERDICT_HARVEST;
	expect(&notice, "DENYLISTED [192.0.2.7]:41234; verdict=harvest",
		"DISCONNECT [192.0.2.7]:41234 outcome=denied time=0.31");
	notice = notice_of(BS_NOTICE_VERDICT);
	notice.verdict = BS_VERDICT_EARLY_TALK;
	notice.lifetime_s = 3600;
	expect(&notice, "VERDICT early-talk on [192.0.2.7] for 3600s", NULL);
	cr_assert(bs_address_parse("2001:db8:7::7", &notice.client.address));
	expect(&notice, "VERDICT early-talk on [2001:db8:7::/64] for 3600s", NULL);
	notice = notice_of(BS_NOTICE_PREGREET_OBSERVED);
	set_sample(&notice, "EHLO x", 6);
	notice.total = 6;
	expect(&notice, "PREGREET 6 after 0.31 from [192.0.2.7]:41234: EHLO x; observed", NULL);
	notice = notice_of(BS_NOTICE_RATE);
	notice.total = 31;
	expect(&notice,
		"Connection rate limit exceeded: 31 from [192.0.2.7]:41234 for service smtp",
		"DISCONNECT [192.0.2.7]:41234 outcome=rate time=0.31");
	cr_expect_eq(notice_severity(&notice), BS_LOG_WARNING);
	notice = notice_of(BS_NOTICE_CROWDED);
	expect(&notice, "NOQUEUE: reject: CONNECT from [192.0.2.7]:41234: too many connections",
		"DISCONNECT [192.0.2.7]:41234 outcome=crowded time=0.31");
	notice = notice_of(BS_NOTICE_BUSY);
	expect(&notice, "NOQUEUE: reject: CONNECT from [192.0.2.7]:41234: all server ports busy",
		"DISCONNECT [192.0.2.7]:41234 outcome=busy time=0.31");
	notice = notice_of(BS_NOTICE_SILENT);
	expect(&notice, "timeout after CONNECT from [192.0.2.7]:41234",
		"DISCONNECT [192.0.2.7]:41234 outcome=silent time=0.31");
	notice = notice_of(BS_NOTICE_GONE);
	expect(&notice, "lost connection after CONNECT from [192.0.2.7]:41234",
		"DISCONNECT [192.0.2.7]:41234 outcome=lost time=0.31");
	notice = notice_of(BS_NOTICE_DRAINED);
	expect(&notice, "NOQUEUE: reject: CONNECT from [192.0.2.7]:41234: server is stopping",
		"DISCONNECT [192.0.2.7]:41234 outcome=stopping time=0.31");
}

Test(notice_text, pregreet_shows_what_was_said)
{
	struct bs_notice notice = notice_of(BS_NOTICE_PREGREET);
	set_sample(&notice, "EHLO x\r\n", 8);
	notice.total = 14;
	notice.elapsed_ms = 50;
	expect(&notice, "PREGREET 14 after 0.05 from [192.0.2.7]:41234: EHLO x\\r\\n",
		"DISCONNECT [192.0.2.7]:41234 outcome=pregreet time=0.05");
}

Test(notice_text, ipv6)
{
	struct bs_notice notice = notice_of(BS_NOTICE_CONNECT);
	cr_assert(bs_address_parse("2001:db8::7", &notice.client.address));
	cr_assert(bs_address_parse("2001:db8::25", &notice.client.local_address));
	expect(&notice, "CONNECT from [2001:db8::7]:41234 to [2001:db8::25]:25", NULL);
}

Test(notice_text, what_belongs_to_no_session_is_told_as_it_is)
{
	char text[NOTICE_TEXT];
	struct bs_notice notice = {.kind = BS_NOTICE_NEIGHBOUR};
	set_sample(&notice, "gateway is back", 15);
	notice.total = BS_LOG_INFO;
	cr_expect_eq(notice_text(&notice, text), 15);
	cr_expect_str_eq(text, "gateway is back");
	cr_expect_eq(notice_closing_text(&notice, text), 0);
	cr_expect_eq(notice_severity(&notice), BS_LOG_INFO);
	notice.total = 0;
	cr_expect_eq(notice_severity(&notice), BS_LOG_WARNING);
	cr_expect_eq(notice_closing_text(&notice, text), 0);
	notice = (struct bs_notice){.kind = BS_NOTICE_STRESS, .total = 209716};
	notice_text(&notice, text);
	cr_expect_str_eq(text, "entering STRESS mode with 209716 connections");
	cr_expect_eq(notice_severity(&notice), BS_LOG_WARNING);
	notice.kind = BS_NOTICE_STRESS_OVER;
	notice_text(&notice, text);
	cr_expect_str_eq(text, "leaving STRESS mode with 209716 connections");
	cr_expect_eq(notice_closing_text(&notice, text), 0);
	// Another kind's byte count is no severity.
	notice = notice_of(BS_NOTICE_PREGREET);
	notice.total = BS_LOG_ERROR;
	cr_expect_eq(notice_severity(&notice), BS_LOG_INFO);
}

Test(notice_text, elapsed_has_two_digits)
{
	static const struct {
		uint32_t ms;
		const char *text;
	} cases[] = {{0, "0"}, {4, "0"}, {5, "0.01"}, {50, "0.05"}, {99, "0.1"}, {300, "0.3"},
		{344, "0.34"}, {994, "0.99"}, {995, "1"}, {1000, "1"}, {1249, "1.2"}, {1250, "1.3"},
		{9949, "9.9"}, {9950, "10"}, {12400, "12"}, {25000, "25"}, {123456, "123"},
		{UINT32_MAX, "4294967"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char wanted[128];
		struct bs_notice notice = notice_of(BS_NOTICE_HANGUP);
		notice.elapsed_ms = cases[i].ms;
		char text[NOTICE_TEXT];
		notice_text(&notice, text);
		snprintf(wanted, sizeof(wanted), "HANGUP after %s from ", cases[i].text);
		cr_expect(
			strncmp(text, wanted, strlen(wanted)) == 0, "%u ms: %s", cases[i].ms, text);
	}
}

Test(notice_text, hostile_bytes_are_escaped)
{
	char text[NOTICE_TEXT];
	struct bs_notice notice = notice_of(BS_NOTICE_PREGREET);
	set_sample(&notice, "\a\b\f\n\r\t\v\\\0\033[2J\x7f\x80\xff~", 17);
	notice_text(&notice, text);
	cr_expect(strstr(text,
			  ": \\a\\b\\f\\n\\r\\t\\v\\\\\\000\\033[2J\\177\\200\\377~; session=") !=
			  NULL,
		"%s", text);
	for (unsigned first = 0; first < 256; first += BS_NOTICE_SAMPLE) {
		uint8_t bytes[BS_NOTICE_SAMPLE];
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(first + i);
		set_sample(&notice, bytes, sizeof(bytes));
		size_t length = notice_text(&notice, text);
		cr_expect_eq(length, strlen(text));
		for (size_t i = 0; i < length; i++)
			cr_expect(text[i] >= 0x20 && text[i] < 0x7f);
	}
}

Test(notice_text, the_longest_line_is_whole)
{
	char text[NOTICE_TEXT], id[BS_SESSION_ID], end[64];
	struct bs_notice notice = notice_of(BS_NOTICE_PREGREET);
	memset(notice.sample, 0xff, sizeof(notice.sample));
	notice.sample_length = 255; // a lie
	notice.total = UINT32_MAX;
	notice.elapsed_ms = UINT32_MAX;
	memset(&notice.client.address, 0xee, sizeof(notice.client.address));
	notice.client.port = 65535;
	notice.client.dataplane = 255;
	notice.client.serial = UINT32_MAX;
	size_t length = notice_text(&notice, text);
	snprintf(end, sizeof(end), "\\377; session=%s", bs_session_id(id, 255, UINT32_MAX));
	cr_expect_lt(length, NOTICE_TEXT - 1);
	cr_expect_str_eq(text + length - strlen(end), end);
}

Test(notice_text, a_kind_that_does_not_exist)
{
	char text[NOTICE_TEXT];
	struct bs_notice notice = {.kind = 250};
	notice_text(&notice, text);
	cr_expect_str_eq(text, "notice of unknown kind 250");
	cr_expect_eq(notice_closing_text(&notice, text), 0);
}
