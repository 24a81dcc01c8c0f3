// SPDX-License-Identifier: BSD-3-Clause
//
// One step after the other, always in this order: the session's output goes out, then its wish is carried out, then it
// is fed. A session with a full send ring, a backend call under way or a ring about to be replaced waits for the
// event that ends it.
#include "smtp/worker/conversation.h"

#include <stddef.h>

#include "dataplane/seam/log.h"
#include "smtp/worker/conversation_state.h"

// Steps of one conversation before others have their turn.
#define STEPS_A_TURN 32
// How long a client has to take the last words: they are in its receive window after one round trip, or never.
#define LAST_WORDS_MS 30000

enum progress { PROGRESS_AGAIN, PROGRESS_WAIT, PROGRESS_OVER };

void conversation_queue(struct conversation *c)
{
	if (c->queued || c->in_turn)
		return;
	c->queued = true;
	TAILQ_INSERT_TAIL(&c->all->run, c, run);
}

// RFC 3463, X.3.2: system not accepting network messages.
static void turn_away(struct bs_streams *streams, uint32_t number)
{
	static const char text[] = "421 4.3.2 no resources for a session now, try again later\r\n";
	bs_stream_write(&streams->stream[number], text, sizeof(text) - 1);
	bs_stream_wish(streams, number, BS_WISH_SEND | BS_WISH_CLOSE);
}

static void news(void *context)
{
	struct conversation *c = context;
	c->judged = true;
	conversation_queue(c);
}

// Without memory for a judgement nothing is held against the client but what the lists say.
static void open_judgement(struct conversation *c)
{
	if (c->all->judge.heap == NULL)
		return;
	c->judgement = judgement_new(&c->all->judge, news, c);
	session_judged_by(c->session, c->judgement);
}

struct conversation *conversation_open(
	struct conversations *all, struct bs_streams *streams, uint32_t number)
{
	struct bs_stream *stream = &streams->stream[number];
	struct conversation *c = heap_take_kept(all->session.heap, sizeof(*c));
	struct session *session = c == NULL ? NULL
					    : session_new(
						      &all->session, &stream->client, all->now_ms);
	if (session == NULL) {
		heap_release_kept(all->session.heap, c, sizeof(*c));
		turn_away(streams, number);
		return NULL;
	}
	*c = (struct conversation){.all = all,
		.streams = streams,
		.stream = stream,
		.number = number,
		.session = session};
	stream->session = c;
	LIST_INSERT_HEAD(&all->all, c, entry);
	open_judgement(c);
	if (all->draining)
		session_drain(session, all->now_ms);
	conversation_queue(c);
	return c;
}

// The stream is let go with the last wish; it may belong to another client the moment after.
static void end(struct conversation *c)
{
	struct conversations *all = c->all;
	struct bs_streams *streams = c->streams;
	uint32_t number = c->number;
	uint32_t wishes = c->wishes | (c->dead ? BS_WISH_ABORT : BS_WISH_CLOSE);
	timers_remove(&all->timers, &c->timer);
	LIST_REMOVE(c, entry);
	if (c->queued)
		TAILQ_REMOVE(&all->run, c, run);
	if (c->delivery != NULL)
		all->backend->operations->close(c->delivery);
	session_free(c->session);
	judgement_free(c->judgement);
	c->stream->session = NULL;
	heap_release_kept(all->session.heap, c, sizeof(*c));
	bs_stream_wish(streams, number, wishes);
}

// True when the session has nothing left to say. Else the send ring is full, and an event will come when it moves:
// the wish for it is raised first and the ring looked at again after, so that a move in between is not missed.
static bool flush(struct conversation *c)
{
	size_t count;
	const uint8_t *bytes;
	while ((bytes = session_output(c->session, &count)), count != 0) {
		if (c->dead) {
			session_output_sent(c->session, count);
			continue;
		}
		uint32_t most = count < BS_STREAM_TX ? (uint32_t)count : BS_STREAM_TX;
		uint32_t written = bs_stream_write(c->stream, bytes, most);
		if (written != 0) {
			session_output_sent(c->session, written);
			c->wishes |= BS_WISH_SEND;
			continue;
		}
		if (c->wants_room)
			return false;
		c->wants_room = true;
		bs_stream_wish(c->streams, c->number, c->wishes | BS_WISH_ROOM);
		c->wishes = 0;
	}
	return true;
}

// The session says where it ends for the client; that can't be told any more.
static void lose(struct conversation *c)
{
	c->dead = true;
	if (!c->lost_told) {
		c->lost_told = true;
		session_lost(c->session, c->all->now_ms);
	}
}

void conversation_grow(struct conversation *c)
{
	if (!session_in_data(c->session) || c->dead || c->growing ||
		c->stream->rx_mask >= BS_STREAM_RX)
		return;
	c->growing = true;
	c->wishes |= BS_WISH_GROW;
}

static enum progress take_input(struct conversation *c)
{
	const uint8_t *bytes;
	if (c->growing || c->dead)
		return PROGRESS_WAIT;
	uint32_t count = bs_stream_peek(c->stream, &bytes);
	if (count == 0) {
		if (!c->eof || c->eof_told)
			return PROGRESS_WAIT;
		c->eof_told = true;
		session_eof(c->session, c->all->now_ms);
		return PROGRESS_AGAIN;
	}
	bool in_data = session_in_data(c->session);
	session_pending(c->session, bytes_waiting(c->stream));
	size_t taken = session_feed(c->session, bytes, count, c->all->now_ms);
	bs_stream_consume(c->stream, (uint32_t)taken);
	c->consumed += (uint32_t)taken;
	c->all->fed += taken;
	if (!in_data)
		conversation_grow(c);
	size_t output;
	session_output(c->session, &output);
	if (taken == 0 && output == 0 && session_wish(c->session) == WISH_NOTHING) {
		bs_log(c->all->session.log, BS_LOG_ERROR, "%s: internal error: input not taken",
			session_id(c->session));
		lose(c); // better one connection than a worker that never sleeps
	}
	return PROGRESS_AGAIN;
}

static enum progress advance(struct conversation *c)
{
	if (!flush(c)) {
		if (session_wish(c->session) == WISH_CLOSE && c->last_words_ms == 0)
			c->last_words_ms = c->all->now_ms + LAST_WORDS_MS;
		return PROGRESS_WAIT;
	}
	if (c->calling)
		return PROGRESS_WAIT;
	enum session_wish wish = session_wish(c->session);
	switch (wish) {
	case WISH_NOTHING:
		return take_input(c);
	case WISH_CLOSE:
		end(c);
		return PROGRESS_OVER;
	case WISH_JUDGE:
		if (!c->judged)
			return PROGRESS_WAIT;
		c->judged = false;
		session_pending(c->session, bytes_waiting(c->stream));
		session_judge_again(c->session, c->all->now_ms);
		return PROGRESS_AGAIN;
	default:
		conversation_call(c, wish);
		return PROGRESS_AGAIN;
	}
}

// What a turn leaves behind: one wish for all that was gathered, and the timer.
static void settle(struct conversation *c)
{
	if (c->consumed != 0 && !c->growing &&
		(c->consumed > c->stream->rx_mask / 2 || bytes_waiting(c->stream) == 0)) {
		c->wishes |= BS_WISH_WINDOW;
		c->consumed = 0;
	}
	uint64_t deadline = session_deadline(c->session);
	if (c->last_words_ms != 0 && c->last_words_ms < deadline)
		deadline = c->last_words_ms;
	timers_set(&c->all->timers, &c->timer, deadline);
	if (c->wishes != 0)
		bs_stream_wish(c->streams, c->number, c->wishes);
	c->wishes = 0;
}

void conversation_turn(struct conversation *c)
{
	enum progress progress = PROGRESS_AGAIN;
	c->queued = false;
	TAILQ_REMOVE(&c->all->run, c, run);
	c->in_turn = true;
	for (int step = 0; step < STEPS_A_TURN && progress == PROGRESS_AGAIN; step++)
		progress = advance(c);
	if (progress == PROGRESS_OVER)
		return;
	c->in_turn = false;
	settle(c);
	if (progress == PROGRESS_AGAIN)
		conversation_queue(c);
}

// A mail comes faster than its window allows.
static void grow_again(struct conversation *c)
{
	if (!session_in_data(c->session) || c->dead || c->growing)
		return;
	c->growing = true;
	c->wishes |= BS_WISH_GROW;
}

void conversation_events(struct conversation *c, uint32_t events)
{
	if (events & BS_EVENT_GROWN)
		c->growing = false;
	if (events & BS_EVENT_CRAMPED)
		grow_again(c);
	if (events & BS_EVENT_WRITABLE)
		c->wants_room = false;
	if (events & BS_EVENT_EOF)
		c->eof = true;
	if (events & BS_EVENT_DEAD)
		lose(c);
	conversation_queue(c);
}

struct conversation *conversation_of_timer(struct timer *timer)
{
	return (struct conversation *)((char *)timer - offsetof(struct conversation, timer));
}

// A client that has left a full send ring unread up to its deadline reads nothing more: the rest of the output is
// dropped, so that the session's wishes (to abandon a mail, to close) can be carried out.
void conversation_expired(struct conversation *c)
{
	uint64_t now_ms = c->all->now_ms;
	size_t unsent;
	if (session_deadline(c->session) <= now_ms) {
		session_output(c->session, &unsent);
		session_expired(c->session, now_ms);
		if (unsent != 0)
			lose(c);
	}
	if (c->last_words_ms != 0 && c->last_words_ms <= now_ms)
		lose(c);
	conversation_queue(c);
}

struct conversation *conversation_next(const struct conversation *c)
{
	return LIST_NEXT(c, entry);
}

void conversation_drain(struct conversation *c)
{
	session_drain(c->session, c->all->now_ms);
	conversation_queue(c);
}

void conversation_kill(struct conversation *c)
{
	session_kill(c->session, c->all->now_ms);
	conversation_queue(c);
}

void conversation_view(const struct conversation *c, struct bs_view *view)
{
	session_view(c->session, c->all->now_ms, view);
	view->state = BS_VIEW_TALKING;
}

void conversation_abort(struct conversation *c)
{
	c->dead = true;
	end(c);
}
