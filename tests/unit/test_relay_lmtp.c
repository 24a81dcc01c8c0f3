// SPDX-License-Identifier: BSD-3-Clause
//
// LMTP: an answer for each recipient, and a retry that must not deliver twice.
#include "relay_stage.h"

static void lmtp(void)
{
	stage_begin(true);
}

TestSuite(relay_lmtp, .init = lmtp, .fini = stage_end, .timeout = 120);

#define TRACE "Received: from somewhere; now\r\n"

// `names`: one letter a recipient.
static void envelope(const char *names)
{
	for (size_t i = 0; names[i] != '\0'; i++) {
		char name[2] = {names[i], '\0'}, line[64];
		bool fresh = stage.server < 0;
		start_recipient(name);
		if (fresh) {
			UNTIL(stage.server >= 0);
			say("220 lmtp\r\n");
			hear("LHLO mx.example.org\r\n");
			say("250-lmtp\r\n250-8BITMIME\r\n250 PIPELINING\r\n");
		}
		if (i == 0) {
			UNTIL(stage.heard_count > stage.heard_used);
			if (strncmp(stage.heard + stage.heard_used, "RSET\r\n", 6) == 0) {
				hear("RSET\r\n");
				say("250 Ok\r\n");
			}
			hear("MAIL FROM:<from@example.net>\r\n");
			say("250 Ok\r\n");
		}
		snprintf(line, sizeof(line), "RCPT TO:<%c@example.org>\r\n", names[i]);
		hear(line);
		say("250 2.1.5 OK\r\n");
		expect(250, "2.1.5", "OK");
		keep_recipient();
	}
}

static void content(void)
{
	begin();
	hear("DATA\r\n");
	say("354 go\r\n");
	expect(250, "2.0.0", "");
	stage.envelope.trace_bytes = sizeof(TRACE) - 1;
	write_bytes(TRACE "Subject: x\r\n");
	expect(250, "2.0.0", "");
	commit("\r\n.text\r\n");
	hear(TRACE "Subject: x\r\n\r\n..text\r\n.\r\n");
}

Test(relay_lmtp, all_took_it)
{
	envelope("ab");
	content();
	say("250 2.0.0 <a> saved\r\n");
	for (int i = 0; i < 5; i++)
		turn();
	cr_assert_eq(stage.answers, 0, "one answer is not all");
	say("250 2.0.0 <b> saved\r\n");
	expect(250, "2.0.0", "<b> saved");
	next_transaction();
	envelope("a");
	content();
	say("250 2.0.0 <a> saved\r\n");
	expect(250, "2.0.0", "<a> saved");
}

Test(relay_lmtp, none_took_it)
{
	envelope("ab");
	content();
	say("552 5.2.2 <a> full\r\n452 4.2.2 <b> full\r\n");
	expect(452, "4.2.2", "<b> full");
	next_transaction();
	envelope("ab");
	content();
	say("552 5.2.2 <a> full\r\n554 5.7.1 <b> no\r\n");
	expect(552, "5.2.2", "<a> full");
	cr_assert_eq(stage.counters.lmtp_partial, 0);
}

// a and c take it, b does not.
static void partial(void)
{
	envelope("abc");
	content();
	say("250 2.0.0 <a> saved\r\n452 4.2.2 <b> full\r\n250 2.0.0 <c> saved\r\n");
	expect(451, "4.2.0", "not all recipients");
	cr_assert_eq(stage.counters.lmtp_partial, 1);
	next_transaction();
}

// The client's retry up to its end; our header differs, as it always does.
static void again(const char *names, const char *text)
{
	envelope(names);
	begin();
	expect(250, "2.0.0", "");
	stage.envelope.trace_bytes = 4;
	write_bytes("T:\r\n");
	expect(250, "2.0.0", "");
	commit(text);
}

Test(relay_lmtp, delivers_a_retry_only_to_those_who_lack_it)
{
	partial();
	again("abc", "Subject: x\r\n\r\n.text\r\n");
	hear("RSET\r\n");
	say("250 Ok\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	say("250 Ok\r\n");
	hear("RCPT TO:<b@example.org>\r\n");
	say("250 Ok\r\n");
	hear("DATA\r\n");
	say("354 go\r\n");
	hear("T:\r\nSubject: x\r\n\r\n..text\r\n.\r\n");
	say("250 2.0.0 <b> saved\r\n");
	expect(250, "2.0.0", "<b> saved");
	cr_assert_eq(stage.counters.lmtp_spared, 2);
	// the next mail is as any other
	next_transaction();
	envelope("b");
	content();
	say("250 2.0.0 <b> saved\r\n");
	expect(250, "2.0.0", "<b> saved");
}

Test(relay_lmtp, delivers_another_mail_to_all)
{
	partial();
	again("ab", "Subject: y\r\n\r\n");
	hear("RSET\r\n");
	say("250 Ok\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	say("250 Ok\r\n");
	hear("RCPT TO:<a@example.org>\r\n");
	say("250 Ok\r\n");
	hear("RCPT TO:<b@example.org>\r\n");
	say("550 5.1.1 gone\r\n");
	hear("DATA\r\n");
	say("354 go\r\n");
	hear("T:\r\nSubject: y\r\n\r\n.\r\n");
	say("250 2.0.0 <a> saved\r\n");
	expect(451, "4.2.0", "not all recipients");
}

Test(relay_lmtp, asks_nobody_when_all_have_it)
{
	partial();
	again("ac", "Subject: x\r\n\r\n.text\r\n");
	expect(250, "2.0.0", "delivered before");
	cr_assert_eq(stage.counters.lmtp_spared, 2);
	next_transaction();
	envelope("d");
	content();
	say("250 2.0.0 <d> saved\r\n");
	expect(250, "2.0.0", "<d> saved");
}

Test(relay_lmtp, says_so_when_the_rest_is_refused_for_good)
{
	partial();
	again("abc", "Subject: x\r\n\r\n.text\r\n");
	hear("RSET\r\n");
	say("250 Ok\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	say("250 Ok\r\n");
	hear("RCPT TO:<b@example.org>\r\n");
	say("550 5.2.1 disabled\r\n");
	expect(550, "5.2.1", "disabled");
}

Test(relay_lmtp, remembers_who_has_it_when_the_server_dies_between_answers)
{
	envelope("ab");
	content();
	say("250 2.0.0 <a> saved\r\n");
	hang_up(false);
	expect(451, "4.4.2", "dropped");
	next_transaction();
	again("ab", "Subject: x\r\n\r\n.text\r\n");
	hear("RSET\r\n");
	say("250 Ok\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	say("250 Ok\r\n");
	hear("RCPT TO:<b@example.org>\r\n");
}

Test(relay_lmtp, retries_on_a_new_connection_when_the_old_is_gone)
{
	static char mail[200000];
	partial();
	envelope("abc");
	begin();
	expect(250, "2.0.0", "");
	hang_up(false);
	arrived();
	memset(mail, '.', sizeof(mail) - 1);
	for (size_t i = 0; i + 80 < sizeof(mail); i += 80)
		memcpy(mail + i + 78, "\r\n", 2);
	stage.envelope.trace_bytes = 0;
	commit(mail);
	UNTIL(stage.server >= 0);
	say("220 lmtp\r\n");
	hear("LHLO mx.example.org\r\n");
	say("250 lmtp\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	say("250 Ok\r\n");
	for (const char *name = "abc"; *name != '\0'; name++) {
		char line[64];
		snprintf(line, sizeof(line), "RCPT TO:<%c@example.org>\r\n", *name);
		hear(line);
		say("250 Ok\r\n");
	}
	hear("DATA\r\n");
	stage.drain = true;
	say("354 go\r\n");
	// a dot more in each line; the last is no whole one
	UNTIL(stage.drained == sizeof(mail) - 1 + 2500 + 5);
	say("250 a\r\n250 b\r\n250 c\r\n");
	expect(250, "2.0.0", "c");
}

Test(relay_lmtp, forgets_a_retry_that_is_abandoned_or_cut_off)
{
	partial();
	envelope("ab");
	begin();
	expect(250, "2.0.0", "");
	write_bytes("half");
	expect(250, "2.0.0", "");
	stage.backend->operations->abandon(stage.delivery);
	expect(250, "2.0.0", "");
	next_transaction();
	envelope("ab");
	begin();
	expect(250, "2.0.0", "");
	write_bytes("half");
	end_session(); // with the file being written
	UNTIL(stage.server_ended);
	cr_assert_null(strstr(stage.heard, "half"));
}
