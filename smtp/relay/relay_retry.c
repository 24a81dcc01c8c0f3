// SPDX-License-Identifier: BSD-3-Clause
//
// A mail may have come before and been taken by some of its recipients. Only its content tells, so it is kept in a
// file until it is whole; then a transaction is done anew with those that have not got it. Its commands go one at a time: it
// happens seldom.
#include "smtp/relay/relay_state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "smtp/worker/heap.h"

bool relay_retry_needed(const struct relay *relay)
{
	const struct session_envelope *envelope = relay->envelope;
	uint64_t seconds = (uint64_t)time(NULL);
	if (relay->backend->delivered == NULL)
		return false;
	for (uint32_t i = 0; i < envelope->recipient_count; i++)
		if (delivered_any(relay->backend->delivered, &envelope->sender,
			    &envelope->recipient[i], seconds))
			return true;
	return false;
}

void relay_retry_begin(struct relay *relay)
{
	struct session_answer answer;
	relay->content = CONTENT_SPOOL;
	relay_answer_set(relay, &answer, 250, "2.0.0", "Ok");
	relay_answer(relay, &answer);
}

static struct relay *of_job(struct helper_job *job)
{
	return (struct relay *)((char *)job - offsetof(struct relay, job));
}

static void submit(
	struct relay *relay, void (*work)(struct helper_job *), void (*after)(struct helper_job *))
{
	relay->job = (struct helper_job){.work = work, .after = after};
	relay->job_busy = true;
	relay->job_error = 0;
	helper_submit(relay->around.helpers, &relay->job);
}

// After a job: false when nobody wants its result any more.
static bool job_done(struct relay *relay)
{
	relay->job_busy = false;
	if (!relay->forget_later && !relay->closed)
		return true;
	relay->forget_later = false;
	relay_forget_mail(relay);
	relay_settle(relay);
	return false;
}

// On a helper thread.
static void store(struct helper_job *job)
{
	struct relay *relay = of_job(job);
	bool good = relay->spool.fd >= 0 || spool_open(&relay->spool);
	if (!good || !spool_append(&relay->spool, relay->bytes, relay->count)) {
		relay->job_error = errno;
		return;
	}
	relay_digest(relay, relay->bytes, relay->count);
	if (relay->digest == NULL || (relay->call == CALL_COMMIT &&
					     !spool_digest_end(relay->digest, relay->digest_value)))
		relay->job_error = ENOMEM;
}

static bool has_it(const struct relay *relay, uint32_t recipient)
{
	const struct session_envelope *envelope = relay->envelope;
	return delivered_has(relay->backend->delivered, &envelope->sender,
		&envelope->recipient[recipient], relay->digest_value, (uint64_t)time(NULL));
}

// Moves on to the next recipient without the mail, from `from` on; false when there is none.
static bool find_next(struct relay *relay, uint32_t from)
{
	for (relay->next = from; relay->next < relay->recipients; relay->next++) {
		if (!has_it(relay, relay->next)) {
			relay->asked = relay->envelope->recipient[relay->next];
			return true;
		}
		relay->around.counters->lmtp_spared++;
	}
	return false;
}

static void transact(struct relay *relay)
{
	relay->retry = true;
	relay->accepted = 0;
	relay->took_count = 0;
	relay->todo_reset |= relay->mail_open;
	relay->mail_open = false;
	if (!find_next(relay, 0)) {
		relay->mail_open = relay->link.state == LINK_OPEN; // what the client's RCPTs began
		relay->todo_reset = false;
		relay_outcome_conclude(relay);
		return;
	}
	relay->todo_mail = true;
	relay_proceed(relay);
}

static void fail(struct relay *relay, int error)
{
	struct session_answer answer;
	bool full = error == ENOSPC || error == EDQUOT;
	char buffer[60];
	relay_answer_set(relay, &answer, full ? 452 : 451, full ? "4.3.1" : "4.3.0",
		full ? "insufficient storage, please try again later"
		     : "temporary failure, please try again later");
	snprintf(answer.detail, sizeof(answer.detail), "spool: %.60s",
		strerror_r(error, buffer, sizeof(buffer)));
	relay_answer(relay, &answer);
	relay_forget_mail(relay);
}

static void stored(struct helper_job *job)
{
	struct relay *relay = of_job(job);
	if (!job_done(relay))
		return;
	relay->bytes = NULL;
	relay->count = 0;
	if (relay->job_error != 0)
		fail(relay, relay->job_error);
	else if (relay->call == CALL_COMMIT)
		transact(relay);
	else
		relay_retry_begin(relay);
	relay_settle(relay);
}

void relay_retry_write(struct relay *relay)
{
	submit(relay, store, stored);
}

static void ask_next(struct relay *relay, uint32_t from)
{
	if (find_next(relay, from))
		relay->todo_rcpt = true;
	else if (relay->took_count != 0)
		relay->todo_data = true;
	else
		relay_outcome_conclude(relay);
}

static void begin_resend(struct relay *relay)
{
	struct session_answer answer;
	relay->piece = heap_take(relay->around.heap, RELAY_BUFFER);
	if (relay->piece != NULL && relay_content_begin(relay, CONTENT_RESEND)) {
		relay_retry_read(relay);
		return;
	}
	relay_answer_set(
		relay, &answer, 452, "4.3.1", "insufficient memory, please try again later");
	relay_lost(relay, &answer);
}

void relay_retry_heard(struct relay *relay, enum relay_owed owed)
{
	struct session_answer answer;
	unsigned class = relay->link.reply.code / 100;
	relay_answer_reply(relay, owed, &answer);
	if (owed == OWED_MAIL && class == 2) {
		relay->mail_open = true;
		relay->todo_rcpt = true;
	} else if (owed == OWED_RCPT) {
		if (class == 2)
			relay->took[relay->took_count++] = relay->next;
		else
			relay_outcome_refused(relay, &answer);
		ask_next(relay, relay->next + 1);
	} else if (owed == OWED_DATA && class == 3) {
		begin_resend(relay);
	} else {
		relay_outcome_refused(relay, &answer);
		relay_outcome_conclude(relay);
	}
}

// On a helper thread.
static void fetch(struct helper_job *job)
{
	struct relay *relay = of_job(job);
	relay->piece_count = spool_next(&relay->spool, relay->piece, RELAY_BUFFER);
	relay->job_error = relay->piece_count < 0 ? errno : 0;
}

static void fetched(struct helper_job *job)
{
	struct relay *relay = of_job(job);
	if (!job_done(relay))
		return;
	if (relay->job_error != 0) {
		relay_hang_up(relay); // without the dot
		fail(relay, relay->job_error);
	} else {
		relay->bytes = relay->piece;
		relay->count = (size_t)relay->piece_count;
	}
	relay_pump(relay);
	relay_settle(relay);
}

void relay_retry_read(struct relay *relay)
{
	submit(relay, fetch, fetched);
}
