// SPDX-License-Identifier: BSD-3-Clause
//
// Replies, what they count as, and the end of a session.
#include "smtp/session/session_state.h"

#include <string.h>

void session_send(struct session *session, const char *line, size_t length)
{
	if (session->lost)
		return;
	if (session->output_start == session->output_end) {
		session->output_start = session->output_end = 0;
		session->output_ms = session->now_ms;
	}
	if (length > OUTPUT_SIZE - 2u - session->output_end)
		length = OUTPUT_SIZE - 2u - session->output_end; // never: OUTPUT_ROOM was free
	memcpy(session->output + session->output_end, line, length);
	memcpy(session->output + session->output_end + length, "\r\n", 2);
	session->output_end = (uint16_t)(session->output_end + length + 2);
}

// True when one more error can be borne.
static bool bear_error(struct session *session)
{
	session->errors++;
	if (session->errors <= session_policy(session)->errors)
		return true;
	session_end(session, ENDING_ERRORS, REPLY_MANY_ERRORS);
	return false;
}

bool session_bear_excess(struct session *session)
{
	session->overshoot++;
	return session->overshoot <= RECIPIENT_OVERSHOOT || bear_error(session);
}

void session_reply_line(struct session *session, const char *line)
{
	if (line[0] < '4')
		session->accepted[session->verb]++;
	if (line[0] != '5' || bear_error(session))
		session_send(session, line, strlen(line));
}

void session_reply_with(struct session *session, enum reply reply, const char *argument)
{
	char line[REPLY_LINE];
	reply_format(reply, argument, session_policy(session)->contact, line);
	session_reply_line(session, line);
}

void session_reply(struct session *session, enum reply reply)
{
	session_reply_with(session, reply, NULL);
}

void session_reject(struct session *session, enum reply reply, const char *argument,
	const struct mailbox *recipient)
{
	char line[REPLY_LINE];
	reply_format(reply, argument, session_policy(session)->contact, line);
	session_log_reject(session, line, recipient);
	session_reply_line(session, line);
}

static void count(struct bs_worker_counters *counters, enum ending ending)
{
	switch (ending) {
	case ENDING_LOST:
		counters->lost++;
		break;
	case ENDING_TIMEOUT:
		counters->timeouts++;
		break;
	case ENDING_ERRORS:
	case ENDING_COMMANDS:
		counters->errors_limit++;
		break;
	case ENDING_SYNCHRONISATION:
		counters->synchronisation++;
		break;
	case ENDING_PROTOCOL: // counted where it was found
	case ENDING_QUIT:
	case ENDING_HARVEST: // the same
	case ENDING_DENIED:
	case ENDING_DRAINING:
	case ENDING_KILLED:
	case ENDING_TROUBLE:
	case ENDING_SWALLOWED:
	case ENDING_VERDICT:
		break;
	}
}

void session_end(struct session *session, enum ending ending, enum reply reply)
{
	if (session->phase == PHASE_CLOSED)
		return;
	if (reply != REPLY_COUNT) {
		char line[REPLY_LINE];
		size_t length = reply_format(reply, NULL, session_policy(session)->contact, line);
		session_send(session, line, length);
	}
	session_log_ending(session, ending);
	if (session->mail != NULL)
		session_log_mail(session, "aborted", "no final reply");
	session_log_disconnect(session);
	session_teach(session, ending);
	count(session->around.counters, ending);
	session->around.counters->sessions_ended++;
	session->phase = PHASE_CLOSED;
	session_wants(session, WISH_CLOSE);
}
