// SPDX-License-Identifier: BSD-3-Clause
//
// One command line: what holds for all of them (limits, synchronisation, the client's class), then its handler.
#include "smtp/session/session_state.h"

#include <string.h>

// Takes up the policy for this command, and the client's class in it. Both may have changed since the last one: a list
// entry added at run time is in force at the next command. Within a transaction the policy of its MAIL goes on; only
// what the operator denies by hand ends that, too. True when it does.
static bool classify(struct session *session)
{
	const struct bs_policy *current = session->around.policy();
	uint8_t class = (uint8_t)session->client.class;
	if (current->classes != NULL)
		bs_policy_classify(current, &session->client.address, &class, 1);
	if (!session->holds)
		session->policy = current;
	if (session->policy == current)
		session->class = class < current->class_count ? class : BS_CLASS_PLAIN;
	return class == BS_CLASS_RUNTIME_DENY && current->overlay != NULL;
}

// The policy of a command is good for the turn under way only, but for one that is held.
static void leave_policy(struct session *session)
{
	if (!session->holds)
		session->policy = NULL;
}

// EHLO and DATA end a group of commands (RFC 2920, 3.1), and who said HELO has not been told of PIPELINING. Bytes
// behind these were sent without awaiting the reply: an injected command perhaps, certainly no mail server.
static bool out_of_turn(const struct session *session)
{
	if (session->waiting == 0)
		return false;
	return session->verb == VERB_EHLO || session->verb == VERB_HELO ||
	       session->verb == VERB_DATA || session->helo == HELO_SMTP;
}

static bool is_junk(const struct session *session)
{
	switch (session->verb) {
	case VERB_HELO:
	case VERB_EHLO:
		return session->helo != HELO_NONE;
	case VERB_RSET:
	case VERB_NOOP:
	case VERB_VRFY:
	case VERB_HELP:
		return true;
	default:
		return false;
	}
}

// A session ends between mails, never in the middle of an envelope that is within its own limits: who would be told 421
// there came back with the same envelope, again and again.
static bool within_limits(struct session *session)
{
	const struct bs_policy *policy = session_policy(session);
	if (is_junk(session) && ++session->junk > policy->junk_commands) {
		session_end(session, ENDING_COMMANDS, REPLY_MANY_JUNK);
		return false;
	}
	if (++session->commands > policy->commands && !session->transaction) {
		session_end(session, ENDING_COMMANDS, REPLY_MANY_COMMANDS);
		return false;
	}
	return true;
}

static void hello(struct session *session, const struct command *command)
{
	if (command->length == 0) {
		session_reply_with(session, REPLY_HELO_SYNTAX, verb_name(command->verb));
		return;
	}
	const char *space = memchr(command->argument, ' ', command->length);
	size_t length = space == NULL ? command->length : (size_t)(space - command->argument);
	received_clean_helo(command->argument, length, session->helo_name);
	session_reset_transaction(session); // RFC 5321, 4.1.4
	session->helo = command->verb == VERB_HELO ? HELO_SMTP : HELO_ESMTP;
	judgement_new_helo(session->judgement);
	session_prepare(session);
	session_judge_helo(session);
}

void session_helo_accepted(struct session *session)
{
	const char *hostname = session_policy(session)->hostname;
	char text[512];
	if (session->helo == HELO_SMTP) {
		session_reply_with(session, REPLY_HELO, hostname);
		return;
	}
	size_t count = reply_format_ehlo(hostname, session_size_limit(session),
		session_takes_eight_bit(session), text, sizeof(text));
	session->accepted[VERB_EHLO]++;
	session_send(session, text, count - 2); // its last CRLF is added again
}

// Syntax errors of MAIL and RCPT alike. True when `command` stands at the parameters.
static bool take_path(struct session *session, struct command *command, enum mailbox_path path,
	struct mailbox *mailbox)
{
	bool mail = path == MAILBOX_REVERSE;
	switch (command_path(command, path, mailbox)) {
	case PATH_OK:
		return true;
	case PATH_MISSING:
		session_reply_with(
			session, REPLY_SYNTAX, mail ? "MAIL FROM:<address>" : "RCPT TO:<address>");
		return false;
	case PATH_MALFORMED:
		session_reply(session, mail ? REPLY_SENDER_SYNTAX : REPLY_RECIPIENT_SYNTAX);
		return false;
	case PATH_EIGHT_BIT:
		session_reply(session, REPLY_EIGHT_BIT_ADDRESS);
		return false;
	}
	return false;
}

static bool take_parameters(
	struct session *session, const struct command *command, struct mail_parameters *parameters)
{
	switch (command_parameters(command, parameters)) {
	case PARAMETER_OK:
		return true;
	case PARAMETER_MALFORMED:
		session_reply(session, REPLY_PARAMETER);
		return false;
	case PARAMETER_UNSUPPORTED:
		session_reply(session, REPLY_PARAMETER_UNSUPPORTED);
		return false;
	}
	return false;
}

static void mail(struct session *session, struct command *command)
{
	uint64_t limit = session_size_limit(session);
	struct mail_parameters parameters;
	struct mailbox sender;
	if (session->helo == HELO_NONE) {
		session_reply(session, REPLY_HELO_FIRST);
		return;
	}
	if (session->transaction) {
		session_reply(session, REPLY_NESTED_MAIL);
		return;
	}
	if (!take_path(session, command, MAILBOX_REVERSE, &sender) ||
		!take_parameters(session, command, &parameters))
		return;
	if (parameters.eight_bit && !session_takes_eight_bit(session)) {
		session_reply(session, REPLY_PARAMETER_UNSUPPORTED);
		return;
	}
	session->envelope.sender = sender;
	if (limit > 0 && parameters.size > limit) {
		session->around.counters->too_large++;
		session_reject(session, REPLY_TOO_LARGE, NULL, NULL);
		session_reset_transaction(session);
		return;
	}
	session->envelope.number = ++session->transactions;
	session->envelope.declared_size = parameters.size;
	session->envelope.eight_bit = parameters.eight_bit;
	session->transaction = true;
	session_hold_policy(session);
	session->mail_ms = session->now_ms;
	judgement_new_sender(session->judgement);
	session_prepare(session);
	session_judge_mail(session);
}

static void rcpt(struct session *session, struct command *command)
{
	if (!session->transaction)
		session_reply(
			session, session->helo == HELO_NONE ? REPLY_HELO_FIRST : REPLY_NEED_MAIL);
	else if (take_path(session, command, MAILBOX_FORWARD, &session->recipient) &&
		 take_parameters(session, command, NULL))
		session_rcpt(session);
}

// DATA, RSET: no argument (RFC 5321, 4.1.1.4 and 4.1.1.5).
static bool bare(struct session *session, const struct command *command)
{
	if (command->length == 0)
		return true;
	session_reply_with(session, REPLY_SYNTAX, verb_name(command->verb));
	return false;
}

static void handle(struct session *session, struct command *command)
{
	switch (command->verb) {
	case VERB_HELO:
	case VERB_EHLO:
		hello(session, command);
		break;
	case VERB_MAIL:
		mail(session, command);
		break;
	case VERB_RCPT:
		rcpt(session, command);
		break;
	case VERB_DATA:
		if (bare(session, command))
			session_data(session);
		break;
	case VERB_RSET:
		if (bare(session, command)) {
			session_reset_transaction(session);
			session_reply(session, REPLY_OK);
		}
		break;
	case VERB_NOOP:
		session_reply(session, REPLY_OK);
		break;
	case VERB_VRFY:
		if (command->length == 0)
			session_reply_with(session, REPLY_SYNTAX, "VRFY address");
		else
			session_reply(session, REPLY_VRFY);
		break;
	case VERB_HELP:
		session_reply(session, REPLY_HELP);
		break;
	case VERB_STARTTLS:
	case VERB_AUTH:
	case VERB_BDAT:
	case VERB_EXPN:
	case VERB_ETRN:
		session_reply(session, REPLY_NOT_IMPLEMENTED);
		break;
	case VERB_UNKNOWN:
		session_reply(session, REPLY_NOT_RECOGNIZED);
		break;
	case VERB_GARBAGE:
	case VERB_QUIT:
	case VERB_COUNT:
		session_reply(session, REPLY_GARBAGE);
		break;
	}
}

// True when the client may not go on.
static bool begin(struct session *session, enum verb verb)
{
	session->verb = verb;
	session->where = verb_name(verb);
	session->total[verb]++;
	session->around.counters->commands++;
	return classify(session);
}

static void end_denied(struct session *session)
{
	session->around.counters->denied++;
	session_end(session, ENDING_DENIED, REPLY_DENIED);
}

void session_command(struct session *session, const char *text, size_t length)
{
	const char *after = session->where;
	struct command command;
	command_parse(text, length, &command);
	bool denied = begin(session, command.verb);
	if (command.verb == VERB_QUIT) {
		session_reply(session, REPLY_BYE);
		session_end(session, ENDING_QUIT, REPLY_COUNT);
	} else if (session->draining) {
		session_end(session, ENDING_DRAINING, REPLY_DRAINING);
	} else if (denied) {
		end_denied(session);
	} else if (session_verdict(session) != BS_VERDICT_NONE) {
		session->around.counters->verdicts_met++;
		session_end(session, ENDING_VERDICT, REPLY_VERDICT);
	} else if (!session_ends_foreign(session, command.sort, text, length, after) &&
		   !(out_of_turn(session) && session_ends_early_talk(session)) &&
		   within_limits(session)) {
		handle(session, &command);
	}
	leave_policy(session);
}

void session_bad_line(struct session *session, enum reply reply)
{
	if (begin(session, VERB_GARBAGE))
		end_denied(session);
	else if (within_limits(session))
		session_reply(session, reply);
	leave_policy(session);
}
