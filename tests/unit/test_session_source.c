// SPDX-License-Identifier: BSD-3-Clause
//
// What a session teaches about its source, and what other sessions of the source mean for it.
#include "session_stage.h"

#include "control/class/class.h"
#include "smtp/memory/memory.h"

static struct bs_sources *sources;
static struct bs_source *source; // of the stage's client

static uint32_t now_s(void)
{
	return bs_source_seconds(stage.now);
}

static void begin(void)
{
	static const struct siphash_key key = {{5, 6}};
	enum bs_source_opening how;
	stage_begin();
	sources = bs_sources_new(64, &key);
	stage.policy.verdicts = (struct bs_verdict_rules){.action = BS_VERDICT_REFUSE,
		.lifetime_ms = 3600000,
		.window_ms = 600000,
		.refused_sessions = 3,
		.refused_share = 90,
		.unknown_recipients = 12,
		.early_talks = 5,
		.forgiven_ms = 604800000};
	stage.client.counted = 1;
	source = bs_source_open(sources, &stage.client.address, now_s(), &how);
}

static void end(void)
{
	stage_end();
	bs_sources_free(sources);
}

TestSuite(session_source, .init = begin, .fini = end);

static void open_session(void)
{
	if (stage.session != NULL)
		session_free(stage.session);
	stage.session_sources = sources;
	stage_open();
	say_ehlo();
}

static struct bs_source_view look(void)
{
	struct bs_source_view view;
	cr_assert(bs_source_view(sources, &stage.client.address, 600, now_s(), &view));
	return view;
}

static void quit(void)
{
	exchange("QUIT\r\n", "221 ");
}

Test(session_source, an_accepted_mail_is_remembered)
{
	open_session();
	say_data();
	exchange("\r\n.\r\n", "250 ");
	exchange("MAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\n", "250 ");
	quit();
	struct bs_source_view view = look();
	cr_expect_eq(view.sessions, 1);
	cr_expect_eq(view.refused, 0);
	cr_expect_eq(view.mails, 1);
	cr_expect_eq(view.known, 1);
	cr_expect_eq(view.unknown, 1);
	cr_expect_eq(view.accepted_s, now_s());
}

// A session that says `commands` and leaves; true when it counts as refused.
static bool counts_as_refused(const char *commands, bool quits)
{
	uint32_t before = look().refused, sessions = look().sessions;
	open_session();
	send_text(commands);
	stage.output_count = 0;
	if (!stage.closed) {
		if (quits)
			quit();
		else
			session_eof(stage.session, stage.now);
	}
	cr_expect_eq(look().sessions, sessions + 1);
	return look().refused > before;
}

Test(session_source, what_counts_as_refused)
{
	stage.policy.verdicts.refused_sessions = 0;
	stage.policy.verdicts.unknown_recipients = 0;
	cr_expect(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\n", true));
	cr_expect(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<a@elsewhere.example>\r\n", false));
	cr_expect(counts_as_refused("DATA\r\nDATA\r\nMAIL FROM:<>\r\n", false)); // out of turn
	cr_expect(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<u1@example.org>\r\n"
				    "RCPT TO:<u2@example.org>\r\nRCPT TO:<u3@example.org>\r\n"
				    "RCPT TO:<u4@example.org>\r\nRCPT TO:<u5@example.org>\r\n"
				    "RCPT TO:<u6@example.org>\r\n",
		false)); // harvest
	// no refusal for good
	cr_expect_not(counts_as_refused("", true));
	cr_expect_not(counts_as_refused("STARTTLS\r\nNONSENSE\r\n", true));
	cr_expect_not(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<full@example.org>\r\n", true));
	cr_expect_not(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<full@example.org>\r\n"
					"RCPT TO:<nobody@example.org>\r\n",
		true));
	cr_expect_not(counts_as_refused("MAIL FROM:<>\r\nRCPT TO:<alice@example.org>\r\n"
					"RCPT TO:<nobody@example.org>\r\n",
		false));
	// the mail itself
	stage.commit = (struct session_answer){554, "5.7.1", "spam", ""};
	open_session();
	say_data();
	exchange("\r\n.\r\n", "554 ");
	uint32_t before = look().refused;
	quit();
	cr_expect_eq(look().refused, before + 1);
	stage.commit = (struct session_answer){451, "4.3.0", "later", ""};
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	exchange("RCPT TO:<nobody@example.org>\r\n", "550 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "250 ");
	exchange("DATA\r\n", "354 ");
	exchange("\r\n.\r\n", "451 ");
	before = look().refused;
	quit();
	cr_expect_eq(look().refused, before);
}

Test(session_source, harvest_counts_over_sessions)
{
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(bs_source_verdict_of(source, now_s()), BS_VERDICT_NONE);
		open_session();
		exchange("MAIL FROM:<>\r\n", "250 ");
		for (int n = 0; n < 4; n++)
			exchange("RCPT TO:<nobody@example.org>\r\n", "550 ");
		quit();
	}
	cr_expect_eq(bs_source_verdict_of(source, now_s()), BS_VERDICT_HARVEST);
	cr_expect_eq(stage.counters.verdicts_given, 1);
	cr_expect_not_null(strstr(expect_log("VERDICT"),
		"VERDICT harvest on [192.0.2.7] for 3600s; unknown=4 refusals=4 session="));
}

Test(session_source, repeated_refusals)
{
	for (int i = 0; i < 2; i++) {
		cr_expect(counts_as_refused(
			"MAIL FROM:<>\r\nRCPT TO:<a@elsewhere.example>\r\n", true));
		cr_expect_eq(bs_source_verdict_of(source, now_s()), BS_VERDICT_NONE);
	}
	open_session(); // the third begins the window anew
	exchange("MAIL FROM:<>\r\n", "250 ");
	exchange("RCPT TO:<a@elsewhere.example>\r\n", "554 ");
	quit();
	cr_expect_eq(bs_source_verdict_of(source, now_s()), BS_VERDICT_REFUSALS);
}

static void give_verdict(void)
{
	cr_assert_eq(bs_source_learn(source, &(struct bs_lesson){.unknown = 20},
			     &stage.policy.verdicts, true, now_s()),
		BS_VERDICT_HARVEST);
}

Test(session_source, a_verdict_ends_the_session_at_its_next_command)
{
	open_session();
	give_verdict();
	exchange("MAIL FROM:<>\r\n", "421 4.7.0 ");
	cr_expect(stage.closed);
	cr_expect_eq(stage.counters.verdicts_met, 1);
	cr_expect_eq(look().refused, 0, "it was refused for the others");
}

Test(session_source, a_mail_begun_may_end)
{
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "250 ");
	give_verdict();
	exchange("DATA\r\n", "354 ");
	exchange("\r\n.\r\n", "250 ");
	exchange("MAIL FROM:<>\r\n", "421 4.7.0 ");
}

Test(session_source, observed_allowed_uncounted_and_over)
{
	give_verdict();
	stage.policy.verdicts.action = BS_VERDICT_OBSERVE;
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	stage.policy.verdicts.action = BS_VERDICT_REFUSE;
	stage.client.class = 1; // allowed
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	stage.client.class = 0;
	stage.client.counted = 0;
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	stage.client.counted = 1;
	stage.now += 3600000;
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	quit();
}

Test(session_source, the_allowed_get_no_verdict)
{
	stage.client.class = 1;
	for (int i = 0; i < 5; i++)
		cr_expect(counts_as_refused(
			"MAIL FROM:<>\r\nRCPT TO:<a@elsewhere.example>\r\n", true));
	cr_expect_eq(bs_source_verdict_of(source, now_s()), BS_VERDICT_NONE);
}

Test(session_source, who_behaved_is_remembered)
{
	static const uint8_t key[16] = "sixteen octets!";
	struct memory *memory = stage.session_memory = memory_new(100, key);
	uint64_t wall_s = stage_seconds();
	stage.policy.remember_ms = 3600000;
	open_session(); // says nothing
	quit();
	open_session(); // a recipient that nobody has, and a mail
	exchange("MAIL FROM:<>\r\nRCPT TO:<nobody@example.org>\r\nRCPT TO:<alice@example.org>\r\n",
		"250 ");
	exchange("DATA\r\n", "354 ");
	exchange("\r\n.\r\n", "250 ");
	quit();
	stage.commit = (struct session_answer){451, "4.3.0", "later", ""};
	open_session();
	say_data();
	exchange("\r\n.\r\n", "451 ");
	quit();
	cr_expect_eq(memory_client_until(memory, &stage.client.address, wall_s), 0);
	cr_expect_not(bs_source_is_known(source, now_s()));
	stage.commit = (struct session_answer){250, "2.0.0", "Saved", ""};
	open_session();
	say_data();
	exchange("\r\n.\r\n", "250 ");
	cr_expect_not(bs_source_is_known(source, now_s())); // not before it is over
	quit();
	cr_expect(bs_source_is_known(source, now_s() + 3599));
	cr_expect_not(bs_source_is_known(source, now_s() + 3600));
	cr_expect_eq(memory_client_until(memory, &stage.client.address, wall_s), wall_s + 3600);
	stage.policy.remember_ms = 60000; // takes nothing back
	open_session();
	say_data();
	exchange("\r\n.\r\n", "250 ");
	quit();
	cr_expect(bs_source_is_known(source, now_s() + 3599));
	memory_free(memory);
}

Test(session_source, mails_and_recipients_are_counted_once)
{
	stage.policy.rates.window_ms = 60000;
	open_session();
	exchange("MAIL FROM:<>\r\n", "250 ");
	exchange("RCPT TO:<nobody@example.org>\r\n", "550 ");
	exchange("RCPT TO:<alice@example.org>\r\n", "250 ");
	exchange("RCPT TO:<x@elsewhere.example>\r\n", "554 ");
	exchange("DATA\r\n", "354 ");
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 0, 60, now_s()), 0);
	exchange("\r\n.\r\n", "250 ");
	cr_expect_eq(bs_source_count(source, BS_RATE_MAILS, 0, 60, now_s()), 1);
	cr_expect_eq(bs_source_count(source, BS_RATE_RECIPIENTS, 0, 60, now_s()), 3);
	quit();
}
