// SPDX-License-Identifier: BSD-3-Clause
//
// From nothing to EHLO's reply, and from anything to nothing.
#include "smtp/relay/relay_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void relay_hang_up(struct relay *relay)
{
	link_close(&relay->link, relay->around.poller);
	relay->owed_count = 0;
	relay->ready = relay->mail_open = relay->mail_refused = relay->todo_reset = false;
}

void relay_owes(struct relay *relay, enum relay_owed owed)
{
	if (relay->owed_count == 0)
		relay->progress_ms = relay_now(relay);
	relay->owed[relay->owed_count++] = owed;
}

static void opened(struct relay *relay)
{
	relay->around.counters->backend_connections++;
	relay_owes(relay, OWED_GREETING);
}

// RFC 3463, X.4.1: no answer from host.
static void describe_failure(struct relay *relay, struct session_answer *answer)
{
	char buffer[60];
	relay_answer_set(relay, answer, 451, "4.4.1",
		"no answer from the mail server, please try again later");
	snprintf(answer->detail, sizeof(answer->detail), "%.60s: %.60s", relay->backend->place.text,
		strerror_r(relay->link.error, buffer, sizeof(buffer)));
}

void relay_next_address(struct relay *relay, const struct session_answer *why)
{
	struct session_answer failure = *why;
	struct relay_address address;
	while (relay_backend_address(relay->backend, relay->attempt, &address, &relay->address)) {
		relay->attempt++;
		relay->progress_ms = relay_now(relay);
		if (link_connect(&relay->link, relay->around.poller, &address)) {
			if (relay->link.state == LINK_OPEN)
				opened(relay);
			return;
		}
		describe_failure(relay, &failure);
	}
	relay_lost(relay, &failure);
}

// RFC 3463, X.4.3: directory server failure.
static void not_resolved(struct relay *relay, struct session_answer *answer)
{
	relay_answer_set(relay, answer, 451, "4.4.3",
		"the mail server's address is not known, please try again later");
}

void relay_resolve_again(struct relay *relay)
{
	struct session_answer answer;
	not_resolved(relay, &answer);
	if (relay_backend_resolved(relay->backend)) {
		relay->resolve_ms = 0;
		relay_next_address(relay, &answer);
	} else if (relay_now(relay) >= relay->resolve_ms) {
		relay->resolve_ms = 0;
		relay_lost(relay, &answer);
	}
}

void relay_connect(struct relay *relay)
{
	relay->attempt = 0;
	relay->resolve_ms = relay_now(relay) + relay->backend->settings.connect_timeout_ms;
	relay_resolve_again(relay);
}

bool relay_connected(struct relay *relay)
{
	struct session_answer answer;
	if (!link_connected(&relay->link, relay->around.poller))
		return false;
	if (relay->link.state == LINK_OPEN) {
		opened(relay);
		return true;
	}
	describe_failure(relay, &answer);
	relay_next_address(relay, &answer);
	return relay->link.state == LINK_OPEN;
}

// RFC 3463, X.4.2: bad connection.
static void describe_loss(struct relay *relay, struct session_answer *answer, const char *what)
{
	char text[100];
	snprintf(text, sizeof(text), "%s, please try again later", what);
	relay_answer_set(relay, answer, 451, "4.4.2", text);
	snprintf(answer->detail, sizeof(answer->detail), "%.80s: %.40s", relay->backend->place.text,
		what);
}

void relay_timed_out(struct relay *relay)
{
	struct session_answer answer;
	if (relay->closed) {
		relay_hang_up(relay);
	} else if (relay->link.state == LINK_CONNECTING) {
		link_close(&relay->link, relay->around.poller);
		relay->link.error = ETIMEDOUT;
		describe_failure(relay, &answer);
		relay_next_address(relay, &answer);
	} else if (relay->link.state == LINK_CLOSED) {
		relay_resolve_again(relay);
	} else {
		describe_loss(relay, &answer, "the mail server does not answer in time");
		relay_lost(relay, &answer);
	}
}

void relay_lost_link(struct relay *relay, enum link_input input)
{
	struct session_answer answer;
	if (relay->closed) {
		relay_hang_up(relay);
		return;
	}
	if (input == LINK_NONSENSE) {
		relay_answer_set(relay, &answer, 451, "4.3.0",
			"protocol error of the mail server, please try again later");
		snprintf(answer.detail, sizeof(answer.detail), "%.80s: protocol error",
			relay->backend->place.text);
	} else {
		describe_loss(relay, &answer, "the connection to the mail server was dropped");
	}
	relay_lost(relay, &answer);
}

// A server may end a connection that was idle for long; then a new one is as good, unless it has heard of the
// transaction.
static bool may_try_again(const struct relay *relay)
{
	if (!relay->reused || relay->heard)
		return false;
	return (relay->call == CALL_RECIPIENT && relay->accepted == 0) ||
	       (relay->call == CALL_COMMIT && relay->retry && relay->content == CONTENT_SPOOL);
}

void relay_lost(struct relay *relay, const struct session_answer *answer)
{
	relay_hang_up(relay);
	if (may_try_again(relay)) {
		relay->reused = false;
		relay->todo_mail = true;
		relay->todo_rcpt = !relay->retry;
		relay_connect(relay);
		return;
	}
	relay->around.counters->backend_failures++;
	relay_backend_failed(relay->backend, answer->detail, relay_now(relay), relay->around.log);
	relay_outcome_keep(relay);
	relay->broken =
		true; // also when nobody was accepted yet: the next RCPT need not wait as long
	relay->broken_answer = *answer;
	relay->todo_mail = relay->todo_rcpt = relay->todo_data = false;
	relay_answer(relay, answer);
	relay_forget_mail(relay);
}

static void hello(struct relay *relay, const char *verb, enum relay_owed owed)
{
	link_say(&relay->link, "%s %s\r\n", verb, relay->backend->hello);
	relay_owes(relay, owed);
}

// What it says to us says nothing of any sender or mail: never a 5xx for the client.
static void refused_us(struct relay *relay, const char *when)
{
	char text[80];
	struct session_answer answer;
	relay_answer_set(relay, &answer, 451, "4.3.2",
		"the mail server accepts no mail now, please try again later");
	snprintf(answer.detail, sizeof(answer.detail), "%.40s: %s: %u %.50s",
		relay->backend->place.text, when, relay->link.reply.code,
		reply_reader_line(&relay->link.reply, text, sizeof(text)));
	relay_hang_up(relay);
	relay_next_address(relay, &answer);
}

static void welcome(struct relay *relay, bool extended)
{
	relay->offers = extended ? relay_offers_read(&relay->link.reply) : (struct relay_offers){0};
	relay->ready = true;
	relay_backend_works(relay->backend, relay->address, &relay->offers, relay_now(relay),
		relay->around.log);
}

void relay_greeted(struct relay *relay, enum relay_owed owed)
{
	bool lmtp = relay->backend->place.lmtp;
	unsigned code = relay->link.reply.code, class = code / 100;
	if (class == 3)
		relay_lost_link(relay, LINK_NONSENSE);
	else if (owed == OWED_GREETING && class == 2)
		hello(relay, lmtp ? "LHLO" : "EHLO", OWED_EHLO);
	else if (owed == OWED_GREETING)
		refused_us(relay, "greeting");
	else if (class == 2)
		welcome(relay, owed == OWED_EHLO);
	else if (owed == OWED_EHLO && class == 5 && !lmtp)
		hello(relay, "HELO", OWED_HELO); // RFC 5321, 4.1.1.1
	else
		refused_us(relay, "EHLO");
}

void relay_quit(struct relay *relay)
{
	uint32_t sent;
	relay->progress_ms = relay_now(relay);
	// The server closes first, so that the port is not held for TIME_WAIT on our side.
	if (!link_say(&relay->link, "QUIT\r\n") || !link_flush(&relay->link, &sent) ||
		link_unsent(&relay->link) != 0)
		relay_hang_up(relay);
}
