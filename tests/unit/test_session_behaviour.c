// SPDX-License-Identifier: BSD-3-Clause
//
// What no mail server does: other protocols, header lines as commands, commands before their time, bare newlines; and the modes of it.
#include "session_stage.h"

#include "control/lists/recipient_map.h"

TestSuite(session_behaviour, .init = stage_begin, .fini = stage_end);

static void reopen(void)
{
	session_free(stage.session);
	stage.rest_count = 0;
	stage_open();
}

static void set_all(enum bs_mode mode)
{
	for (int i = 0; i < BS_CHECK_COUNT; i++)
		stage.policy.checks.mode[i] = (uint8_t)mode;
}

static uint64_t ended(void)
{
	return stage.counters.check[BS_CHECK_NON_SMTP_COMMAND].answered +
	       stage.counters.check[BS_CHECK_HEADER_COMMAND].answered;
}

#define NOT_A_MAIL_CLIENT \
	"554 5.7.0 Error: this is a mail server; for help: https://example.org/mail\r\n"
#define HEADER \
	"554 5.7.0 Error: a mail header is no command; for help: https://example.org/mail\r\n"

Test(session_behaviour, ends_other_protocols)
{
	static const char *const lines[] = {"GET / HTTP/1.1\r\n", "get /\r\n", "GET\r\n",
		"POST /x HTTP/1.1\r\n", "HEAD / HTTP/1.0\r\n", "PUT /x\r\n", "DELETE /x\r\n",
		"OPTIONS * HTTP/1.1\r\n", "CONNECT mx.example.net:25 HTTP/1.1\r\n",
		"PRI * HTTP/2.0\r\n", "SSH-2.0-OpenSSH_9.2\r\n"};
	stage_open();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (stage.piece = 0; stage.piece <= 3; stage.piece += 3) {
			exchange(lines[i], NOT_A_MAIL_CLIENT);
			cr_expect(stage.closed);
			reopen();
		}
	}
	cr_expect_eq(stage.counters.check[BS_CHECK_NON_SMTP_COMMAND].answered,
		2 * sizeof(lines) / sizeof(lines[0]));
	expect_log(
		"NON-SMTP COMMAND from [192.0.2.7]:41234 after CONNECT: GET / HTTP/1.1 session=");
	expect_log("disconnect from unknown[192.0.2.7] unknown=0/1 commands=0/1 session=");
}

// A ClientHello has no line's end, and its sender waits.
Test(session_behaviour, ends_tls_at_its_first_byte)
{
	static const uint8_t hello[] = {22, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3, 10, 13};
	stage_open();
	for (stage.piece = 0; stage.piece <= 1; stage.piece++) {
		send_bytes(hello, sizeof(hello));
		expect(NOT_A_MAIL_CLIENT);
		cr_expect(stage.closed);
		reopen();
	}
	expect_log("NON-SMTP COMMAND from [192.0.2.7]:41234 after CONNECT: ?????");
	exchange("NOOP \x16\r\n", "500 5.5.2 ");
	cr_expect_not(stage.closed);
}

Test(session_behaviour, ends_header_lines_as_commands)
{
	static const char *const lines[] = {"From: a@b\r\n", "Subject:x\r\n",
		"Received: from x by y\r\n", "Message-ID: <a@b>\r\n", "X-Mailer: x\r\n",
		"DKIM:\r\n", "content-type: text/html\r\n"};
	stage_open();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		say_ehlo();
		exchange(lines[i], HEADER);
		cr_expect(stage.closed);
		reopen();
	}
	cr_expect_eq(stage.counters.check[BS_CHECK_HEADER_COMMAND].answered,
		sizeof(lines) / sizeof(lines[0]));
	expect_log("NON-SMTP COMMAND from [192.0.2.7]:41234 after EHLO: From: a@b session=");
}

Test(session_behaviour, bears_mistakes)
{
	static const char *const lines[] = {"RCPT:<a@b>\r\n", "MAIL:FROM <a@b>\r\n", "GETTING\r\n",
		"From a@b\r\n", "Hello : there\r\n", "Helo\r\n", "SSH\r\n", "POSTMASTER\r\n"};
	stage_open();
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		exchange(lines[i], "50");
		cr_expect_not(stage.closed, "%s", lines[i]);
	}
	cr_expect_eq(ended(), 0);
}

static void expect_as_ever(void)
{
	static const uint8_t hello[] = {22, 3, 1, '\r', '\n'};
	exchange("GET / HTTP/1.1\r\n", "502 5.5.2 ");
	exchange("Subject: x\r\n", "502 5.5.2 ");
	send_bytes(hello, sizeof(hello));
	expect_start("500 5.5.2 ");
	cr_expect_not(stage.closed);
	cr_expect_eq(ended(), 0);
}

Test(session_behaviour, observes_words_only)
{
	set_all(BS_MODE_OBSERVE);
	stage_open();
	expect_as_ever();
	expect_log("warning: non-SMTP command from unknown[192.0.2.7]: Subject: x session=");
}

Test(session_behaviour, leaves_words_alone_when_off)
{
	set_all(BS_MODE_OFF);
	stage_open();
	expect_as_ever();
}

Test(session_behaviour, spares_the_allowed)
{
	stage.client.class = 1;
	stage_open();
	expect_as_ever();
}

Test(session_behaviour, pipelining_may_be_let_through)
{
	static const char group[] = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<alice@example.org>\r\n"
				    "DATA\r\nHi\r\n.\r\nQUIT\r\n";
	for (int mode = BS_MODE_OFF; mode <= BS_MODE_OBSERVE; mode++) {
		set_all((enum bs_mode)mode);
		stage_open();
		send_text(group);
		cr_expect(stage.closed);
		stage.output[stage.output_count] = 0;
		cr_expect_not_null(strstr(stage.output, "250 2.0.0 Saved"), "%s", stage.output);
		cr_expect_eq(stage.committed, (unsigned)mode + 1);
		session_free(stage.session);
	}
	cr_expect_eq(stage.counters.synchronisation, 0);
	expect_log(
		"warning: improper command pipelining after EHLO from unknown[192.0.2.7] session=");
	stage_open();
}

static void expect_mended(const char *body, const char *stored)
{
	say_mail("alice@example.org");
	exchange("DATA\r\n", "354 ");
	send_text(body);
	exchange("\r\n.\r\n", "250 2.0.0 ");
	stage.content[stage.content_count] = 0;
	cr_expect_not_null(strstr(stage.content, stored), "%s", stage.content);
}

// Whatever the mode, the backend gets CRLF and nothing else.
Test(session_behaviour, bare_newlines_are_mended_when_they_are_borne)
{
	for (int mode = BS_MODE_OFF; mode <= BS_MODE_OBSERVE; mode++) {
		set_all((enum bs_mode)mode);
		stage_open();
		say_ehlo();
		expect_mended("a\nb", "\r\na\r\nb\r\n");
		expect_mended("a\rb", "\r\na b\r\n");
		expect_mended("a\n.\nMAIL FROM:<x@y>\n", "\r\na\r\n.\r\nMAIL FROM:<x@y>\r\n");
		session_free(stage.session);
	}
	cr_expect_eq(stage.counters.smuggling, 0);
	cr_expect_eq(stage.counters.mails_accepted, 6);
	expect_log("warning: message has bare <LF>, mended, from unknown[192.0.2.7] session=");
	stage_open();
}

// The recipients' policy says it, not the one for all; whose policy differs in it is for another mail.
Test(session_behaviour, bare_newlines_are_borne_for_some)
{
	struct bs_recipient_policy some = {.mode_set = UINT64_C(1) << BS_CHECK_BARE_NEWLINE};
	struct bs_recipient_map *map = bs_recipient_map_new(1, "");
	some.checks.mode[BS_CHECK_BARE_NEWLINE] = BS_MODE_OFF;
	cr_assert(bs_recipient_map_add(map, "alice@example.org", 1));
	stage.policy.recipient_policy = &some;
	stage.policy.recipient_policy_count = 1;
	stage.policy.recipient_map = map;
	stage_open();
	say_ehlo();
	expect_mended("a\nb", "\r\na\r\nb\r\n");
	say_mail("alice@example.org");
	exchange("RCPT TO:<bob@example.org>\r\nRSET\r\n", "452 4.5.3 ");
	say_mail("bob@example.org");
	exchange("RCPT TO:<alice@example.org>\r\n", "452 4.5.3 ");
	exchange("DATA\r\n", "354 ");
	exchange("a\nb\r\n.\r\n", "550 5.5.2 ");
	session_free(stage.session);
	stage.policy.recipient_policy_count = 0;
	stage.policy.recipient_map = NULL;
	bs_recipient_map_free(map);
	stage_open();
}

Test(session_behaviour, nul_is_refused_in_any_mode)
{
	for (int mode = BS_MODE_OFF; mode <= BS_MODE_ENFORCE; mode++) {
		set_all((enum bs_mode)mode);
		stage_open();
		say_ehlo();
		say_mail("alice@example.org");
		exchange("DATA\r\n", "354 ");
		send_bytes("a\0\r\n.\r\n", 7);
		expect_start(
			"550 5.5.2 <DATA>: Data command rejected: message has NUL; for help: ");
		session_free(stage.session);
	}
	cr_expect_eq(stage.committed, 0);
	cr_expect_eq(stage.counters.smuggling, 3);
	stage_open();
}
