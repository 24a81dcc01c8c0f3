// SPDX-License-Identifier: BSD-3-Clause
//
// What stands above a mail when it comes to the backend: what the judge found out, our Received, and nothing forged.
#include "session_stage.h"

#include "dns_table.h"
#include "smtp/judge/judge.h"
#include "smtp/spf/spf.h"

static struct dns_table table;
static struct judge judge;
static struct judgement *judgement;

static void news(void *unused)
{
}

static void begin(void)
{
	stage_begin();
	dns_table_new(&table, "sender.example TXT v=spf1 ip4:192.0.2.0/24 -all\n"
			      "client.example TXT v=spf1 ~all\n"
			      "192.0.2.7 PTR client.example\n"
			      "client.example A 192.0.2.7\n");
	stage.policy.dns_deadline_ms = 10000;
	stage.policy.checks.greylist.only_from = INT32_MIN;
	stage.policy.checks.mode[BS_CHECK_SENDER_DOMAIN] = BS_MODE_OFF; // it has no more than SPF
	stage.policy.checks.mode[BS_CHECK_SPF_SOFTFAIL] = BS_MODE_OBSERVE;
	stage.policy.checks.mode[BS_CHECK_SPF_PASS] = BS_MODE_OBSERVE;
	stage.policy.checks.mode[BS_CHECK_HELO_SPF_FAIL] = BS_MODE_OBSERVE;
	stage.policy.checks.mode[BS_CHECK_NAME_MISSING] = BS_MODE_OBSERVE;
	judge = (struct judge){.heap = stage.heap,
		.counters = &stage.counters,
		.dns = &table.source,
		.spf = spf_new("mx.example.org")};
	judgement = judgement_new(&judge, news, NULL);
	cr_assert(judge.spf != NULL && judgement != NULL);
	stage_open();
}

static void end(void)
{
	judgement_free(judgement);
	spf_free(judge.spf);
	dns_table_free(&table);
	stage_end();
}

TestSuite(session_trace, .init = begin, .fini = end);

#define RESULTS \
	"Authentication-Results: mx.example.org;\r\n" \
	"\tspf=pass (mechanism +ip4 of sender.example)\r\n\t smtp.mailfrom=s@sender.example;\r\n" \
	"\tspf=softfail (mechanism ~all of client.example)\r\n\t smtp.helo=client.example;\r\n" \
	"\tiprev=pass policy.iprev=192.0.2.7 (client.example)\r\n" \
	"Received-SPF: pass (mx.example.org: mechanism +ip4 of sender.example)\r\n"
#define RECEIVED "Received: from client.example (client.example [192.0.2.7])\r\n"

Test(session_trace, results_stand_above_received)
{
	session_judged_by(stage.session, judgement);
	say_ehlo();
	say_data();
	size_t trace = session_envelope(stage.session)->trace_bytes;
	exchange("Subject: x\r\n\r\nbody\r\n.\r\n", "250 2.0.0 ");
	stage.content[stage.content_count] = 0;
	cr_expect_eq(strncmp(stage.content, RESULTS, strlen(RESULTS)), 0, "%s", stage.content);
	const char *received = strstr(stage.content, RECEIVED);
	cr_assert_not_null(received, "%s", stage.content);
	const char *subject = strstr(received, "Subject: x\r\n\r\nbody\r\n");
	cr_assert_not_null(subject);
	cr_expect_eq(
		(size_t)(subject - stage.content), trace, "the relay is told how much is ours");
}

Test(session_trace, forgeries_go_whether_judged_or_not)
{
	static const char mail[] = "Authentication-Results: mx.example.org; spf=pass\r\n"
				   "A: b\r\n"
				   "Authentication-Results: MX.example.org;\r\n dkim=pass\r\n"
				   "Received-SPF: pass receiver=mx.example.org\r\n"
				   "Authentication-Results: other.example; spf=pass\r\n"
				   "\r\n"
				   "Authentication-Results: mx.example.org; in the body\r\n.\r\n";
	static const char left[] = "A: b\r\n"
				   "Authentication-Results: other.example; spf=pass\r\n"
				   "\r\n"
				   "Authentication-Results: mx.example.org; in the body\r\n";
	for (stage.piece = 0; stage.piece < 40; stage.piece++) {
		say_ehlo();
		say_data();
		exchange(mail, "250 2.0.0 ");
		stage.content[stage.content_count] = 0;
		cr_expect_eq(strncmp(stage.content, "Received: ", 10), 0, "%s", stage.content);
		cr_expect_str_eq(strstr(stage.content, "A: b"), left);
		cr_expect_null(strstr(stage.content, "dkim"));
	}
}

// A header longer than a piece of content goes through whole.
Test(session_trace, long_headers)
{
	static char mail[200000], *at;
	at = mail;
	for (unsigned i = 0; i < 1000; i++)
		at += sprintf(at, "X-Line-%04u: %080u\r\n", i, i);
	at += sprintf(at, "Authentication-Results: mx.example.org; none\r\nEnd: here\r\n");
	stage.policy.message_size = 0;
	say_ehlo();
	say_data();
	send_text(mail);
	exchange(".\r\n", "250 2.0.0 ");
	cr_expect_geq(stage.written, 1);
	stage.content[stage.content_count] = 0;
	char *forged = strstr(mail, "Authentication-Results");
	memmove(forged, strstr(forged, "End:"), strlen("End: here\r\n") + 1);
	cr_expect_str_eq(strstr(stage.content, "X-Line-0000"), mail);
}
