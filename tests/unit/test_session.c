// SPDX-License-Identifier: BSD-3-Clause
//
// The session's commands and replies: each condition of the table, whole and byte by byte.
#include "session_stage.h"

#include "control/class/class.h"

TestSuite(session, .init = stage_begin, .fini = stage_end);

Test(session, delivers_a_mail)
{
	for (stage.piece = 0; stage.piece <= 3; stage.piece++) {
		if (stage.piece > 0)
			session_free(stage.session);
		stage_open();
		exchange("EHLO client.example\r\n", "250-mx.example.org\r\n250-PIPELINING\r\n250-"
						    "SIZE 100000\r\n250-8BITMIME\r\n"
						    "250 ENHANCEDSTATUSCODES\r\n");
		exchange("MAIL FROM:<s@sender.example> SIZE=100 BODY=8BITMIME\r\n",
			"250 2.1.0 Ok\r\n");
		exchange("RCPT TO:<alice@Example.ORG>\r\n", "250 2.1.5 Ok\r\n");
		exchange("DATA\r\n", "354 End data with <CR><LF>.<CR><LF>\r\n");
		cr_expect(session_in_data(stage.session));
		exchange("Message-ID: <1@x>\r\n\r\nHi\r\n..dot\r\n.\r\n", "250 2.0.0 Saved (");
		cr_expect(!session_in_data(stage.session));
		char expected[500];
		int length = snprintf(expected, sizeof(expected),
			"Received: from client.example (unknown [192.0.2.7])\r\n"
			"\tby mx.example.org (barscreen) with ESMTP id %s\r\n"
			"\tfor <alice@example.org>;\r\n"
			"\tTue, 1 Jan 2030 00:00:00 +0000\r\n"
			"Message-ID: <1@x>\r\n\r\nHi\r\n.dot\r\n",
			session_id(stage.session));
		cr_assert_eq(stage.content_count, (size_t)length);
		cr_assert_arr_eq(stage.content, expected, length);
		exchange("QUIT\r\n", "221 2.0.0 Bye\r\n");
		cr_expect(stage.closed);
	}
	cr_expect_eq(stage.counters.mails_accepted, 4);
	cr_expect_eq(
		stage.counters.mail_bytes, 4 * strlen("Message-ID: <1@x>\r\n\r\nHi\r\n.dot\r\n"));
}

Test(session, answers_each_command)
{
	stage_open();
	exchange("MAIL FROM:<a@b>\r\n", "503 5.5.1 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "503 5.5.1 ");
	exchange("DATA\r\n", "503 5.5.1 ");
	exchange("EHLO\r\n", "501 Syntax: EHLO hostname\r\n");
	exchange("HELO  \r\n", "501 Syntax: HELO hostname\r\n");
	exchange("ehlo client.example  \r\n", "250-");
	exchange("RCPT TO:<alice@example.org>\r\n", "503 5.5.1 Error: need MAIL");
	exchange("DATA\r\n", "503 5.5.1 Error: need MAIL");
	exchange("NOOP\r\n", "250 2.0.0 Ok\r\n");
	exchange("NOOP any thing\r\n", "250 2.0.0 Ok\r\n");
	exchange("RSET\r\n", "250 2.0.0 Ok\r\n");
	exchange("RSET x\r\n", "501 5.5.4 ");
	exchange("HELP\r\n", "214 2.0.0 ");
	exchange("VRFY alice\r\n", "252 2.0.0 ");
	exchange("VRFY\r\n", "501 5.5.4 ");
	exchange("EXPN list\r\n", "502 5.5.1 ");
	exchange("STARTTLS\r\n", "502 5.5.1 ");
	exchange("AUTH PLAIN AGEAYg==\r\n", "502 5.5.1 ");
	exchange("mail from:<> \r\n", "250 2.1.0 ");
	exchange("MAIL FROM:<a@b>\r\n", "503 5.5.1 Error: nested");
	exchange("DATA\r\n", "554 5.5.1 Error: no valid recipients\r\n");
	exchange("Rcpt To: <alice@example.org>\r\n", "250 2.1.5 ");
	exchange("DATA now\r\n", "501 5.5.4 ");
	exchange("EHLO again\r\n", "250-");
	exchange("RCPT TO:<alice@example.org>\r\n", "503 5.5.1 ");
	exchange("QUIT\r\n", "221 2.0.0 Bye\r\n");
}

Test(session, counts_what_is_no_smtp_as_errors)
{
	stage_open();
	stage.policy.errors = 6;
	stage.policy.checks.mode[BS_CHECK_NON_SMTP_COMMAND] = BS_MODE_OFF;
	stage.policy.checks.mode[BS_CHECK_HEADER_COMMAND] = BS_MODE_OFF;
	exchange("GET / HTTP/1.1\r\n", "502 5.5.2 ");
	exchange("POST /x HTTP/1.1\r\n", "502 5.5.2 ");
	exchange("Received: from x\r\n", "502 5.5.2 ");
	exchange("\r\n", "500 5.5.2 ");
	exchange("NO\tOP\r\n", "500 5.5.2 ");
	exchange("\xff\xfe\r\n", "500 5.5.2 ");
	exchange("MAILER\r\n", "421 4.7.0 Error: too many errors\r\n");
	cr_expect(stage.closed);
	cr_expect_eq(stage.counters.errors_limit, 1);
	expect_log("too many errors after UNKNOWN from unknown[192.0.2.7] session=");
	expect_log("disconnect from unknown[192.0.2.7] unknown=0/7 commands=0/7 session=");
}

Test(session, tells_syntax_errors_apart)
{
	stage_open();
	stage.policy.errors = 100;
	say_ehlo();
	exchange("MAIL a@b\r\n", "501 5.5.4 Syntax: MAIL FROM:<address>\r\n");
	exchange("MAIL FROM:a@b\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b\r\n", "501 5.1.7 ");
	exchange("MAIL FROM:<a@b>x\r\n", "501 5.1.7 ");
	exchange("MAIL FROM:<postmaster>\r\n", "501 5.1.7 ");
	exchange("MAIL FROM:<j\xc3\xbc@b>\r\n", "553 5.6.7 ");
	exchange("MAIL FROM:<a@b> SMTPUTF8\r\n", "555 5.5.4 ");
	exchange("MAIL FROM:<a@b> AUTH=<>\r\n", "555 5.5.4 ");
	exchange("MAIL FROM:<a@b> SIZE=\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> SIZE\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> SIZE=x\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> SIZE=1 SIZE=1\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> BODY=BINARYMIME\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> =1\r\n", "501 5.5.4 ");
	exchange("MAIL FROM:<a@b> SIZE=100001\r\n", "552 5.3.4 ");
	exchange("MAIL FROM:<a@b> SIZE=99999999999999999999\r\n", "552 5.3.4 ");
	exchange("MAIL FROM:<a@b>   body=7bit  size=100000 \r\n", "250 2.1.0 ");
	exchange("RCPT alice@example.org\r\n", "501 5.5.4 Syntax: RCPT TO:<address>\r\n");
	exchange("RCPT TO:<>\r\n", "501 5.1.3 ");
	exchange("RCPT TO:<alice>\r\n", "501 5.1.3 ");
	exchange("RCPT TO:<\xc3\xbc@example.org>\r\n", "553 5.6.7 ");
	exchange("RCPT TO:<alice@example.org> NOTIFY=NEVER\r\n", "555 5.5.4 ");
	cr_expect_eq(stage.counters.too_large, 2);
	cr_expect_eq(stage.asked, 0);
}

Test(session, bounds_command_lines)
{
	static char line[5000];
	stage.policy.line_length = 512;
	for (stage.piece = 0; stage.piece < 600; stage.piece += 150) {
		if (stage.piece > 0)
			session_free(stage.session);
		stage_open();
		memset(line, 'x', sizeof(line));
		memcpy(line, "NOOP ", 5);
		strcpy(line + 510, "\r\n");
		exchange(line, "250 2.0.0 Ok\r\n");
		line[510] = 'x';
		strcpy(line + 511, "\r\n");
		exchange(line, "500 5.5.2 Error: line too long\r\n");
		line[511] = line[512] = line[513] = 'x';
		strcpy(line + sizeof(line) - 3, "\r\n");
		send_text(line);
		expect("500 5.5.2 Error: line too long\r\n");
		exchange("NOOP\r\n", "250 2.0.0 Ok\r\n");
	}
}

Test(session, refuses_lines_without_cr)
{
	stage_open();
	exchange("EHLO x\n", "500 5.5.2 Error: a line ends with <CR><LF>");
	exchange("NOOP\r", "");
	exchange("\r\n", "500 5.5.2 Error: bad syntax");
	exchange("NOOP\r\n", "250 ");
}

Test(session, takes_recipients_of_its_domains_only)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	exchange("RCPT TO:<x@elsewhere.example>\r\n",
		"554 5.7.1 <x@elsewhere.example>: Relay access denied; for help: "
		"https://example.org/mail\r\n");
	expect_log(
		"NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 <x@elsewhere.example>: "
		"Relay access denied; for help: https://example.org/mail; "
		"from=<s@sender.example> to=<x@elsewhere.example> proto=ESMTP "
		"helo=<client.example> session=");
	exchange("RCPT TO:<alice@sub.example.org>\r\n", "554 5.7.1 ");
	exchange("RCPT TO:<alice@[192.0.2.25]>\r\n", "554 5.7.1 ");
	exchange("RCPT TO:<postmaster@[192.0.2.26]>\r\n", "554 5.7.1 ");
	exchange("RCPT TO:<postmaster@[IPv6:2001:db8::1]>\r\n", "554 5.7.1 ");
	cr_expect_eq(stage.asked, 0);
	cr_expect_eq(stage.counters.relay_denied, 5);
	exchange("RCPT TO:<postmaster@[192.0.2.25]>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<Postmaster>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<bob@example.net>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<bob@EXAMPLE.net>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<full@example.net>\r\n", "452 4.2.2 Mailbox full\r\n");
	const struct session_envelope *envelope = session_envelope(stage.session);
	cr_assert_eq(envelope->recipient_count, 2);
	cr_expect_str_eq(envelope->recipient[0].local, "postmaster");
	cr_expect_str_eq(envelope->recipient[0].domain, "example.org");
	cr_expect_str_eq(envelope->recipient[1].domain, "example.net");
}

Test(session, disconnects_harvesters)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	for (int i = 0; i < 5; i++)
		exchange("RCPT TO:<nobody@example.org>\r\n",
			"550 5.1.1 <nobody@example.org>: Recipient address rejected: User "
			"unknown\r\n");
	exchange("RCPT TO:<alice@example.org>\r\n", "250");
	exchange("RCPT TO:<nobody@example.org>\r\n", "421 4.7.0 ");
	cr_expect(stage.closed);
	cr_expect_eq(stage.counters.recipients_unknown, 6);
	cr_expect_eq(stage.counters.harvests, 1);
	expect_log(": 421 4.7.0 <nobody@example.org>: Recipient address rejected: too many");
	expect_log("too many errors after RCPT from unknown[192.0.2.7] session=");
	expect_log(
		"disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=1/7 commands=3/9 session=");
}

Test(session, never_disconnects_the_allowed_for_it)
{
	stage.client.class = 1;
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	for (int i = 0; i < 50; i++)
		exchange("RCPT TO:<nobody@example.org>\r\n", "550 5.1.1 ");
	exchange("RCPT TO:<x@elsewhere.example>\r\n", "554 5.7.1 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "250");
}

Test(session, refuses_the_denied_at_rcpt)
{
	stage.client.class = 2;
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	exchange("RCPT TO:<alice@example.org>\r\n",
		"554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using deny; "
		"for help: https://example.org/mail\r\n");
	expect_log("NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Service unavailable; "
		   "Client host [192.0.2.7] blocked using deny;");
	exchange("RCPT TO:<nobody@example.org>\r\n", "554 5.7.1 Service");
	exchange("RCPT TO:<x@elsewhere.example>\r\n", "554 5.7.1 <x@");
	exchange("RCPT TO:<postmaster>\r\n", "250");
	exchange("RCPT TO:<Postmaster@example.net>\r\n", "250");
	exchange("RCPT TO:<abuse@example.org>\r\n", "250");
	cr_expect_eq(stage.counters.denied, 2);
	cr_expect_eq(stage.asked, 3);
}

Test(session, learns_of_a_new_class_at_the_next_command)
{
	stage_open();
	say_ehlo();
	say_mail("alice@example.org");
	struct bs_class_rule rule = {{bs_address_from_ipv4("\300\000\002\007"), 128}, 2, 0};
	stage.policy.classes = bs_class_table_new(&rule, 1);
	exchange("RCPT TO:<bob@example.org>\r\n", "554 5.7.1 Service unavailable");
	bs_class_table_free(stage.policy.classes);
	rule.prefix.address.octet[15] = 8;
	stage.policy.classes = bs_class_table_new(&rule, 1);
	exchange("RCPT TO:<bob@example.org>\r\n", "250");
	bs_class_table_free(stage.policy.classes);
	stage.policy.classes = NULL;
}

Test(session, bounds_recipients)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	for (int i = 0; i < 10000; i++) {
		char command[64];
		snprintf(command, sizeof(command), "RCPT TO:<r%d@example.org>\r\n", i);
		exchange(command, i < 1000 ? "250 2.1.5 " : "452 4.5.3 ");
	}
	cr_expect_eq(stage.asked, 1000);
	cr_expect_eq(session_envelope(stage.session)->recipient_count, 1000);
	exchange("DATA\r\n", "354");
	exchange("x\r\n.\r\n", "250");
	cr_expect_eq(stage.committed, 1);
	// Between mails the limit of commands holds.
	exchange("NOOP\r\n", "421 4.7.0 Error: too many commands\r\n");
	cr_expect(stage.closed);
}

Test(session, does_not_bear_recipients_for_ever)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	for (int i = 0; i < 10001; i++)
		exchange("RCPT TO:<alice@example.org>\r\n", "250 2.1.5 ");
	for (int i = 0; i < 20; i++)
		exchange("RCPT TO:<alice@example.org>\r\n", "250 2.1.5 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "421 4.7.0 ");
	cr_expect_eq(stage.asked, 1);
}

Test(session, bounds_junk)
{
	stage_open();
	stage.policy.junk_commands = 4;
	say_ehlo();
	for (int round = 0; round < 3; round++) {
		exchange("NOOP\r\n", "250");
		exchange("RSET\r\n", "250");
		exchange("VRFY x\r\n", "252");
		exchange("HELP\r\n", "214");
		say_data();
		exchange(".\r\n", "250");
	}
	for (int i = 0; i < 4; i++)
		say_ehlo();
	exchange("NOOP\r\n", "421 4.7.0 ");
	cr_expect(stage.closed);
}

Test(session, answers_a_pipelined_group)
{
	stage_open();
	say_ehlo();
	send_text(
		"MAIL FROM:<s@x>\r\nRCPT TO:<alice@example.org>\r\nRCPT TO:<nobody@example.org>\r\n"
		"RCPT TO:<bob@example.org>\r\nDATA\r\n");
	expect("250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n"
	       "550 5.1.1 <nobody@example.org>: Recipient address rejected: User unknown\r\n"
	       "250 2.1.5 Ok\r\n354 End data with <CR><LF>.<CR><LF>\r\n");
	// The next mail and QUIT in one packet with the final dot.
	send_text("a\r\n.\r\nMAIL FROM:<s@x>\r\nRCPT "
		  "TO:<bob@example.org>\r\nRSET\r\nNOOP\r\nQUIT\r\n");
	cr_expect(stage.closed);
	expect_start("250 2.0.0 Saved (");
	cr_expect(strstr(
		stage.output, "250 2.1.5 Ok\r\n250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n221 2.0.0 Bye"));
	cr_expect_eq(stage.counters.synchronisation, 0);
	cr_expect_null(strstr(stage.content, "for <"), "two recipients: none is named");
}

Test(session, ends_who_talks_out_of_turn)
{
	static const char *const cases[][3] = {
		{"", "EHLO x\r\nMAIL FROM:<a@b>\r\n", "EHLO"},
		{"", "EHLO x\r\nM", "EHLO"},
		{"", "HELO x\r\nMAIL FROM:<a@b>\r\n", "HELO"},
		{"HELO x\r\n", "MAIL FROM:<a@b>\r\nRCPT TO:<alice@example.org>\r\n", "MAIL"},
		{"EHLO x\r\n", "NOOP\r\nEHLO y\r\nNOOP\r\n", "EHLO"},
		{"EHLO x\r\n",
			"MAIL FROM:<a@b>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nHi\r\n.\r\n",
			"DATA"},
		{"EHLO x\r\n", "DATA\r\nNOOP\r\n", "DATA"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[100];
		stage_open();
		send_text(cases[i][0]);
		send_text(cases[i][1]);
		cr_assert(stage.closed, "%s", cases[i][1]);
		stage.output[stage.output_count] = 0;
		const char *end = "554 5.5.0 Error: SMTP protocol synchronization; for help: "
				  "https://example.org/mail\r\n";
		cr_expect_str_eq(stage.output + stage.output_count - strlen(end), end);
		snprintf(line, sizeof(line),
			"improper command pipelining after %s from unknown[192.0.2.7] session=",
			cases[i][2]);
		expect_log(line);
		session_free(stage.session);
		stage.rest_count = 0;
	}
	cr_expect_eq(stage.counters.synchronisation, sizeof(cases) / sizeof(cases[0]));
	cr_expect_eq(stage.opened, 0);
	stage_open();
}

Test(session, sees_bytes_that_the_driver_holds)
{
	stage_open();
	session_pending(stage.session, 20);
	cr_expect_eq(session_feed(stage.session, (const uint8_t *)"EHLO x\r\n", 8, stage.now), 8);
	stage_drive();
	expect_start("554 5.5.0 ");
	session_free(stage.session);

	// Or that came while the backend was being asked whether it is ready.
	stage_open();
	say_ehlo();
	say_mail("alice@example.org");
	stage.hold = true;
	send_text("DATA\r\n");
	cr_expect_eq(session_wish(stage.session), WISH_OPEN);
	session_pending(stage.session, 1);
	session_answer(stage.session, &stage.open, stage.now);
	stage_drive();
	expect_start("554 5.5.0 ");
	cr_expect(stage.closed);
}

Test(session, speaks_helo_too)
{
	stage_open();
	exchange("HELO client(\"x\xc3\xbc.example\r\n", "250 mx.example.org\r\n");
	say_data();
	exchange("x\r\n.\r\n", "250 2.0.0 ");
	cr_expect_not_null(strstr(stage.content, "from client??x??.example (unknown"));
	cr_expect_not_null(strstr(stage.content, " with SMTP id "));
}

Test(session, writes_addresses_of_both_families)
{
	stage.client.address = bs_address_from_ipv6("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7");
	stage.client.local_address = bs_address_from_ipv6(
		"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x19");
	stage_open();
	say_ehlo();
	say_mail("postmaster@[IPv6:2001:db8::19]");
	exchange("DATA\r\n", "354");
	exchange("x\r\n.\r\n", "250 2.0.0 ");
	cr_expect_not_null(strstr(stage.content, "(unknown [IPv6:2001:db8::7])"));
	expect_log("client=unknown[2001:db8::7]:41234,");
}
