// SPDX-License-Identifier: BSD-3-Clause
//
// What a line is about, and when it is one of too many.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/log/log_fields.h"
#include "control/log/log_repeat.h"

#define SECOND UINT64_C(1000000000)
#define ID     "1mzkv3r20c000001"
#define MAIL \
	ID ": from=<a@example.net>, to=<b@example.org>,<c@example.org>, nrcpt=2, size=120, " \
	   "message-id=<x@y>, proto=ESMTP, helo=<h>, client=unknown[192.0.2.7]:4000, delay=1.02, " \
	   "backend=none, status=sent (250 2.0.0 Ok: from=<z>)"
#define REJECT \
	"NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <to=<x>: User unknown " \
	"from=<q>; " \
	"from=<a@example.net> to=<b@example.org> proto=ESMTP helo=<h> session=" ID

static struct log_repeat *repeat;

static void begin(void)
{
	repeat = log_repeat_new(3);
	cr_assert_not_null(repeat);
}

static void end(void)
{
	log_repeat_free(repeat);
}

TestSuite(log_repeat, .init = begin, .fini = end);

static void expect_event(const char *text, const char *event, const char *client, bool takes_sum)
{
	struct log_fields fields;
	char address[BS_ADDRESS_TEXT] = "";
	log_fields_read(text, &fields);
	cr_expect(fields.event_length == strlen(event) &&
			  memcmp(fields.event, event, fields.event_length) == 0,
		"%s: %.*s", text, (int)fields.event_length, fields.event);
	if (fields.has_client)
		bs_address_format(&fields.client, address);
	cr_expect_str_eq(address, client);
	cr_expect_eq(fields.takes_sum, takes_sum, "%s", text);
}

Test(log_repeat, events)
{
	expect_event("CONNECT from [192.0.2.7]:4000 to [192.0.2.25]:25; session=" ID, "CONNECT",
		"192.0.2.7", true);
	expect_event("PREGREET 14 after 0.1 from [2001:db8::7]:4000: EHLO [1.2.3.4]", "PREGREET",
		"2001:db8::7", true);
	expect_event("DENYLISTED [192.0.2.7]:4", "DENYLISTED", "192.0.2.7", true);
	expect_event("VERDICT harvest on [192.0.2.7] for 60s", "VERDICT", "192.0.2.7", false);
	expect_event(REJECT, "NOQUEUE: reject: RCPT", "192.0.2.7", true);
	expect_event("lost connection after DATA (12 bytes) from unknown[192.0.2.7]",
		"lost connection after DATA", "192.0.2.7", true);
	expect_event(
		"disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=0/1 data=0/1 commands=2/4",
		"disconnect", "192.0.2.7", true);
	expect_event("disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=1 quit=1",
		"disconnect", "192.0.2.7", false);
	expect_event(MAIL, "mail", "192.0.2.7", false);
	expect_event(ID ": to=<d@example.org>, status=sent", "mail", "", false);
	expect_event("stopped; no session was cut off", "", "", false);
	expect_event("PREGREET", "", "", false);
	expect_event("PREGREET 1 after 2 from nowhere", "PREGREET", "", false);
	expect_event("DENYLISTED [192.0.2.7", "DENYLISTED", "", false);
	expect_event("", "", "", false);
}

static void expect_value(const char *text, const char *key, const char *wanted)
{
	struct log_fields fields;
	size_t length = 0;
	log_fields_read(text, &fields);
	const char *value = log_fields_value(text, &fields, key, &length);
	cr_expect(value != NULL && length == strlen(wanted) && memcmp(value, wanted, length) == 0,
		"%s: %.*s", key, (int)length, value != NULL ? value : "");
}

Test(log_repeat, values_are_not_the_clients)
{
	struct log_fields fields;
	size_t length;
	expect_value(REJECT, "from", "a@example.net");
	expect_value(REJECT, "to", "b@example.org");
	expect_value(REJECT, "helo", "h");
	expect_value(MAIL, "from", "a@example.net");
	expect_value(MAIL, "to", "<b@example.org>,<c@example.org>");
	expect_value(MAIL, "nrcpt", "2");
	expect_value(MAIL, "message-id", "x@y");
	expect_value(MAIL, "status", "sent");
	log_fields_read("PREGREET 9 after 1 from [192.0.2.7]:1: a from=<b>", &fields);
	cr_expect_null(log_fields_value("PREGREET a from=<b>", &fields, "from", &length));
	log_fields_read(REJECT, &fields);
	cr_expect_str_eq(fields.session, ID);
	log_fields_read(MAIL, &fields);
	cr_expect_str_eq(fields.session, ID);
	log_fields_read("DENYLISTED [1.2.3.4]:1; session=0123456789ABCDEF", &fields);
	cr_expect_str_eq(fields.session, "");
}

static unsigned taken(const char *text, unsigned times, uint64_t now_ns)
{
	unsigned count = 0;
	for (unsigned i = 0; i < times; i++)
		count += log_repeat_take(repeat, text, now_ns);
	return count;
}

Test(log_repeat, a_source_is_summed_up_after_a_minute)
{
	char text[LOG_REPEAT_TEXT];
	cr_expect_eq(taken("DENYLISTED [192.0.2.7]:1", 10, 100 * SECOND), 3);
	cr_expect_eq(taken("DENYLISTED [192.0.2.8]:1", 2, 100 * SECOND), 2);
	cr_expect_eq(taken("HANGUP after 1 from [192.0.2.7]:1", 2, 101 * SECOND), 2);
	cr_expect_eq(log_repeat_count(repeat), 7);
	cr_expect_not(log_repeat_sum(repeat, 159 * SECOND, false, text));
	cr_expect(log_repeat_sum(repeat, 160 * SECOND, false, text));
	cr_expect_str_eq(text, "7 more DENYLISTED from [192.0.2.7] in 60 s");
	cr_expect_not(log_repeat_sum(repeat, 160 * SECOND, false, text));
	cr_expect_eq(taken("DENYLISTED [192.0.2.7]:1", 4, 161 * SECOND), 3);
	cr_expect(log_repeat_sum(repeat, 162 * SECOND, true, text));
	cr_expect_str_eq(text, "1 more DENYLISTED from [192.0.2.7] in 1 s");
	cr_expect_not(log_repeat_sum(repeat, 162 * SECOND, true, text));
}

Test(log_repeat, a_new_minute_begins_anew)
{
	cr_expect_eq(taken("DENYLISTED [192.0.2.7]:1", 3, 100 * SECOND), 3);
	cr_expect_eq(taken("DENYLISTED [192.0.2.7]:1", 3, 160 * SECOND), 3);
}

Test(log_repeat, an_ipv6_source_is_a_64)
{
	char text[LOG_REPEAT_TEXT];
	taken("DENYLISTED [2001:db8::1]:1", 3, SECOND);
	cr_expect_eq(taken("DENYLISTED [2001:db8::2]:1", 1, SECOND), 0);
	cr_expect_eq(taken("DENYLISTED [2001:db8:0:1::2]:1", 1, SECOND), 1);
	cr_expect(log_repeat_sum(repeat, SECOND, true, text));
	cr_expect_not_null(strstr(text, "from [2001:db8::/64] in 0 s"), "%s", text);
}

Test(log_repeat, mails_are_all_written)
{
	cr_expect_eq(taken(MAIL, 100, SECOND), 100);
	cr_expect_eq(
		taken("disconnect from unknown[192.0.2.7] data=2/3 commands=9", 100, SECOND), 100);
	cr_expect_eq(taken("port mx0: link is up", 100, SECOND), 100);
}

// More sources than there are places: none of their lines is lost, and all sums come.
Test(log_repeat, a_full_table)
{
	char text[LOG_REPEAT_TEXT];
	uint64_t written = 0, said = 0, summed = 0;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "DENYLISTED [10.%u.%u.%u]:1", i % 7, i / 250 % 250,
			i % 250);
		written += taken(text, 5, SECOND + i);
		said += 5;
	}
	while (log_repeat_sum(repeat, 2 * SECOND, true, text))
		summed += strtoul(text, NULL, 10);
	cr_expect_gt(summed, 0);
	cr_expect_eq(written + summed, said);
}
