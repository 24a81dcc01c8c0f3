// SPDX-License-Identifier: BSD-3-Clause
//
// The relay and a server that does right, or as wrong as it can.
#include "relay_stage.h"

static void smtp(void)
{
	stage_begin(false);
}

TestSuite(relay, .init = smtp, .fini = stage_end, .timeout = 120);

#define EHLO_REPLY "250-mx.internal\r\n250-PIPELINING\r\n250-SIZE 100000\r\n250 8BITMIME\r\n"

static void greet(const char *offers)
{
	UNTIL(stage.server >= 0);
	say("220 mx.internal ESMTP\r\n");
	hear("EHLO mx.example.org\r\n");
	say(offers);
}

static void first_recipient(void)
{
	start_recipient("info");
	greet(EHLO_REPLY);
	hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
	say("250 2.1.0 Ok\r\n250 2.1.5 here\r\n");
	expect(250, "2.1.5", "here");
	keep_recipient();
}

static void data(void)
{
	begin();
	hear("DATA\r\n");
	cr_assert_eq(stage.answers, 0, "not before its 354");
	say("354 go\r\n");
	expect(250, "2.0.0", "");
}

static void whole_mail(void)
{
	commit("Subject: x\r\n\r\ntext\r\n");
	hear("Subject: x\r\n\r\ntext\r\n.\r\n");
	cr_assert_eq(stage.answers, 0, "not before its 250");
	say("250 2.0.0 Ok: queued as 4F2\r\n");
	expect(250, "2.0.0", "Ok: queued as 4F2");
}

Test(relay, takes_a_mail_as_the_server_does)
{
	first_recipient();
	start_recipient("nobody");
	hear("RCPT TO:<nobody@example.org>\r\n");
	say("550-5.1.1 <nobody@example.org>:\r\n550 5.1.1 User\x01 unknown\r\n");
	expect(550, "5.1.1", "<nobody@example.org>: User? unknown");
	data();
	whole_mail();
	cr_assert_not_null(strstr(stage.answer.detail, "smtp://127.0.0.1:"));
	// one connection for all
	next_transaction();
	start_recipient("info");
	hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
	say("250 Ok\r\n250 Ok\r\n");
	expect(250, "2.1.5", "Ok");
	keep_recipient();
	data();
	whole_mail();
	end_session();
	hear("QUIT\r\n");
	cr_assert_eq(stage.counters.backend_connections, 1);
	say("221 2.0.0 Bye\r\n");
	hang_up(false);
	for (int i = 0; i < 10; i++)
		turn();
	cr_assert_eq(stage.counters.backend_failures, 0);
}

Test(relay, goes_step_by_step_with_a_server_that_does_not_pipeline)
{
	stage.envelope.declared_size = 5000;
	start_recipient("info");
	greet("250 mx.internal\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
	turn();
	cr_assert_eq(stage.heard_count, stage.heard_used);
	say("250 Ok\r\n");
	hear("RCPT TO:<info@example.org>\r\n");
	say("250 Ok\r\n");
	expect(250, "2.1.5", "Ok");
}

Test(relay, falls_back_to_helo)
{
	start_recipient("info");
	greet("502 5.5.1 what?\r\n");
	hear("HELO mx.example.org\r\n");
	say("250 mx.internal\r\n");
	hear("MAIL FROM:<from@example.net>\r\n");
}

Test(relay, announces_what_the_server_offers)
{
	stage.envelope.declared_size = 5000;
	stage.envelope.eight_bit = true;
	stage.envelope.sender = (struct mailbox){0};
	start_recipient("info");
	greet(EHLO_REPLY);
	hear("MAIL FROM:<> SIZE=14592 BODY=8BITMIME\r\n");
	cr_assert_eq(atomic_load(&stage.backend->offers.size), 100000 - TRACE_TEXT);
	cr_assert(atomic_load(&stage.backend->offers.eight_bit));
}

Test(relay, makes_dots_transparent_in_any_split)
{
	static const char mail[] = ".\r\n..\r\na.\r\n.b\r\n\r\n.\r\n";
	static const char wire[] = "..\r\n...\r\na.\r\n..b\r\n\r\n..\r\n.\r\n";
	first_recipient();
	for (size_t cut = 0; cut < sizeof(mail); cut++) {
		char piece[sizeof(mail)];
		data();
		snprintf(piece, sizeof(piece), "%.*s", (int)cut, mail);
		write_bytes(piece);
		expect(250, "2.0.0", "");
		commit(mail + cut);
		hear(wire);
		say("250 2.0.0 Ok\r\n");
		expect(250, "2.0.0", "Ok");
		next_transaction();
		start_recipient("info");
		hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
		say("250 Ok\r\n250 Ok\r\n");
		expect(250, "2.1.5", "Ok");
		keep_recipient();
	}
}

// Megabytes to a server that reads nothing at first: the answers stop, and all of it arrives in the end.
Test(relay, waits_for_a_server_that_does_not_read)
{
	static char piece[60001];
	int kept = stage.server, answered = 0, writes = 0;
	size_t total = 0, line = 0;
	for (; line + 78 < sizeof(piece); line += 78)
		sprintf(piece + line, "%075zu.\r\n", line);
	first_recipient();
	data();
	kept = stage.server;
	stage.server = -1; // nobody reads
	int listener = stage.listener;
	stage.listener = -1;
	do {
		write_bytes(piece);
		writes++;
		for (int i = 0; i < 50 && stage.answers == 0; i++) {
			turn();
			usleep(1000);
		}
		answered += (int)stage.answers;
		if (stage.answers == 0)
			break;
		stage.answers = 0;
	} while (writes < 1000);
	cr_assert_lt(writes, 1000, "60 MB in no time");
	stage.server = kept;
	stage.listener = listener;
	stage.drain = true;
	expect(250, "2.0.0", "");
	total = (size_t)writes * line;
	commit("");
	UNTIL(stage.drained == total + 3);
	say("250 2.0.0 Ok\r\n");
	expect(250, "2.0.0", "Ok");
}

Test(relay, gives_up_a_server_that_takes_nothing)
{
	static char piece[60001];
	memset(piece, 'a', 60000);
	first_recipient();
	data();
	int kept = stage.server;
	stage.server = -1;
	for (int writes = 0; writes < 1000 && stage.answer.code == 250; writes++) {
		write_bytes(piece);
		for (int i = 0; i < 50 && stage.answers == 0; i++) {
			turn();
			usleep(1000);
		}
		if (stage.answers == 0)
			pass(180100);
		UNTIL(stage.answers != 0);
		stage.answers = 0;
	}
	cr_assert_eq(stage.answer.code, 451);
	cr_assert_str_eq(stage.answer.enhanced, "4.4.2");
	stage.server = kept;
}

Test(relay, resets_a_transaction_that_was_given_up)
{
	first_recipient();
	next_transaction();
	start_recipient("info");
	hear("RSET\r\nMAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
	say("250 Ok\r\n250 Ok\r\n250 Ok\r\n");
	expect(250, "2.1.5", "Ok");
}

Test(relay, abandons_a_mail_by_closing)
{
	first_recipient();
	data();
	write_bytes("half a m");
	expect(250, "2.0.0", "");
	stage.backend->operations->abandon(stage.delivery);
	expect(250, "2.0.0", "");
	UNTIL(stage.server_ended);
	cr_assert_null(strstr(stage.heard, "\r\n.\r\n"));
	hang_up(false);
	next_transaction();
	stage.heard_count = 0;
	first_recipient();
	data();
	whole_mail();
}

Test(relay, ends_a_session_in_mid_mail_without_the_dot)
{
	first_recipient();
	data();
	write_bytes("half a m");
	expect(250, "2.0.0", "");
	end_session();
	UNTIL(stage.server_ended);
	cr_assert_null(strstr(stage.heard, "\r\n.\r\n"));
	cr_assert_null(strstr(stage.heard, "QUIT"));
}

Test(relay, connects_again_when_the_idle_connection_was_closed)
{
	for (int how = 0; how < 4; how++) {
		first_recipient();
		data();
		whole_mail();
		if (how == 1)
			say("421 4.4.2 idle for too long\r\n");
		if (how == 2)
			say("250 for nothing\r\n");
		if (how == 2)
			stage.server = -1;
		else
			hang_up(how == 3);
		arrived();
		next_transaction();
	}
	cr_assert_eq(stage.counters.backend_connections, 4);
	cr_assert_eq(stage.counters.backend_failures, 0);
}

Test(relay, does_not_change_servers_in_mid_transaction)
{
	first_recipient();
	hang_up(false);
	start_recipient("other");
	expect(451, "4.4.2", "dropped");
	begin();
	expect(451, "4.4.2", "dropped");
	next_transaction();
	first_recipient();
}

Test(relay, answers_an_unknown_recipient_from_the_cache)
{
	start_recipient("nobody");
	greet(EHLO_REPLY);
	hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<nobody@example.org>\r\n");
	say("250 Ok\r\n550 5.1.1 unknown\r\n");
	expect(550, "5.1.1", "unknown");
	start_recipient("nobody");
	expect(550, "5.1.1", "User unknown");
	cr_assert_eq(stage.counters.recipients_cached, 1);
	pass(3600000);
	start_recipient("nobody");
	hear("RCPT TO:<nobody@example.org>\r\n");
	say("550 no mail for you\r\n"); // it does not say why
	expect(550, "5.0.0", "no mail for you");
	start_recipient("nobody");
	hear("RCPT TO:<nobody@example.org>\r\n");
	say("250 Ok\r\n");
	expect(250, "2.1.5", "Ok");
}

Test(relay, passes_on_what_the_server_says_of_the_sender)
{
	start_recipient("info");
	greet(EHLO_REPLY);
	hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
	say("550 5.7.1 not from you\r\n503 5.5.1 need MAIL\r\n");
	expect(550, "5.7.1", "not from you");
	start_recipient("info");
	hear("MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n");
}

Test(relay, refuses_nobody_for_trouble_between_us)
{
	static const char *const said[] = {"530 5.7.0 Must issue a STARTTLS command first\r\n",
		"500 what\r\n", "503 5.5.1 sequence\r\n", "421 4.3.2 leaving\r\n",
		"555 5.5.4 SIZE\r\n"};
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		start_recipient("info");
		greet("250 mx\r\n");
		hear("MAIL FROM:<from@example.net>\r\n");
		say(said[i]);
		UNTIL(stage.answers == 1);
		stage.answers = 0;
		cr_assert_eq(stage.answer.code, 451, "%s", said[i]);
		cr_assert_eq(stage.answer.enhanced[0], '4', "%s", said[i]);
		end_session();
		if (stage.server >= 0)
			hang_up(false);
		open_delivery();
	}
}

Test(relay, defers_when_nobody_is_there)
{
	no_listener();
	start_recipient("info");
	expect(451, "4.4.1", "no answer");
	cr_assert_not_null(strstr(stage.answer.detail, "refused"), "%s", stage.answer.detail);
	start_recipient("other");
	expect(451, "4.4.1", "no answer");
	cr_assert_eq(stage.counters.backend_failures, 1, "once a transaction");
}

Test(relay, defers_when_it_is_not_wanted)
{
	static const char *const greeting[] = {
		"554 5.7.1 go away\r\n", "421 4.3.2 busy\r\n", "450-a\r\n450 b\r\n"};
	for (int i = 0; i < 3; i++) {
		start_recipient("info");
		UNTIL(stage.server >= 0);
		say(greeting[i]);
		expect(451, "4.3.2", "accepts no mail now");
		hang_up(false);
		next_transaction();
	}
}

// What can go wrong at each step, and what must never come of it.
enum fault {
	FAULT_CLOSE,
	FAULT_RESET,
	FAULT_NONSENSE,
	FAULT_SILENCE,
	FAULT_PARTIAL,
	FAULT_EARLY,
	FAULTS
};
static const char *const step_reply[] = {
	"220 mx\r\n", EHLO_REPLY, "250 Ok\r\n250 Ok\r\n", "354 go\r\n", "", "250 2.0.0 Ok\r\n"};
enum step { STEP_GREETING, STEP_EHLO, STEP_RCPT, STEP_DATA, STEP_WRITE, STEP_END, STEPS };

static void break_it(enum fault fault)
{
	switch (fault) {
	case FAULT_CLOSE:
	case FAULT_RESET:
		hang_up(fault == FAULT_RESET);
		break;
	case FAULT_NONSENSE:
		say("HTTP/1.1 400 Bad Request\r\n");
		break;
	case FAULT_PARTIAL:
		say("250-half a reply");
		hang_up(false);
		break;
	case FAULT_EARLY: // a reply too many, before what it could be to
	case FAULT_SILENCE:
	case FAULTS:
		break;
	}
}

// Drives a mail up to its end or its failure; `fault` happens instead of the reply of `step`. True when it was accepted.
static bool drive(enum step step, enum fault fault)
{
	static const char *const heard[] = {"", "EHLO mx.example.org\r\n",
		"MAIL FROM:<from@example.net>\r\nRCPT TO:<info@example.org>\r\n", "DATA\r\n",
		"text\r\n", "text\r\n.\r\n"};
	for (enum step at = STEP_GREETING; at < STEPS; at++) {
		if (at == STEP_GREETING)
			start_recipient("info");
		else if (at == STEP_DATA)
			begin();
		else if (at == STEP_WRITE)
			write_bytes("text\r\n");
		else if (at == STEP_END)
			commit("text\r\n");
		UNTIL(stage.server >= 0);
		hear(heard[at]);
		if (at == step)
			break_it(fault);
		else
			say(step_reply[at]);
		if (at == step && fault == FAULT_SILENCE) {
			turn();
			pass(601000);
		}
		if (at == STEP_WRITE && at == step && stage.answers == 1)
			continue; // the write was taken; the next call learns of it
		if (at < STEP_RCPT && at != step)
			continue;
		UNTIL(stage.answers == 1);
		stage.answers = 0;
		if (at == STEP_RCPT)
			keep_recipient();
		if (stage.answer.code / 100 != 2)
			return false;
	}
	return true;
}

Test(relay, says_451_whatever_breaks)
{
	for (int step = 0; step < STEPS; step++)
		for (int fault = 0; fault < FAULT_EARLY; fault++) {
			if (step == STEP_WRITE)
				continue; // below
			cr_assert_not(drive((enum step)step, (enum fault)fault), "step %d fault %d",
				step, fault);
			cr_assert_eq(stage.answer.code, 451, "step %d fault %d: %u %s", step, fault,
				stage.answer.code, stage.answer.text);
			if (step < STEP_END)
				cr_assert_null(strstr(stage.heard, "\r\n.\r\n"));
			if (stage.server >= 0)
				hang_up(false);
			stage.heard_count = stage.heard_used = 0;
			stage.heard[0] = '\0';
			next_transaction();
		}
	cr_assert(drive(STEPS, FAULTS), "and a good one after all that");
}

static void to_content(void)
{
	first_recipient();
	data();
	write_bytes("text\r\n");
	expect(250, "2.0.0", "");
	hear("text\r\n");
}

Test(relay, learns_in_mid_mail_that_the_server_is_gone)
{
	for (int reset = 0; reset < 2; reset++) {
		to_content();
		hang_up(reset != 0);
		arrived();
		commit("more\r\n");
		expect(451, "4.4.2", "dropped");
		next_transaction();
	}
}

Test(relay, takes_a_refusal_in_mid_mail_for_one)
{
	to_content();
	say("552 5.3.4 too large\r\n");
	arrived();
	commit("more\r\n");
	expect(552, "5.3.4", "too large");
	UNTIL(stage.server_ended);
	cr_assert_null(strstr(stage.heard, "\r\n.\r\n"));
}

Test(relay, takes_no_250_before_the_dot)
{
	to_content();
	say("250 2.0.0 Ok: queued\r\n");
	arrived();
	commit("more\r\n");
	expect(451, "4.3.0", "protocol error");
	UNTIL(stage.server_ended);
	cr_assert_null(strstr(stage.heard, "\r\n.\r\n"));
}

Test(relay, takes_no_reply_before_its_question)
{
	start_recipient("info");
	UNTIL(stage.server >= 0);
	say("220 mx\r\n250 mx\r\n250 Ok\r\n250 Ok\r\n354 go\r\n250 Ok\r\n");
	UNTIL(stage.answers == 1);
	stage.answers = 0;
	if (stage.answer.code ==
		250) { // its replies stood where they were expected; what is too much does not
		keep_recipient();
		begin();
		expect(451, "4.3.0", "protocol error");
	}
}

Test(relay, bears_a_server_that_drips)
{
	start_recipient("info");
	UNTIL(stage.server >= 0);
	const char *text = "220-mx\r\n220 internal\r\n";
	for (; *text != '\0'; text++) {
		char byte[2] = {*text, '\0'};
		say(byte);
		turn();
	}
	hear("EHLO mx.example.org\r\n");
	// but not for ever: a whole reply within its time
	for (int i = 0; i < 7 && stage.answers == 0; i++) {
		say("2");
		for (int j = 0; j < 5; j++)
			turn();
		pass(10000);
	}
	UNTIL(stage.answers == 1);
	stage.answers = 0;
	cr_assert_eq(stage.answer.code, 451);
}

Test(relay, ends_with_a_call_under_way)
{
	start_recipient("info");
	UNTIL(stage.server >= 0);
	end_session();
	UNTIL(stage.server_ended);
}
