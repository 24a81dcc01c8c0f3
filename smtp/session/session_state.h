// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of a session, shared by the session_*.c files and nobody else:
//   session.c            the contract of session.h: bytes, wishes, time
//   session_command.c    one handler a command
//   session_judge.c      what the judge says
//   session_behaviour.c  what no mail server does
//   session_recipient.c  who may be written to
//   session_mail.c       from DATA to the final reply
//   session_trace.c      the headers that we write above a mail
//   session_reply.c      replies, refusals, the end of a session
//   session_source.c     what it teaches about its source
//   session_log.c        its log lines
//   session_view.c       how it looks from outside
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/session/command.h"
#include "smtp/session/data.h"
#include "smtp/judge/facts.h"
#include "smtp/judge/judge.h"
#include "smtp/session/header_filter.h"
#include "smtp/session/line.h"
#include "smtp/session/message_id.h"
#include "smtp/session/received.h"
#include "smtp/session/reply.h"
#include "smtp/session/session.h"

// Output holds the longest reply twice, so that a group of pipelined commands is answered in few segments; input is
// taken as long as the longest reply and a 421 behind it have room.
#define OUTPUT_SIZE 1280
#define OUTPUT_ROOM 640

#define CONTENT_SIZE 65536 // of a mail on its way to the backend

// A mail refused while it comes is swallowed to its end, so that the client gets the reply; but no more than so
// many times the size limit, or of this size where the limit is lower or none.
#define SWALLOW_FACTOR 4
#define SWALLOW_LEAST  (16u << 20)

// Recipients beyond the limit, and the same one again, are answered without being counted as errors, since an honest list
// server does that (RFC 5321, 4.5.3.1.10); but only so many.
#define RECIPIENT_OVERSHOOT 10000

enum phase { PHASE_COMMAND, PHASE_DATA, PHASE_CLOSED };
// What the judge was asked about.
enum judged { JUDGED_HELO, JUDGED_MAIL, JUDGED_RCPT };

enum helo { HELO_NONE, HELO_SMTP, HELO_ESMTP };

// Why a session ends.
enum ending {
	ENDING_QUIT,
	ENDING_LOST, // the client left
	ENDING_TIMEOUT,
	ENDING_ERRORS,
	ENDING_COMMANDS,
	ENDING_HARVEST, // too many unknown recipients
	ENDING_SYNCHRONISATION,
	ENDING_PROTOCOL, // it does not speak SMTP
	ENDING_DRAINING,
	ENDING_KILLED,    // by the operator
	ENDING_TROUBLE,   // ours
	ENDING_SWALLOWED, // a refused mail that does not end
	ENDING_DENIED,    // the operator denied the client meanwhile
	ENDING_VERDICT,   // on the source, for what other sessions did
};

// One mail from DATA to its final reply.
struct mail {
	struct data_parser parser;
	struct header_filter filter;
	struct message_id message_id;
	bool begun;        // the backend has it
	bool judged;       // `verdict` stands, be it before the end
	bool mended;       // a bare CR or LF was made CRLF
	uint64_t start_ms; // when 354 was given, moved on by the time that the backend took
	uint64_t progress_ms;
	uint32_t filled;
	char verdict[REPLY_LINE]; // the final reply, without CRLF
	char detail[sizeof(((struct session_answer *)0)->detail)];
	uint8_t content[CONTENT_SIZE];
};

struct session {
	struct session_surroundings around;
	struct bs_client client;
	char id[BS_SESSION_ID];
	char address[BS_ADDRESS_TEXT];
	uint64_t now_ms;     // of the latest call
	uint64_t command_ms; // when the time for the next command began
	uint64_t output_ms;  // when output began to wait
	uint64_t wish_ms;    // when the wish came up
	uint64_t mail_ms;    // of MAIL
	uint8_t wish;        // enum session_wish
	uint8_t phase;       // enum phase
	uint8_t helo;        // enum helo
	// Of the command under way, or of the whole transaction; NULL between commands, where each look is at the current one.
	const struct bs_policy *policy;
	bool holds;    // counted: from MAIL to the end of the mail
	uint8_t class; // row of policy->class at the latest command
	bool draining, killed, eof, lost;
	bool transaction;            // MAIL was accepted
	const char *where;           // "RCPT", "END-OF-MESSAGE": for the log
	enum verb verb;              // of the command under way
	struct judgement *judgement; // may be NULL
	struct facts facts;
	uint8_t judged;      // enum judged
	unsigned policy_row; // of the first recipient accepted
	size_t waiting;      // bytes of the client that were not taken yet
	struct line line;

	uint32_t total[VERB_COUNT], accepted[VERB_COUNT];
	uint32_t commands, errors, junk, unknown, overshoot;
	struct bs_source
		*source; // held by the connection until the driver lets go of it; may be NULL
	uint32_t refusals, mails_refused; // for good: 5xx that the log tells of; of these, mails
	uint32_t transactions;            // begun

	struct session_envelope envelope;
	uint32_t recipient_room;
	struct mailbox recipient; // the one in question
	struct mail *mail;        // NULL but in DATA
	char helo_name[RECEIVED_HELO];

	uint16_t output_start, output_end;
	char output[OUTPUT_SIZE];
};

_Static_assert(sizeof(struct session) <= 3072, "small before DATA");

static inline const struct bs_policy *session_policy(const struct session *session)
{
	return session->policy != NULL ? session->policy : session->around.policy();
}

// Largest mail in bytes that we and the backend take; 0: any.
static inline uint64_t session_size_limit(const struct session *session)
{
	uint64_t ours = session_policy(session)->message_size;
	const struct session_offers *offers = session->around.offers;
	uint64_t theirs = offers == NULL
				  ? 0
				  : atomic_load_explicit(&offers->size, memory_order_relaxed);
	return ours == 0 || (theirs != 0 && theirs < ours) ? theirs : ours;
}

static inline bool session_takes_eight_bit(const struct session *session)
{
	const struct session_offers *offers = session->around.offers;
	return offers == NULL || atomic_load_explicit(&offers->eight_bit, memory_order_relaxed);
}

// session.c
void session_wants(struct session *session, enum session_wish wish);
// The policy of the moment is kept until the transaction ends, so that a mail meets one policy from MAIL to its reply.
void session_hold_policy(struct session *session);
void session_let_policy_go(struct session *session);
// Back to the state after EHLO; keeps the session's counts.
void session_reset_transaction(struct session *session);
// A command or a mail has got its reply: what waited for that happens now.
void session_boundary(struct session *session);
// The client is on an allow list.
bool session_allowed(const struct session *session);

// session_command.c
void session_command(struct session *session, const char *text, size_t length);
// A line that is no command at all, and what it is answered.
void session_bad_line(struct session *session, enum reply reply);

// The reply to HELO or EHLO, when the judge has nothing against it.
void session_helo_accepted(struct session *session);

// session_judge.c
// Facts have come: what will be asked about them is asked now.
void session_prepare(struct session *session);
// Each goes on by itself when there is a verdict: session_helo_accepted(), the reply to MAIL, session_recipient_judged().
void session_judge_helo(struct session *session);
void session_judge_mail(struct session *session);
void session_judge_recipient(struct session *session);

// session_behaviour.c
// The first three: true when the session has ended for it. `after`: what was said before, for the log.
bool session_ends_foreign(struct session *session, enum command_sort sort, const char *line,
	size_t length, const char *after);
// Of bytes where a line would begin.
bool session_ends_binary(struct session *session, const uint8_t *bytes, size_t count);
bool session_ends_early_talk(struct session *session);
// Of a mail that begins: its bare newlines are made CRLF and not refused.
bool session_mends_newlines(const struct session *session);
// What came of the mail so far is refused for them; `line` becomes the reply.
bool session_refuses_newlines(struct session *session, char line[REPLY_LINE]);

// session_recipient.c
// RCPT for session->recipient.
void session_rcpt(struct session *session);
// The judge has nothing against it.
void session_recipient_judged(struct session *session);
void session_recipient_answered(struct session *session, const struct session_answer *answer);
// The recipient gets the answer of one that nobody has, be it unknown or a spamtrap, and counts as such; it may end the session.
void session_unknown(struct session *session, const struct session_answer *answer);

// session_mail.c
void session_data(struct session *session);
void session_data_answered(struct session *session, const struct session_answer *answer);
size_t session_data_feed(struct session *session, const uint8_t *bytes, size_t count);
// Of WISH_WRITE, WISH_COMMIT, WISH_ABANDON.
void session_content_answered(
	struct session *session, enum session_wish wish, const struct session_answer *answer);
uint64_t session_data_deadline(const struct session *session);

// session_trace.c
// Our headers with their CRLF; returns their length.
size_t session_trace(struct session *session, char text[TRACE_TEXT]);

// session_reply.c
// A line without CRLF into the output; nothing when the connection is lost.
void session_send(struct session *session, const char *line, size_t length);
// The reply to the command under way. One of 2xx or 3xx counts as accepted, a 5xx as an error; the error that is one
// too many gets 421 in its stead and ends the session. A 4xx is our trouble and counts as neither.
void session_reply_line(struct session *session, const char *line);
void session_reply_with(struct session *session, enum reply reply, const char *argument);
void session_reply(struct session *session, enum reply reply);
// A refusal that the log tells of; `recipient` may be NULL.
void session_reject(struct session *session, enum reply reply, const char *argument,
	const struct mailbox *recipient);
// One more of what is borne RECIPIENT_OVERSHOOT times; false when it was too much and the session has ended.
bool session_bear_excess(struct session *session);
// The session is over; its last word is `reply`, if not REPLY_COUNT. Does nothing the second time.
void session_end(struct session *session, enum ending ending, enum reply reply);

// session_source.c
// The verdict that other sessions have brought upon the source, when it is to end this one now; else BS_VERDICT_NONE.
unsigned session_verdict(const struct session *session);
// A recipient was asked for, or a mail accepted: counted against the source's rates.
void session_count(struct session *session, enum bs_rate rate);
// The session is over: what it teaches. The driver still holds the connection.
void session_teach(struct session *session, enum ending ending);

// session_log.c
void session_log_reject(struct session *session, const char *line, const struct mailbox *recipient);
// What a check that is only observed would have told.
void session_log_warning(
	struct session *session, const char *line, const struct mailbox *recipient);
// What checks came to, when they came to something.
void session_log_checks(struct session *session);
void session_log_ending(struct session *session, enum ending ending);
void session_log_disconnect(struct session *session);
// `status`: "sent", "deferred", "rejected", "aborted"; `line`: the reply, or why there was none.
void session_log_mail(struct session *session, const char *status, const char *line);
