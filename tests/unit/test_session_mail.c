// SPDX-License-Identifier: BSD-3-Clause
//
// The session from DATA to the final reply, time, and the ways in which a session ends.
#include "session_stage.h"

TestSuite(session_mail, .init = stage_begin, .fini = stage_end);

static void open_data(void)
{
	stage_open();
	say_ehlo();
	say_data();
}

Test(session_mail, refuses_bare_newlines_at_the_true_end)
{
	static const char *const bodies[] = {"a\nb", "a\rb", "a\r\n.\nb", "\n.\n", "\r.\r", "\n.\r",
		"\r\n.\r", "\n\n.", "a\n.\r\n"};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		for (stage.piece = 0; stage.piece <= 2; stage.piece++) {
			open_data();
			exchange(bodies[i], "");
			exchange("MAIL FROM:<x@y>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\nx\r\n",
				"");
			cr_expect_eq(stage.abandoned, 1, "as soon as it is seen");
			exchange(".\r\n",
				"550 5.5.2 <DATA>: Data command rejected: message has bare <");
			say_mail("alice@example.org");
			session_free(stage.session);
			stage.abandoned = 0;
		}
	cr_expect_eq(stage.committed, 0);
	cr_expect_eq(stage.counters.smuggling, 3 * sizeof(bodies) / sizeof(bodies[0]));
	expect_log("NOQUEUE: reject: DATA from unknown[192.0.2.7]: 550 5.5.2 <DATA>: Data command "
		   "rejected: message has bare <LF>");
	expect_log("status=rejected (550 5.5.2 ");
	stage_open();
}

Test(session_mail, refuses_nul)
{
	open_data();
	send_bytes("a\0\r\n.\r\n", 7);
	expect_start("550 5.5.2 <DATA>: Data command rejected: message has NUL; for help: https");
	cr_expect_eq(stage.abandoned, 1);
}

Test(session_mail, normalises_for_the_allowed)
{
	stage.policy.allowed_bare_newline = BS_BARE_NEWLINE_NORMALISE;
	open_data();
	exchange("a\nb\r\n.\r\n", "550 5.5.2 ");
	session_free(stage.session);
	stage.client.class = 1;
	open_data();
	exchange("a\n.\nb\rc\r\n.\r\n", "250 2.0.0 ");
	stage.content[stage.content_count] = 0;
	cr_expect_str_eq(strstr(stage.content, "a\r\n"), "a\r\n.\r\nb c\r\n");
}

Test(session_mail, bounds_the_size)
{
	static char text[100001];
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 78; i < sizeof(text) - 1; i += 80)
		memcpy(text + i, "\r\n", 2);
	text[99998] = '\r';
	text[99999] = '\n';
	open_data();
	send_text(text);
	exchange(".\r\n", "250 ");
	say_data();
	send_text(text);
	exchange("..\r\n", "");
	cr_expect_eq(stage.abandoned, 1);
	send_text(text);
	exchange(".\r\n", "552 5.3.4 ");
	cr_expect_eq(stage.counters.too_large, 1);
	cr_expect_eq(stage.committed, 1);
	// An endless one gets its reply before its end, and the connection ends.
	say_data();
	for (int i = 0; i < 700 && !stage.closed; i++)
		send_text(text);
	cr_expect(stage.closed);
	expect_start("552 5.3.4 ");
	expect_log("endless message after DATA (");
}

Test(session_mail, bounds_text_lines)
{
	stage.policy.text_line_length = 20;
	open_data();
	exchange("123456789012345678\r\n.\r\n", "250 ");
	say_data();
	exchange("1234567890123456789\r\n.\r\n", "554 5.6.0 ");
}

Test(session_mail, hands_on_a_large_mail_in_pieces)
{
	static char text[900001];
	stage.policy.message_size = 0;
	for (size_t i = 0; i < sizeof(text) - 1; i += 50)
		snprintf(text + i, 51, "%-48zu\r\n", i);
	for (stage.piece = 0; stage.piece <= 65536; stage.piece += 4369) {
		open_data();
		stage.written = 0;
		send_text(text);
		exchange(".\r\n", "250 ");
		cr_assert(stage.written >= 13);
		const char *body = memmem(stage.content, stage.content_count, "+0000\r\n", 7);
		size_t length = stage.content_count - (size_t)(body + 7 - stage.content);
		cr_assert_eq(length, sizeof(text) - 1);
		cr_assert(memcmp(body + 7, text, length) == 0);
		session_free(stage.session);
	}
	stage_open();
}

Test(session_mail, works_at_every_split)
{
	static const char body[] = "Subject: x\r\n\r\n..a\r\n\r\n.b\r\nc\r\n.\r\n";
	static const char wanted[] = "Subject: x\r\n\r\n.a\r\n\r\nb\r\nc\r\n";
	for (size_t split = 0; split < sizeof(body); split++) {
		open_data();
		send_bytes(body, split);
		send_text(body + split);
		expect_start("250 2.0.0 Saved");
		stage.content[stage.content_count] = 0;
		cr_assert_str_eq(strstr(stage.content, "Subject"), wanted);
		session_free(stage.session);
	}
	stage_open();
}

Test(session_mail, passes_on_what_the_backend_says)
{
	open_data();
	stage.commit = (struct session_answer){451, "4.3.0", "Disk\r\n250 trouble", "maildir:"};
	exchange("x\r\n.\r\n", "451 4.3.0 Disk??250 trouble\r\n");
	cr_expect_eq(stage.counters.mails_deferred, 1);
	expect_log("status=deferred (451 4.3.0 Disk??250 trouble)");
	stage.commit = (struct session_answer){554, "5.6.0", "No", "maildir:"};
	say_data();
	exchange("x\r\n.\r\n", "554 5.6.0 No\r\n");
	cr_expect_eq(stage.counters.mails_refused, 1);
	stage.commit = (struct session_answer){0};
	say_data();
	exchange("x\r\n.\r\n", "451 4.3.0 ");
	stage.commit = (struct session_answer){250, "", "", ""};
	say_data();
	exchange("x\r\n.\r\n", "250 Ok (");
	stage.open = (struct session_answer){452, "4.3.1", "Full", ""};
	say_mail("alice@example.org");
	exchange("DATA\r\n", "452 4.3.1 Full\r\n");
	exchange("RCPT TO:<alice@example.org>\r\n", "503 ");
	cr_expect_eq(stage.abandoned, 0, "what the backend refused it has forgotten");
}

Test(session_mail, swallows_the_rest_when_the_backend_fails_midway)
{
	static char text[90001];
	memset(text, 'x', sizeof(text) - 1);
	open_data();
	stage.write = (struct session_answer){452, "4.3.1", "Full", ""};
	send_text(text);
	cr_expect_eq(stage.written, 1);
	exchange("\r\nQUIT\r\n.\r\n", "452 4.3.1 Full\r\n");
	cr_expect_eq(stage.written, 1);
	cr_expect_eq(stage.committed + stage.abandoned, 0);
}

Test(session_mail, logs_one_line_a_mail)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<>\r\n", "250");
	exchange("RCPT TO:<alice@example.org>\r\n", "250");
	exchange("RCPT TO:<bob@example.net>\r\n", "250");
	exchange("DATA\r\n", "354");
	stage.now += 2340;
	exchange("Subject: x\r\nMESSAGE-id:\r\n <a.b@c>\r\n\r\nMessage-ID: <no>\r\n.\r\n", "250");
	const char *line = expect_log(
		": from=<>, to=<alice@example.org>,<bob@example.net>, nrcpt=2, "
		"size=55, message-id=<a.b@c>, proto=ESMTP, "
		"helo=<client.example>, client=unknown[192.0.2.7]:41234, "
		"delay=2.34, backend=test:, status=sent (250 2.0.0 Saved (");
	cr_expect(strncmp(line, session_id(stage.session), strlen(session_id(stage.session))) == 0);
	exchange("QUIT\r\n", "221");
	expect_log("disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=2 data=1 quit=1 "
		   "commands=6 session=");
	cr_expect_eq(count_log(""), 0);
}

Test(session_mail, names_each_of_many_recipients)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@x>\r\n", "250");
	for (int i = 0; i < 100; i++) {
		char command[64];
		snprintf(command, sizeof(command), "RCPT TO:<r%d@example.org>\r\n", i);
		exchange(command, "250");
	}
	exchange("DATA\r\n", "354");
	exchange(".\r\n", "250");
	struct bs_log_line line;
	int next = 0;
	while (bs_log_take(stage.log, &line))
		for (const char *at = line.text; (at = strstr(at, "<r")) != NULL; at++)
			cr_assert_eq(atoi(at + 2), next++);
	cr_expect_eq(next, 100);
}

Test(session_mail, forged_fields_stay_within_theirs)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<\"x>, status=sent (\"@y>\r\n", "250");
	exchange("RCPT TO:<\"b> to=<\"@elsewhere>\r\n", "554 5.7.1 <\"b> to=<\"@elsewhere>: Relay");
	expect_log("from=<\"x???status=sent??\"@y> to=<\"b??to=?\"@elsewhere> proto=");
	exchange("RCPT TO:<bob@example.org>\r\n", "250");
	exchange("DATA\r\n", "354");
	exchange("Message-ID: <a b>\r\n\r\n.\r\n", "250");
	expect_log("message-id=<a?b>, ");
}

Test(session_mail, command_time_is_for_the_whole_command)
{
	stage_open();
	uint64_t deadline = stage.now + 300000;
	cr_expect_eq(session_deadline(stage.session), deadline);
	stage.now += 1000;
	exchange("NO", "");
	cr_expect_eq(session_deadline(stage.session), deadline);
	session_expired(stage.session, deadline - 1);
	cr_expect_eq(session_wish(stage.session), WISH_NOTHING, "too early");
	exchange("OP\r\n", "250");
	deadline = stage.now + 300000;
	cr_expect_eq(session_deadline(stage.session), deadline);
	session_expired(stage.session, deadline);
	stage_drive();
	expect("421 4.4.2 Error: timeout exceeded\r\n");
	cr_expect(stage.closed);
	cr_expect_eq(stage.counters.timeouts, 1);
	expect_log("timeout after NOOP from unknown[192.0.2.7] session=");
	cr_expect_eq(count_log("disconnect from"), 1);
}

Test(session_mail, data_time_asks_for_progress_and_a_rate)
{
	open_data();
	uint64_t start = stage.now;
	cr_expect_eq(session_deadline(stage.session), start + 180000);
	// A byte now and then: progress, but too slow.
	for (int i = 0; i < 360 && stage.now < session_deadline(stage.session); i++) {
		stage.now += 1000;
		exchange("x", "");
	}
	cr_expect_leq(stage.now - start, 182000);
	session_expired(stage.session, stage.now);
	stage_drive();
	expect_start("421 4.4.2 ");
	cr_expect(stage.closed);
	cr_expect_eq(stage.committed, 0);
	expect_log("timeout after DATA (181 bytes) from unknown[192.0.2.7] session=");
	expect_log("status=aborted (");
	session_free(stage.session);

	// Fast enough, then silent.
	static char text[90001];
	memset(text, 'x', sizeof(text) - 1);
	open_data();
	stage.now += 100000;
	send_text(text);
	cr_expect_eq(session_deadline(stage.session), stage.now + 180000);
}

Test(session_mail, the_backends_time_is_its_own)
{
	static char text[70001];
	memset(text, 'x', sizeof(text) - 1);
	open_data();
	stage.hold = true;
	stage.now += 10000;
	exchange("a\r\n", "");
	send_text(text);
	cr_expect_eq(session_wish(stage.session), WISH_WRITE);
	cr_expect_eq(session_deadline(stage.session), UINT64_MAX);
	stage.now += 1000000;
	session_expired(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_WRITE);
	stage.hold = false;
	stage_drive();
	cr_expect_eq(session_deadline(stage.session), stage.now + 180000);
}

Test(session_mail, takes_nothing_while_a_wish_stands)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@x>\r\n", "250");
	stage.hold = true;
	send_text("RCPT TO:<alice@example.org>\r\nRCPT TO:<bob@example.org>\r\n");
	cr_expect_eq(session_wish(stage.session), WISH_RECIPIENT);
	cr_expect_eq(stage.rest_count, strlen("RCPT TO:<bob@example.org>\r\n"));
	cr_expect_eq(session_feed(stage.session, (const uint8_t *)"x", 1, stage.now), 0);
	expect("");
	stage.hold = false;
	stage_drive();
	expect("250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n");
}

Test(session_mail, stops_when_the_client_does_not_read)
{
	stage_open();
	say_ehlo();
	stage.stuck = true;
	static char noops[6 * 90 + 1];
	for (int i = 0; i < 90; i++)
		memcpy(noops + 6 * i, "NOOP\r\n", 6);
	send_text(noops);
	size_t count;
	session_output(stage.session, &count);
	cr_expect(count > 500 && count <= 1280, "%zu", count);
	cr_expect(stage.rest_count > 0);
	uint64_t deadline = session_deadline(stage.session);
	cr_expect_eq(deadline, stage.now + 300000);
	stage.stuck = false;
	stage_drive();
	cr_expect_eq(stage.rest_count, 0);
	stage.output[stage.output_count] = 0;
	cr_expect_eq(strlen(stage.output), 90 * strlen("250 2.0.0 Ok\r\n"));

	stage.stuck = true;
	exchange("NOOP\r\n", "");
	stage.now += 300000;
	session_expired(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
	session_output(stage.session, &count);
	cr_expect_eq(count, 0);
	cr_expect_eq(count_log("disconnect from"), 1);
}

Test(session_mail, a_goodbye_that_is_not_read_ends_too)
{
	stage_open();
	stage.stuck = true;
	send_text("QUIT\r\n");
	cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
	cr_expect_eq(session_deadline(stage.session), stage.now + 300000);
	session_expired(stage.session, stage.now + 300000);
	size_t count;
	session_output(stage.session, &count);
	cr_expect_eq(count, 0);
	cr_expect_eq(session_deadline(stage.session), UINT64_MAX);
	cr_expect_eq(count_log("disconnect from"), 1);
}

Test(session_mail, drops_a_mail_cut_off)
{
	open_data();
	exchange("half\r\n", "");
	session_eof(stage.session, stage.now);
	stage_drive();
	cr_expect(stage.closed);
	cr_expect_eq(stage.committed, 0);
	cr_expect_eq(stage.counters.lost, 1);
	expect_log("lost connection after DATA (6 bytes) from unknown[192.0.2.7] session=");
	expect_log("status=aborted (");
	expect_log("disconnect from unknown[192.0.2.7] ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4");
}

Test(session_mail, answers_what_came_before_eof)
{
	stage_open();
	say_ehlo();
	exchange("MAIL FROM:<s@x>\r\n", "250");
	stage.hold = true;
	send_text("RCPT TO:<alice@example.org>\r\n");
	session_eof(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_RECIPIENT);
	stage.hold = false;
	stage_drive();
	expect("250 2.1.5 Ok\r\n");
	cr_expect(stage.closed);
	expect_log("lost connection after RCPT from ");
}

Test(session_mail, commits_what_was_whole_when_the_connection_went)
{
	open_data();
	stage.hold = true;
	send_text("whole\r\n.\r\n");
	cr_expect_eq(session_wish(stage.session), WISH_COMMIT);
	session_lost(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_COMMIT);
	stage.hold = false;
	stage_drive();
	cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
	expect("");
	expect_log("status=sent (250 2.0.0 Saved");
	expect_log("lost connection after END-OF-MESSAGE from ");
	cr_expect_eq(stage.counters.mails_accepted, 1);
}

Test(session_mail, a_lost_connection_ends_it_in_each_state)
{
	static const char *const before[] = {
		"", "NO", "EHLO x\r\n", "EHLO x\r\nMAIL FROM:<s@x>\r\n"};
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		stage_open();
		stage.piece = 8;
		send_text(before[i]);
		session_lost(stage.session, stage.now);
		cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
		cr_expect_eq(count_log("lost connection after"), 1);
		session_free(stage.session);
	}
	stage.piece = 0;
	open_data();
	session_lost(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
	session_free(stage.session);

	// A wish that was not taken up, since output went first, is withdrawn.
	stage_open();
	say_ehlo();
	stage.asked = 0;
	stage.stuck = true;
	send_text("MAIL FROM:<s@x>\r\nRCPT TO:<alice@example.org>\r\n");
	cr_expect_eq(session_wish(stage.session), WISH_RECIPIENT);
	session_lost(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_CLOSE);
	cr_expect_eq(stage.asked, 0);
}

Test(session_mail, drains_at_command_boundaries)
{
	stage_open();
	say_ehlo();
	session_drain(stage.session, stage.now);
	stage_drive();
	expect_start("421 4.3.2 ");
	cr_expect(stage.closed);
	session_free(stage.session);

	stage_open();
	exchange("NO", "");
	session_drain(stage.session, stage.now);
	cr_expect_eq(session_wish(stage.session), WISH_NOTHING);
	exchange("OP\r\n", "421 4.3.2 ");
	session_free(stage.session);

	open_data();
	session_drain(stage.session, stage.now);
	send_text("x\r\n.\r\nQUIT\r\n");
	cr_expect(stage.closed);
	expect_start("250 2.0.0 Saved");
	cr_expect_not_null(strstr(stage.output, "\r\n421 4.3.2 "));
	cr_expect_eq(stage.committed, 1);
}
