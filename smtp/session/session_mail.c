// SPDX-License-Identifier: BSD-3-Clause
//
// From DATA to the final reply. The content goes to the backend in pieces as it comes; a mail found bad is forgotten
// there at once, the rest is swallowed, and the client is told at the mail's true end.
#include "smtp/session/session_state.h"

#include <string.h>

void session_data(struct session *session)
{
	if (!session->transaction) {
		session_reply(
			session, session->helo == HELO_NONE ? REPLY_HELO_FIRST : REPLY_NEED_MAIL);
		return;
	}
	if (session->envelope.recipient_count == 0) {
		session_reply(session, REPLY_NO_RECIPIENTS);
		return;
	}
	session->mail = heap_take(session->around.heap, sizeof(*session->mail));
	if (session->mail == NULL)
		session_reply(session, REPLY_STORAGE);
	else
		session_wants(session, WISH_OPEN);
}

static void count_refused(struct session *session)
{
	if (session->mail->verdict[0] == '4')
		session->around.counters->mails_deferred++;
	else
		session->around.counters->mails_refused++;
}

// The mail has its verdict and its end: say it, log it, be ready for the next.
static void conclude(struct session *session)
{
	struct mail *mail = session->mail;
	char line[REPLY_LINE];
	memcpy(line, mail->verdict, sizeof(line));
	if (line[0] == '2') {
		session->around.counters->mails_accepted++;
		session->around.counters->mail_bytes += mail->parser.bytes;
		session->junk = 0;
		session_count(session, BS_RATE_MAILS);
		session_log_mail(session, "sent", line);
	} else {
		count_refused(session);
		session_log_reject(session, line, NULL);
		session_log_mail(session, line[0] == '4' ? "deferred" : "rejected", line);
	}
	if (session->phase == PHASE_DATA)
		session->where = "END-OF-MESSAGE";
	session_reset_transaction(session);
	session_reply_line(session, line);
}

// The backend won't have it.
static void failed(struct session *session, const struct session_answer *answer)
{
	struct mail *mail = session->mail;
	mail->begun = false;
	mail->judged = true;
	mail->parser.discard = true;
	memcpy(mail->detail, answer->detail, sizeof(mail->detail));
	mail->detail[sizeof(mail->detail) - 1] = 0;
	if (answer->code >= 400)
		reply_format_answer(answer, NULL, mail->verdict);
	else
		reply_format(REPLY_BACKEND, NULL, NULL, mail->verdict);
}

// We won't have it, and mail->verdict says why.
static void forget(struct session *session)
{
	session->mail->judged = true;
	session->mail->parser.discard = true;
}

static void refuse(struct session *session, enum reply reply)
{
	forget(session);
	reply_format(reply, NULL, session_policy(session)->contact, session->mail->verdict);
}

void session_data_answered(struct session *session, const struct session_answer *answer)
{
	const struct bs_policy *policy = session_policy(session);
	struct mail *mail = session->mail;
	if (answer->code / 100 != 2) {
		failed(session, answer);
		conclude(session);
		return;
	}
	mail->begun = true;
	if (session->waiting > 0 && session_ends_early_talk(session)) // while the backend was asked
		return;
	mail->parser.normalise = session_mends_newlines(session);
	mail->parser.line_limit = policy->text_line_length;
	mail->start_ms = mail->progress_ms = session->now_ms;

	mail->filled = (uint32_t)session_trace(session, (char *)mail->content);
	session->envelope.trace_bytes = mail->filled;

	char line[REPLY_LINE];
	session_send(session, line, reply_format(REPLY_CONTENT, NULL, NULL, line));
	session->phase = PHASE_DATA;
}

// Looks whether what has come makes the mail unacceptable.
static void judge(struct session *session)
{
	struct bs_worker_counters *counters = session->around.counters;
	uint64_t limit = session_size_limit(session);
	const struct data_parser *parser = &session->mail->parser;
	if (session->mail->judged)
		return;
	if (session_refuses_newlines(session, session->mail->verdict)) {
		forget(session);
	} else if (parser->faults & DATA_LONG_LINE) {
		refuse(session, REPLY_TEXT_LINE_TOO_LONG);
	} else if (limit > 0 && parser->bytes > limit) {
		counters->too_large++;
		refuse(session, REPLY_TOO_LARGE);
	}
}

static bool swallowed_enough(const struct session *session)
{
	uint64_t limit = session_size_limit(session);
	if (limit < SWALLOW_LEAST)
		limit = SWALLOW_LEAST;
	return session->mail->parser.bytes / SWALLOW_FACTOR > limit;
}

// How much more content there is room for. What the filter holds back may come at any time.
static size_t content_room(const struct mail *mail)
{
	size_t used = mail->filled + (mail->filter.done ? 0 : HEADER_FILTER_HOLD);
	return used < CONTENT_SIZE ? CONTENT_SIZE - used : 0;
}

// Decides what follows from the content so far.
static void proceed(struct session *session)
{
	struct mail *mail = session->mail;
	if (mail->judged && mail->begun) {
		session_wants(session, WISH_ABANDON);
	} else if (mail->parser.ended) {
		if (mail->judged)
			conclude(session);
		else
			session_wants(session, WISH_COMMIT);
	} else if (mail->judged) {
		if (swallowed_enough(session)) {
			session_send(session, mail->verdict, strlen(mail->verdict));
			session_end(session, ENDING_SWALLOWED, REPLY_COUNT);
		}
	} else if (content_room(mail) < DATA_ROOM) {
		session_wants(session, WISH_WRITE);
	}
}

// The content without headers that claim to be ours; while the header lasts.
static size_t without_forgeries(struct session *session, uint8_t *bytes, size_t count)
{
	struct mail *mail = session->mail;
	const char *hostname = session_policy(session)->hostname;
	count = header_filter(&mail->filter, hostname, bytes, count);
	if (mail->parser.ended && !mail->filter.done)
		count += header_filter_end(&mail->filter, hostname, bytes + count);
	return count;
}

size_t session_data_feed(struct session *session, const uint8_t *bytes, size_t count)
{
	struct mail *mail = session->mail;
	uint8_t *out = mail->content + mail->filled;
	size_t taken = 0, given = 0;
	data_feed(&mail->parser, bytes, count, out, content_room(mail), &taken, &given);
	if (!mail->filter.done && !mail->parser.discard)
		given = without_forgeries(session, out, given);
	session->waiting -= taken;
	mail->progress_ms = session->now_ms;
	mail->filled += (uint32_t)given;
	message_id_feed(&mail->message_id, out, given);
	judge(session);
	proceed(session);
	session_boundary(session);
	return taken;
}

void session_content_answered(
	struct session *session, enum session_wish wish, const struct session_answer *answer)
{
	struct mail *mail = session->mail;
	// What the backend took is not the client's time.
	mail->start_ms += session->now_ms - session->wish_ms;
	mail->progress_ms = session->now_ms;
	if (wish == WISH_ABANDON) {
		mail->begun = false;
	} else if (answer->code / 100 != 2) {
		failed(session, answer);
	} else if (wish == WISH_WRITE) {
		mail->filled = 0;
		return;
	} else {
		mail->begun = false;
		mail->judged = true;
		memcpy(mail->detail, answer->detail, sizeof(mail->detail));
		mail->detail[sizeof(mail->detail) - 1] = 0;
		reply_format_answer(answer, session->id, mail->verdict);
	}
	proceed(session);
}

uint64_t session_data_deadline(const struct session *session)
{
	const struct bs_policy *policy = session_policy(session);
	const struct mail *mail = session->mail;
	uint64_t idle = mail->progress_ms + policy->data_timeout_ms;
	if (policy->data_rate == 0)
		return idle;
	uint64_t slow = mail->start_ms + policy->data_timeout_ms +
			mail->parser.bytes * 1000 / policy->data_rate;
	return idle < slow ? idle : slow;
}
