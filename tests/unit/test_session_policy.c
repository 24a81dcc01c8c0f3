// SPDX-License-Identifier: BSD-3-Clause
//
// A policy that changes during a session: the client is denied by hand; a mail meets one policy from MAIL to its reply.
#include "tests/unit/session_stage.h"

TestSuite(session_policy, .init = stage_begin, .fini = stage_end);

// Denied by hand while it talks: 421 at the next command, in the middle of an envelope too, but not of a mail.
Test(session_policy, denied_at_run_time)
{
	struct bs_overlay_entry entry = {
		{bs_address_from_ipv4("\300\000\002\007"), 128}, BS_OVERLAY_DENY};
	stage.policy.class[BS_CLASS_RUNTIME_DENY] = (struct bs_class){
		"runtime-deny", BS_ACTION_REFUSE, BS_REFUSE_AT_CONNECT};
	stage.policy.class_count = BS_CLASS_LISTS;
	stage.policy.classes = bs_class_table_new(NULL, 0);
	struct bs_overlay *overlay = bs_overlay_new(&entry, 1);
	stage_open();
	say_ehlo();
	say_mail("alice@example.org");
	exchange("DATA\r\n", "354");
	stage.policy.overlay = overlay;
	exchange("Subject: a\r\n\r\nb\r\n.\r\n", "250");
	stage.policy.overlay = NULL;
	say_mail("alice@example.org");
	stage.policy.overlay = overlay;
	exchange("RCPT TO:<bob@example.org>\r\n",
		"421 4.7.0 Error: your address was put on the deny list; for help: "
		"https://example.org/mail");
	cr_expect(stage.closed);
	cr_expect_eq(stage.counters.denied, 1);
	stage.policy.overlay = NULL;
	bs_overlay_free(overlay);
	bs_class_table_free(stage.policy.classes);
	stage.policy.classes = NULL;
}

static struct bs_policy reloaded;
static const struct bs_policy *current;

static const struct bs_policy *current_policy(void)
{
	return current;
}

// From MAIL to the final reply one policy, held; outside of it the current one, and nothing held.
Test(session_policy, keeps_one_policy_for_a_mail)
{
	struct session_surroundings around = {stage.heap, stage.log, &stage.counters,
		current_policy, stage_seconds, stage.session_sources};
	reloaded = stage.policy;
	snprintf(reloaded.hostname, sizeof(reloaded.hostname), "new.example.org");
	reloaded.domain_count = 0;
	reloaded.domain_index = NULL;
	current = &stage.policy;
	stage.session = session_new(&around, &stage.client, stage.now);
	cr_assert_not_null(stage.session);
	say_ehlo();
	cr_expect_eq(stage.policy.holders, 0);
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	cr_expect_eq(stage.policy.holders, 1);
	current = &reloaded;
	exchange("RCPT TO:<alice@example.org>\r\n", "250");
	exchange("DATA\r\n", "354");
	cr_expect_eq(stage.policy.holders, 1);
	exchange("Subject: a\r\n\r\nb\r\n.\r\n", "250");
	cr_expect_eq(stage.policy.holders, 0);
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	cr_expect_eq(reloaded.holders, 1);
	exchange("RCPT TO:<alice@example.org>\r\n", "554 5.7.1"); // no domain is ours any more
	exchange("RSET\r\n", "250");
	cr_expect_eq(reloaded.holders, 0);
	exchange("HELO a\r\n", "250 new.example.org");
	exchange("MAIL FROM:<s@sender.example>\r\n", "250");
	cr_expect_eq(reloaded.holders, 1);
	session_free(stage.session);
	cr_expect_eq(reloaded.holders, 0);
	current = &stage.policy;
	stage_open();
}
