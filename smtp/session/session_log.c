// SPDX-License-Identifier: BSD-3-Clause
//
// What a session says in the log, in the words of Postfix's smtpd, which fail2ban, pflogsumm and logcheck know. Client text
// is made harmless first: no byte of it can end a field early. Lengths are bounded so that the session's id, which stands
// last, is never cut off (BS_LOG_TEXT).
#include "smtp/session/session_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CLIENT_FORMAT "%.60s[%s]"

static const char *client_name(const struct session *session)
{
	return judgement_client_name(session->judgement);
}

// An address for a log: what ends a field or an address there becomes '?'.
static char *neutral(const struct mailbox *mailbox, char text[MAILBOX_TEXT])
{
	mailbox_format(mailbox, text);
	if (mailbox->quoted)
		for (char *at = text; *at != 0; at++)
			if (strchr(" <>,;()", *at) != NULL)
				*at = '?';
	return text;
}

// As CLIENT_FORMAT.
static void put_client(struct bs_text *text, const struct session *session)
{
	bs_text_most(text, client_name(session), 60);
	bs_text_put(text, "[");
	bs_text_put(text, session->address);
	bs_text_put(text, "]");
}

static void put_session(struct bs_text *text, const struct session *session)
{
	bs_text_put(text, " session=");
	bs_text_put(text, session->id);
}

static const char *protocol(const struct session *session)
{
	return session->helo == HELO_ESMTP ? "ESMTP" : "SMTP";
}

static void log_reject(struct session *session, const char *what, const char *line,
	const struct mailbox *recipient)
{
	char address[MAILBOX_TEXT];
	struct bs_text *text = bs_log_begin(session->around.log);
	if (text == NULL)
		return;
	bs_text_put(text, "NOQUEUE: ");
	bs_text_put(text, what);
	bs_text_put(text, ": ");
	bs_text_put(text, verb_name(session->verb));
	bs_text_put(text, " from ");
	put_client(text, session);
	bs_text_put(text, ": ");
	bs_text_most(text, line, 300);
	bs_text_put(text, "; from=<");
	bs_text_most(text, neutral(&session->envelope.sender, address), 150);
	if (recipient != NULL) {
		bs_text_put(text, "> to=<");
		bs_text_most(text, neutral(recipient, address), 150);
	}
	bs_text_put(text, "> proto=");
	bs_text_put(text, protocol(session));
	bs_text_put(text, " helo=<");
	bs_text_most(text, session->helo_name, 80);
	bs_text_put(text, ">");
	put_session(text, session);
	bs_log_end(session->around.log, BS_LOG_INFO);
}

void session_log_reject(struct session *session, const char *line, const struct mailbox *recipient)
{
	session->refusals += line[0] == '5';
	session->mails_refused += line[0] == '5' && session->verb == VERB_DATA;
	log_reject(session, "reject", line, recipient);
}

void session_log_warning(struct session *session, const char *line, const struct mailbox *recipient)
{
	log_reject(session, "reject_warning", line, recipient);
}

void session_log_checks(struct session *session)
{
	char text[600];
	if (session->judgement == NULL)
		return;
	judgement_summary(session->judgement, text, sizeof(text));
	if (text[0] != 0)
		bs_log(session->around.log, BS_LOG_INFO, "%s: checks of " CLIENT_FORMAT ": %s",
			session->id, client_name(session), session->address, text);
}

static const char *describe(enum ending ending)
{
	switch (ending) {
	case ENDING_LOST:
		return "lost connection";
	case ENDING_TIMEOUT:
		return "timeout";
	case ENDING_ERRORS:
	case ENDING_HARVEST:
		return "too many errors";
	case ENDING_COMMANDS:
		return "too many commands";
	case ENDING_SYNCHRONISATION:
		return "improper command pipelining";
	case ENDING_DRAINING:
		return "shutting down";
	case ENDING_KILLED:
		return "ended by the operator";
	case ENDING_TROUBLE:
		return "out of memory";
	case ENDING_SWALLOWED:
		return "endless message";
	case ENDING_DENIED:
		return "denied by the operator";
	case ENDING_VERDICT:
		return "verdict on the client";
	case ENDING_PROTOCOL: // told with what was said
	case ENDING_QUIT:
		break;
	}
	return NULL;
}

void session_log_ending(struct session *session, enum ending ending)
{
	const char *what = describe(ending);
	char bytes[32] = "";
	if (what == NULL)
		return;
	if (session->phase == PHASE_DATA)
		snprintf(bytes, sizeof(bytes), " (%" PRIu64 " bytes)", session->mail->parser.bytes);
	bs_log(session->around.log, BS_LOG_INFO, "%s after %s%s from " CLIENT_FORMAT " session=%s",
		what, session->where, bytes, client_name(session), session->address, session->id);
}

// " rcpt=2/3": accepted of all, one number when they are the same.
static void put_count(struct bs_text *text, const char *name, uint32_t accepted, uint32_t total)
{
	bs_text_put(text, " ");
	bs_text_put(text, name);
	bs_text_put(text, "=");
	bs_text_number(text, accepted);
	if (accepted == total && total != 0)
		return;
	bs_text_put(text, "/");
	bs_text_number(text, total);
}

void session_log_disconnect(struct session *session)
{
	uint32_t accepted = 0, total = 0;
	session->total[VERB_UNKNOWN] += session->total[VERB_GARBAGE];
	struct bs_text *text = bs_log_begin(session->around.log);
	if (text == NULL)
		return;
	bs_text_put(text, "disconnect from ");
	put_client(text, session);
	for (int verb = 0; verb < VERB_GARBAGE; verb++) {
		if (session->total[verb] != 0)
			put_count(text, verb_lower_name((enum verb)verb), session->accepted[verb],
				session->total[verb]);
		accepted += session->accepted[verb];
		total += session->total[verb];
	}
	put_count(text, "commands", accepted, total);
	put_session(text, session);
	bs_log_end(session->around.log, BS_LOG_INFO);
}

// As many of the recipients from `first` on as fit; returns the first one left out.
static uint32_t list_recipients(
	const struct session_envelope *envelope, uint32_t first, char *text, size_t room)
{
	size_t length = 0;
	text[0] = 0;
	for (uint32_t i = first; i < envelope->recipient_count; i++) {
		char to[MAILBOX_TEXT];
		neutral(&envelope->recipient[i], to);
		size_t need = strlen(to) + 3;
		if (length + need >= room)
			return i;
		length += (size_t)snprintf(
			text + length, room - length, "%s<%s>", i > first ? "," : "", to);
	}
	return envelope->recipient_count;
}

void session_log_mail(struct session *session, const char *status, const char *line)
{
	const struct mail *mail = session->mail;
	const struct session_envelope *envelope = &session->envelope;
	char from[MAILBOX_TEXT], to[200];
	uint64_t delay = session->now_ms - session->mail_ms;
	uint32_t next = list_recipients(envelope, 0, to, sizeof(to));
	bs_log(session->around.log, BS_LOG_INFO,
		"%s: from=<%.100s>, to=%s%s, nrcpt=%u, size=%" PRIu64
		", message-id=%.120s, proto=%s, helo=<%.48s>, client=%.60s[%s]:%u, delay=%" PRIu64
		".%02u, backend=%.64s, status=%s (%.140s)",
		session->id, neutral(&envelope->sender, from), to,
		next < envelope->recipient_count ? "..." : "", envelope->recipient_count,
		mail->parser.bytes, mail->message_id.text[0] != 0 ? mail->message_id.text : "<>",
		protocol(session), session->helo_name, client_name(session), session->address,
		session->client.port, delay / 1000, (unsigned)(delay % 1000 / 10),
		mail->detail[0] != 0 ? mail->detail : "none", status, line);
	while (next < envelope->recipient_count) { // bounded by the policy's recipients
		char more[BS_LOG_TEXT - 64];
		next = list_recipients(envelope, next, more, sizeof(more));
		bs_log(session->around.log, BS_LOG_INFO, "%s: to=%s, status=%s", session->id, more,
			status);
	}
}
