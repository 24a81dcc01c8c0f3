// SPDX-License-Identifier: BSD-3-Clause
//
// RCPT where files say who exists: unknown ones are refused and counted without asking the backend.
#include "tests/unit/session_stage.h"

#include "smtp/judge/judge.h"

static struct bs_recipients *known;

static void begin(void)
{
	stage_begin();
	known = bs_recipients_new("+", false);
	bs_recipients_are_listed(known);
	cr_assert(bs_recipients_add(known, "alice@example.org"));
	cr_assert(bs_recipients_add(known, "ghost@example.org"));
	stage.policy.known_recipients = known;
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250 2.1.0 ");
}

static void end(void)
{
	stage_end();
	bs_recipients_free(known);
}

TestSuite(session_recipients, .init = begin, .fini = end);

Test(session_recipients, unknown_without_asking)
{
	exchange("RCPT TO:<alice@example.org>\r\n", "250 2.1.5 ");
	cr_expect_eq(stage.asked, 1);
	exchange("RCPT TO:<bob@example.org>\r\n",
		"550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown");
	exchange("RCPT TO:<alice@example.net>\r\n", "550 5.1.1 ");
	cr_expect_eq(stage.asked, 1);
	cr_expect_eq(stage.counters.recipients_unknown, 2);
	expect_log("550 5.1.1 <bob@example.org>");
	exchange("RCPT TO:<ghost@example.org>\r\n", "550 5.1.1 "); // the backend has the last word
	cr_expect_eq(stage.asked, 2);
	exchange("RCPT TO:<postmaster@example.org>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<postmaster>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<bob@example.com>\r\n", "554 5.7.1 "); // relaying comes first
	cr_expect_eq(stage.counters.recipients_unknown, 3);
}

Test(session_recipients, harvesting_ends_the_session)
{
	for (int i = 0; i < 5; i++)
		exchange("RCPT TO:<bob@example.org>\r\n", "550 5.1.1 ");
	exchange("RCPT TO:<bob@example.org>\r\n", "421 4.7.0 ");
	cr_expect(stage.closed);
	cr_expect_eq(stage.asked, 0);
	cr_expect_eq(stage.counters.harvests, 1);
}

Test(session_recipients, the_allowed_are_not_disconnected)
{
	stage.client.class = 1;
	session_free(stage.session);
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250 2.1.0 ");
	for (int i = 0; i < 12; i++)
		exchange("RCPT TO:<bob@example.org>\r\n", "550 5.1.1 ");
	cr_expect_not(stage.closed);
	cr_expect_eq(stage.asked, 0);
}

// Pipelined behind one another: each has its answer, in order.
Test(session_recipients, pipelined)
{
	send_text("RCPT TO:<bob@example.org>\r\nRCPT TO:<alice@example.org>\r\nRCPT "
		  "TO:<x@example.org>\r\nRSET\r\n");
	expect("550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown\r\n"
	       "250 2.1.5 Ok\r\n"
	       "550 5.1.1 <x@example.org>: Recipient address rejected: User unknown\r\n"
	       "250 2.0.0 Ok\r\n");
}

// A trap in no list is not refused as unknown before its check had it; without that check the backend decides.
Test(session_recipients, a_trap_that_nobody_judges)
{
	cr_assert(bs_recipients_add_trap(known, "trap@example.org"));
	exchange("RCPT TO:<trap@example.org>\r\n", "550 5.1.1 ");
	cr_expect_eq(stage.asked, 1);
}

// In the very words of an unknown recipient, and counted as one, though the backend has it.
Test(session_recipients, a_trap_counts_as_unknown)
{
	struct judge judge = {.heap = stage.heap, .counters = &stage.counters};
	struct judgement *judgement = judgement_new(&judge, NULL, NULL);

	cr_assert(bs_recipients_add_trap(known, "alice@example.net"));
	stage.policy.checks.mode[BS_CHECK_SPAMTRAP] = BS_MODE_ENFORCE;
	session_judged_by(stage.session, judgement);
	for (int i = 0; i < 5; i++) {
		send_text("RCPT TO:<alice@example.net>\r\n");
		expect("550 5.1.1 <alice@example.net>: Recipient address rejected: User "
		       "unknown\r\n");
	}
	cr_expect_eq(stage.counters.recipients_unknown, 5);
	cr_expect_eq(stage.counters.check[BS_CHECK_SPAMTRAP].answered, 5);
	exchange("RCPT TO:<alice@example.net>\r\n", "421 4.7.0 ");
	cr_expect(stage.closed);
	cr_expect_eq(stage.asked, 0);
	session_free(stage.session);
	stage.session = NULL;
	judgement_free(judgement);
}
