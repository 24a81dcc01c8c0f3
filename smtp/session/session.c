// SPDX-License-Identifier: BSD-3-Clause
//
// The contract of session.h: bytes in, bytes out, wishes, time.
#include "smtp/session/session_state.h"

#include <stddef.h>
#include <string.h>

struct session *session_new(
	const struct session_surroundings *around, const struct bs_client *client, uint64_t now_ms)
{
	struct session *session = heap_take_kept(around->heap, sizeof(*session));
	if (session == NULL)
		return NULL;
	memset(session, 0, offsetof(struct session, output));
	session->around = *around;
	session->client = *client;
	session->class = (uint8_t)client->class;
	session->now_ms = now_ms;
	session->command_ms = now_ms;
	session->where = "CONNECT";
	if (around->sources != NULL && client->counted)
		session->source = bs_source_find(around->sources, &client->address);
	session->facts = (struct facts){.client = client->address,
		.local = client->local_address,
		.helo = session->helo_name};
	session->wish = WISH_NOTHING;
	bs_session_id(session->id, client->dataplane, client->serial);
	bs_address_format(&client->address, session->address);
	around->counters->sessions++;
	around->counters->sessions_now++;
	return session;
}

void session_hold_policy(struct session *session)
{
	if (session->holds)
		return;
	session->policy = bs_policy_hold(session_policy(session));
	session->holds = true;
}

void session_let_policy_go(struct session *session)
{
	if (session->holds)
		bs_policy_release(session->policy);
	session->holds = false;
	session->policy = NULL;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	struct heap *heap = session->around.heap;
	if (session->phase != PHASE_CLOSED) { // we are stopping and don't wait for it
		session->lost = true;
		session_end(session, ENDING_DRAINING, REPLY_COUNT);
	}
	session->around.counters->sessions_now--;
	session_let_policy_go(session);
	heap_release(heap, session->mail);
	heap_release(heap, session->envelope.recipient);
	line_release(&session->line, heap);
	heap_release_kept(heap, session, sizeof(*session));
}

void session_judged_by(struct session *session, struct judgement *judgement)
{
	session->judgement = judgement;
	session_prepare(session);
}

void session_wants(struct session *session, enum session_wish wish)
{
	session->wish = (uint8_t)wish;
	session->wish_ms = session->now_ms;
}

bool session_allowed(const struct session *session)
{
	return session_policy(session)->class[session->class].action == BS_ACTION_ALLOW;
}

void session_reset_transaction(struct session *session)
{
	struct heap *heap = session->around.heap;
	session_let_policy_go(session);
	heap_release(heap, session->mail);
	session->mail = NULL;
	heap_release(heap, session->envelope.recipient);
	session->recipient_room = 0;
	session->envelope = (struct session_envelope){0};
	session->transaction = false;
	if (session->phase == PHASE_DATA)
		session->phase = PHASE_COMMAND;
}

static bool has_output(const struct session *session)
{
	return session->output_end > session->output_start;
}

void session_boundary(struct session *session)
{
	if (session->phase == PHASE_CLOSED || session->wish != WISH_NOTHING)
		return;
	session->command_ms = session->now_ms;
	if (session->lost || session->eof) // nothing more comes, to complete a mail neither
		session_end(session, ENDING_LOST, REPLY_COUNT);
	else if (session->killed)
		session_end(session, ENDING_KILLED, REPLY_KILLED);
	else if (session->draining && session->phase == PHASE_COMMAND &&
		 !line_begun(&session->line))
		session_end(session, ENDING_DRAINING, REPLY_DRAINING);
}

static size_t feed_command(struct session *session, const uint8_t *bytes, size_t count)
{
	size_t taken = 0, length = 0;
	const char *text = NULL;
	if (session_ends_binary(session, bytes, count))
		return count;
	enum line_result result = line_feed(&session->line, session->around.heap,
		session_policy(session)->line_length, bytes, count, &taken, &text, &length);
	session->waiting -= taken;
	switch (result) {
	case LINE_PARTIAL:
		return taken;
	case LINE_WHOLE:
		session_command(session, text, length);
		break;
	case LINE_BARE_LF:
		session_bad_line(session, REPLY_BARE_LF_LINE);
		break;
	case LINE_TOO_LONG:
		session_bad_line(session, REPLY_LINE_TOO_LONG);
		break;
	case LINE_NO_MEMORY:
		session_end(session, ENDING_TROUBLE, REPLY_NO_MEMORY);
		break;
	}
	session_boundary(session);
	return taken;
}

size_t session_feed(struct session *session, const uint8_t *bytes, size_t count, uint64_t now_ms)
{
	session->now_ms = now_ms;
	if (session->waiting < count)
		session->waiting = count;
	size_t taken = 0;
	while (taken < count && session->wish == WISH_NOTHING &&
		OUTPUT_SIZE - session->output_end >= OUTPUT_ROOM) {
		if (session->phase == PHASE_DATA)
			taken += session_data_feed(session, bytes + taken, count - taken);
		else
			taken += feed_command(session, bytes + taken, count - taken);
	}
	return taken;
}

void session_pending(struct session *session, size_t bytes_waiting)
{
	session->waiting = bytes_waiting;
}

void session_eof(struct session *session, uint64_t now_ms)
{
	session->now_ms = now_ms;
	session->eof = true;
	if (session->wish == WISH_NOTHING)
		session_end(session, ENDING_LOST, REPLY_COUNT);
}

void session_lost(struct session *session, uint64_t now_ms)
{
	// With output still waiting no wish was taken up.
	bool free_to_end = session->wish == WISH_NOTHING || session->wish == WISH_JUDGE ||
			   has_output(session);
	session->now_ms = now_ms;
	session->lost = true;
	session->output_start = session->output_end = 0;
	if (session->phase != PHASE_CLOSED && free_to_end)
		session_end(session, ENDING_LOST, REPLY_COUNT);
}

void session_drain(struct session *session, uint64_t now_ms)
{
	session->now_ms = now_ms;
	session->draining = true;
	if (session->wish == WISH_NOTHING && session->phase == PHASE_COMMAND &&
		!line_begun(&session->line))
		session_end(session, ENDING_DRAINING, REPLY_DRAINING);
}

void session_kill(struct session *session, uint64_t now_ms)
{
	session->now_ms = now_ms;
	session->killed = true;
	if (session->wish == WISH_NOTHING || session->wish == WISH_JUDGE)
		session_end(session, ENDING_KILLED, REPLY_KILLED);
}

uint64_t session_deadline(const struct session *session)
{
	uint64_t timeout = session_policy(session)->command_timeout_ms;
	if (has_output(session))
		return session->output_ms + timeout;
	if (session->wish != WISH_NOTHING)
		return UINT64_MAX;
	if (session->phase == PHASE_DATA)
		return session_data_deadline(session);
	return session->command_ms + timeout;
}

void session_expired(struct session *session, uint64_t now_ms)
{
	if (now_ms < session_deadline(session))
		return;
	session->now_ms = now_ms;
	if (has_output(session)) { // the client doesn't read: nothing can be said to it
		session->lost = true;
		session->output_start = session->output_end = 0;
	}
	if (session->phase != PHASE_CLOSED)
		session_end(session, ENDING_TIMEOUT, REPLY_TIMEOUT);
}

enum session_wish session_wish(const struct session *session)
{
	return (enum session_wish)session->wish;
}

void session_answer(struct session *session, const struct session_answer *answer, uint64_t now_ms)
{
	enum session_wish wish = (enum session_wish)session->wish;
	if (wish == WISH_NOTHING || wish == WISH_CLOSE || wish == WISH_JUDGE)
		return;
	session->now_ms = now_ms;
	session->wish = WISH_NOTHING;
	if (session->lost && wish != WISH_COMMIT) {
		session_end(session, ENDING_LOST, REPLY_COUNT);
		return;
	}
	switch (wish) {
	case WISH_RECIPIENT:
		session_recipient_answered(session, answer);
		break;
	case WISH_OPEN:
		session_data_answered(session, answer);
		break;
	case WISH_WRITE:
	case WISH_COMMIT:
	case WISH_ABANDON:
		session_content_answered(session, wish, answer);
		break;
	case WISH_NOTHING:
	case WISH_CLOSE:
	case WISH_JUDGE:
		break;
	}
	session_boundary(session);
}

const struct mailbox *session_recipient(const struct session *session)
{
	return &session->recipient;
}

const struct session_envelope *session_envelope(const struct session *session)
{
	return &session->envelope;
}

const uint8_t *session_content(const struct session *session, size_t *count)
{
	*count = session->mail == NULL ? 0 : session->mail->filled;
	return session->mail == NULL ? NULL : session->mail->content;
}

bool session_in_data(const struct session *session)
{
	return session->phase == PHASE_DATA && !session->mail->parser.ended;
}

const uint8_t *session_output(const struct session *session, size_t *count)
{
	*count = (size_t)(session->output_end - session->output_start);
	return (const uint8_t *)session->output + session->output_start;
}

void session_output_sent(struct session *session, size_t count)
{
	session->output_start = (uint16_t)(session->output_start + count);
	session->output_ms = session->now_ms;
	if (session->output_start == session->output_end)
		session->output_start = session->output_end = 0;
}

const char *session_id(const struct session *session)
{
	return session->id;
}
