// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_state.h"

#include <stdio.h>

#include "smtp/session/answer.h"
#include "smtp/worker/heap.h"

#define LINGER_MS  5000u // for the server's goodbye
#define RESOLVE_MS 100u  // how often it is looked whether the name is resolved

void relay_answer(struct relay *relay, const struct session_answer *answer)
{
	if (relay->call == CALL_NONE || relay->answered)
		return;
	relay->answered = true;
	if (answer != &relay->answer)
		relay->answer = *answer;
}

static void answer_ok(struct relay *relay)
{
	struct session_answer answer;
	relay_answer_set(relay, &answer, 250, "2.0.0", "Ok");
	relay_answer(relay, &answer);
}

void relay_forget_mail(struct relay *relay)
{
	struct heap *heap = relay->around.heap;
	relay->content = CONTENT_NONE;
	relay->accepted = 0;
	relay->retry = false;
	relay->bytes = NULL;
	relay->count = 0;
	if (relay->job_busy) {
		relay->forget_later = true;
		return;
	}
	if (relay->link.state != LINK_CLOSED)
		link_use_buffer(&relay->link, NULL, 0);
	heap_release(heap, relay->buffer);
	heap_release(heap, relay->piece);
	heap_release(heap, relay->took);
	relay->buffer = relay->piece = NULL;
	relay->took = NULL;
	spool_digest_free(relay->digest);
	relay->digest = NULL;
	spool_close(&relay->spool);
}

static uint32_t timeout_of(const struct relay *relay, enum relay_owed owed)
{
	const struct backend_settings *settings = &relay->backend->settings;
	if (owed == OWED_DATA)
		return settings->data_timeout_ms;
	return owed == OWED_END ? settings->end_timeout_ms : settings->command_timeout_ms;
}

// When we have waited long enough for what we wait for.
static uint64_t deadline(const struct relay *relay)
{
	const struct backend_settings *settings = &relay->backend->settings;
	if (relay->link.state == LINK_CONNECTING)
		return relay->progress_ms + settings->connect_timeout_ms;
	if (relay->link.state == LINK_CLOSED)
		return relay->resolve_ms != 0 ? relay_now(relay) + RESOLVE_MS : TIMERS_NEVER;
	if (relay->closed)
		return relay->progress_ms + LINGER_MS;
	if (link_unsent(&relay->link) != 0)
		return relay->progress_ms + settings->write_timeout_ms;
	if (relay->owed_count != 0)
		return relay->progress_ms + timeout_of(relay, relay->owed[0]);
	return TIMERS_NEVER;
}

void relay_settle(struct relay *relay)
{
	struct poller *poller = relay->around.poller;
	uint64_t due = deadline(relay);
	if (relay->closed && relay->link.state == LINK_CLOSED && !relay->job_busy) {
		poller_remove(poller, &relay->link.watch);
		relay_forget_mail(relay);
		heap_release(relay->around.heap, relay);
		return;
	}
	if (due == TIMERS_NEVER)
		poller_rest(poller, &relay->link.watch);
	else
		poller_wait(poller, &relay->link.watch, due);
	if (!relay->answered || relay->job_busy || relay->closed)
		return;
	struct session_answer answer = relay->answer;
	relay->answered = false;
	relay->call = CALL_NONE;
	relay->done(relay->context, &answer);
}

static void protocol_error(struct relay *relay)
{
	relay_lost_link(relay, LINK_NONSENSE);
}

static void take_reply(struct relay *relay)
{
	struct session_answer answer;
	relay->progress_ms = relay_now(relay);
	if (relay->closed)
		return;
	enum relay_owed owed = relay->owed[0];
	bool unasked = relay->owed_count == 0 ||
		       (owed == OWED_END && link_unsent(&relay->link) != 0);
	if (unasked && relay->content != CONTENT_NONE) {
		relay_content_early(relay);
		return;
	}
	if (unasked) {
		protocol_error(relay);
		return;
	}
	if (relay->link.reply.code == 421 && owed != OWED_GREETING) {
		relay_answer_reply(relay, owed, &answer);
		relay_lost(relay, &answer);
		return;
	}
	relay->heard |= relay->ready; // greeting and EHLO are not yet about the call
	if (owed == OWED_END) {
		relay_end_heard(relay);
		return;
	}
	relay->owed_count--;
	for (unsigned i = 0; i < relay->owed_count; i++)
		relay->owed[i] = relay->owed[i + 1];
	if (owed <= OWED_HELO)
		relay_greeted(relay, owed);
	else
		relay_heard(relay, owed);
	relay_say(relay);
}

// Bounded: content is moved as far as the call gave it, replies are taken as far as they are owed, and one that is not
// ends the connection.
void relay_pump(struct relay *relay)
{
	uint32_t sent = 0;
	if (relay->link.state == LINK_CONNECTING && !relay_connected(relay))
		return;
	while (relay->link.state == LINK_OPEN) {
		relay_content_move(relay);
		if (relay->link.state != LINK_OPEN)
			return;
		bool good = link_flush(&relay->link, &sent);
		if (sent != 0)
			relay->progress_ms = relay_now(relay);
		// also after an error: the server may have said why
		enum link_input input = link_read(&relay->link);
		if (input == LINK_REPLY)
			take_reply(relay);
		else if (input != LINK_NOTHING || !good)
			relay_lost_link(relay, input == LINK_NOTHING ? LINK_ENDED : input);
		else if (sent == 0 || relay->bytes == NULL) // room for more, and more to move
			return;
	}
}

void relay_proceed(struct relay *relay)
{
	relay->heard = false;
	relay->reused = relay->ready;
	if (relay->link.state == LINK_CLOSED) {
		relay_connect(relay);
	} else {
		// What came before we ask belongs to nothing that we ask.
		enum link_input input = relay->owed_count == 0 ? link_read(&relay->link)
							       : LINK_NOTHING;
		if (input == LINK_NOTHING)
			relay_say(relay);
		else
			relay_lost_link(relay, input == LINK_REPLY && relay->link.reply.code != 421
						       ? LINK_NONSENSE
						       : LINK_ENDED);
	}
	relay_pump(relay);
}

static void ready(struct poller_watch *watch)
{
	struct relay *relay = (struct relay *)watch;
	relay_pump(relay);
	relay_settle(relay);
}

static void expired(struct poller_watch *watch)
{
	struct relay *relay = (struct relay *)watch;
	relay_timed_out(relay);
	relay_pump(relay);
	relay_settle(relay);
}

struct delivery *relay_open(struct backend *backend, const struct delivery_surroundings *around,
	const char *id, delivery_done *done, void *context)
{
	struct relay *relay = heap_take(around->heap, sizeof(*relay));
	if (relay == NULL)
		return NULL;
	(void)id; // the server gives the mail its own
	relay->link.watch = (struct poller_watch){.fd = -1, .ready = ready, .expired = expired};
	relay->backend = (struct relay_backend *)backend;
	relay->around = *around;
	relay->done = done;
	relay->context = context;
	relay->spool.fd = -1;
	return (struct delivery *)relay;
}

static void begin_transaction(struct relay *relay, uint32_t number)
{
	if (relay->content == CONTENT_STREAM) // never: the session abandons it first
		link_close(&relay->link, relay->around.poller);
	relay_forget_mail(relay);
	relay->number = number;
	relay->broken = false;
	relay->todo_reset |= relay->mail_open;
	relay->mail_open = false;
}

void relay_recipient(struct delivery *delivery, const struct session_envelope *envelope,
	const struct mailbox *recipient)
{
	struct relay *relay = relay_of(delivery);
	struct session_answer answer;
	relay->call = CALL_RECIPIENT;
	relay->envelope = envelope;
	relay->asked = *recipient;
	if (relay->number != envelope->number)
		begin_transaction(relay, envelope->number);
	if (recipient_cache_find(relay->backend->cache, recipient, relay_now(relay)) ==
		RECIPIENT_UNKNOWN) {
		answer_unknown(&answer, recipient);
		snprintf(answer.detail, sizeof(answer.detail), "cache");
		relay->around.counters->recipients_cached++;
		relay_answer(relay, &answer);
	} else if (relay->broken) {
		relay_answer(relay, &relay->broken_answer);
	} else {
		relay->todo_mail = !relay->mail_open;
		relay->todo_rcpt = true;
		relay_proceed(relay);
	}
	relay_settle(relay);
}

static bool out_of_turn(struct relay *relay, bool wrong)
{
	struct session_answer answer;
	if (relay->broken) {
		relay_answer(relay, &relay->broken_answer);
		return true;
	}
	if (wrong) {
		relay_answer_set(
			relay, &answer, 451, "4.3.0", "internal error, please try again later");
		relay_answer(relay, &answer);
	}
	return wrong;
}

void relay_begin(struct delivery *delivery, const struct session_envelope *envelope)
{
	struct relay *relay = relay_of(delivery);
	relay->call = CALL_BEGIN;
	relay->envelope = envelope;
	if (!out_of_turn(relay, envelope->number != relay->number ||
					envelope->recipient_count != relay->accepted ||
					relay->content != CONTENT_NONE)) {
		if (!relay_digest_begin(relay)) {
			out_of_turn(relay, true);
		} else if (relay_retry_needed(relay)) {
			relay_retry_begin(relay);
		} else {
			relay->todo_data = true;
			relay_proceed(relay);
		}
	}
	relay_settle(relay);
}

static void content(struct relay *relay, enum relay_call call, const uint8_t *bytes, size_t count)
{
	relay->call = call;
	if (!out_of_turn(
		    relay, relay->content != CONTENT_STREAM && relay->content != CONTENT_SPOOL)) {
		relay->bytes = bytes;
		relay->count = count;
		if (relay->content == CONTENT_SPOOL) {
			relay_retry_write(relay);
		} else {
			relay_digest(relay, bytes, count);
			relay_pump(relay);
		}
	}
	relay_settle(relay);
}

void relay_write(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	content(relay_of(delivery), CALL_WRITE, bytes, count);
}

void relay_commit(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	content(relay_of(delivery), CALL_COMMIT, bytes, count);
}

void relay_abandon(struct delivery *delivery)
{
	struct relay *relay = relay_of(delivery);
	relay->call = CALL_WRITE;
	if (relay->content == CONTENT_STREAM) // RFC 5321 has no other way to take DATA back
		relay_hang_up(relay);
	relay_forget_mail(relay);
	answer_ok(relay);
	relay_settle(relay);
}

void relay_close(struct delivery *delivery)
{
	struct relay *relay = relay_of(delivery);
	bool at_rest = relay->call == CALL_NONE && relay->ready && relay->owed_count == 0 &&
		       relay->content != CONTENT_STREAM;
	relay->closed = true;
	relay->resolve_ms = 0;
	if (at_rest)
		relay_quit(relay);
	else
		relay_hang_up(relay);
	relay_settle(relay);
}
