// SPDX-License-Identifier: BSD-3-Clause
//
// What a client does that no mail server does: another protocol's words, header lines as commands, commands before their time, bare
// newlines. Rows of smtp/checks/rows.h of stage BEHAVIOUR; their modes are those of all recipients, for none is known.
#include "smtp/session/session_state.h"

#include <stdio.h>
#include <string.h>

#include "smtp/checks/check.h"
#include "smtp/checks/reply_text.h"

#define SAMPLE 100 // of what was said, for the log; as much as postscreen shows

static unsigned mode_of(const struct session *session, enum bs_check check)
{
	return session_policy(session)->checks.mode[check];
}

static const char *client_name(const struct session *session)
{
	return judgement_client_name(session->judgement);
}

static bool is_spared(const struct session *session)
{
	return bs_action_spares(session_policy(session)->class[session->class].action);
}

// The row's reply; `detail` may be NULL.
static size_t format_reply(
	struct session *session, enum bs_check check, const char *detail, char line[REPLY_LINE])
{
	const struct bs_policy *policy = session_policy(session);
	const struct reply_values values = {&session->facts, client_name(session), detail};
	int length = snprintf(line, REPLY_LINE, "%u %.11s ", checks[check].code,
		checks[check].enhanced); // at most 16
	return (size_t)length + reply_text(check_reply(policy, check), &values, policy->contact,
					line + length, REPLY_LINE - (size_t)length);
}

static void end_with(struct session *session, enum bs_check check, enum ending ending)
{
	char line[REPLY_LINE];
	session->around.counters->check[check].answered++;
	session_send(session, line, format_reply(session, check, NULL, line));
	session_end(session, ending, REPLY_COUNT);
}

// What was said, made harmless for a line of the log.
static void clean(const char *bytes, size_t count, char text[SAMPLE + 1])
{
	if (count > SAMPLE)
		count = SAMPLE;
	for (size_t i = 0; i < count; i++)
		text[i] = (char)(bytes[i] < 32 || bytes[i] > 126 ? '?' : bytes[i]);
	text[count] = 0;
}

static bool judge_command(struct session *session, enum bs_check check, const char *bytes,
	size_t count, const char *after)
{
	unsigned mode = mode_of(session, check);
	char text[SAMPLE + 1];
	if (mode == BS_MODE_OFF || is_spared(session))
		return false;
	session->around.counters->check[check].hit++;
	clean(bytes, count, text);
	if (mode == BS_MODE_OBSERVE) {
		bs_log(session->around.log, BS_LOG_WARNING,
			"warning: non-SMTP command from %.60s[%s]: %s session=%s",
			client_name(session), session->address, text, session->id);
		return false;
	}
	bs_log(session->around.log, BS_LOG_INFO,
		"NON-SMTP COMMAND from [%s]:%u after %s: %s session=%s", session->address,
		session->client.port, after, text, session->id);
	end_with(session, check, ENDING_PROTOCOL);
	return true;
}

bool session_ends_foreign(struct session *session, enum command_sort sort, const char *line,
	size_t length, const char *after)
{
	switch (sort) {
	case COMMAND_SMTP:
		break;
	case COMMAND_FOREIGN:
		return judge_command(session, BS_CHECK_NON_SMTP_COMMAND, line, length, after);
	case COMMAND_HEADER:
		return judge_command(session, BS_CHECK_HEADER_COMMAND, line, length, after);
	}
	return false;
}

// A TLS record is no line: who sends one waits for an answer, and its end may never come.
bool session_ends_binary(struct session *session, const uint8_t *bytes, size_t count)
{
	if (line_begun(&session->line) || bytes[0] != COMMAND_TLS_HANDSHAKE || is_spared(session) ||
		mode_of(session, BS_CHECK_NON_SMTP_COMMAND) != BS_MODE_ENFORCE)
		return false;
	session_command(session, (const char *)bytes, count < SAMPLE ? count : SAMPLE);
	return session->phase == PHASE_CLOSED;
}

bool session_ends_early_talk(struct session *session)
{
	unsigned mode = mode_of(session, BS_CHECK_PIPELINING);
	session->around.counters->check[BS_CHECK_PIPELINING].hit += mode != BS_MODE_OFF;
	if (mode == BS_MODE_ENFORCE) {
		end_with(session, BS_CHECK_PIPELINING, ENDING_SYNCHRONISATION);
		return true;
	}
	if (mode == BS_MODE_OBSERVE)
		bs_log(session->around.log, BS_LOG_WARNING,
			"warning: improper command pipelining after %s from %.60s[%s] session=%s",
			session->where, client_name(session), session->address, session->id);
	return false;
}

// An allowed client whose bare newlines the operator wants mended.
static bool is_mended_by_wish(const struct session *session)
{
	return session_allowed(session) &&
	       session_policy(session)->allowed_bare_newline == BS_BARE_NEWLINE_NORMALISE;
}

// The backend never gets a bare CR, LF or NUL: a mail that is not refused for one is mended.
// As the recipients' policy says: they agree (session_recipient_judged()).
static unsigned newline_mode(const struct session *session)
{
	return bs_check_mode(session_policy(session), session->policy_row, BS_CHECK_BARE_NEWLINE);
}

bool session_mends_newlines(const struct session *session)
{
	return newline_mode(session) != BS_MODE_ENFORCE || is_mended_by_wish(session);
}

static const char *name_faults(uint8_t faults)
{
	if (faults & DATA_NUL)
		return "NUL";
	return faults & DATA_BARE_LF ? "bare <LF>" : "bare <CR>";
}

bool session_refuses_newlines(struct session *session, char line[REPLY_LINE])
{
	struct bs_worker_counters *counters = session->around.counters;
	struct mail *mail = session->mail;
	uint8_t faults = mail->parser.faults & (DATA_BARE_CR | DATA_BARE_LF | DATA_NUL);
	bool by_wish = is_mended_by_wish(session);
	if (faults == 0)
		return false;
	// What a NUL stood for nobody knows (RFC 5321, 4.5.2).
	if (!mail->parser.normalise || ((faults & DATA_NUL) && !by_wish)) {
		counters->check[BS_CHECK_BARE_NEWLINE].hit++;
		counters->check[BS_CHECK_BARE_NEWLINE].answered++;
		counters->smuggling++;
		format_reply(session, BS_CHECK_BARE_NEWLINE, name_faults(faults), line);
		return true;
	}
	if (!mail->mended && !by_wish && newline_mode(session) == BS_MODE_OBSERVE) {
		counters->check[BS_CHECK_BARE_NEWLINE].hit++;
		bs_log(session->around.log, BS_LOG_WARNING,
			"warning: message has %s, mended, from %.60s[%s] session=%s",
			name_faults(faults), client_name(session), session->address, session->id);
	}
	mail->mended = true;
	return false;
}
