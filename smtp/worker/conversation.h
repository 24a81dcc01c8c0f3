// SPDX-License-Identifier: BSD-3-Clause
//
// A conversation: one session, its stream and its delivery, and the carrying to and fro between them. The worker
// (smtp/worker/worker.c) says when; here is what.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "dataplane/seam/stream.h"
#include "smtp/backend.h"
#include "smtp/judge/judge.h"
#include "smtp/session/session.h"
#include "smtp/worker/timers.h"

struct conversation;
TAILQ_HEAD(conversation_run, conversation);
LIST_HEAD(conversation_list, conversation);

// All conversations of a worker and what they share.
struct conversations {
	struct session_surroundings session;
	struct delivery_surroundings delivery;
	struct backend *backend;
	uint64_t now_ms; // of the turn
	bool draining;
	struct timers timers;
	struct conversation_list all;
	struct judge judge;          // what its checks share; without a heap there are none
	struct conversation_run run; // those with something to do
	uint64_t fed;                // bytes that sessions took, ever
};

// Begins a conversation on a stream with BS_EVENT_OPEN. Without memory the client is told 421 and the stream is
// let go; NULL then.
struct conversation *conversation_open(
	struct conversations *all, struct bs_streams *streams, uint32_t number);
// BS_EVENT bits came.
void conversation_events(struct conversation *conversation, uint32_t events);
// A bounded piece of the work; joins the run list again when there is more. The conversation may be over after it.
void conversation_turn(struct conversation *conversation);
// The conversation that a timer of `all->timers` belongs to.
struct conversation *conversation_of_timer(struct timer *timer);
// Its timer fired.
void conversation_expired(struct conversation *conversation);
// The next one in `all->all`, or NULL.
struct conversation *conversation_next(const struct conversation *conversation);
// We are stopping.
void conversation_drain(struct conversation *conversation);
// The operator wants it gone.
void conversation_kill(struct conversation *conversation);
void conversation_view(const struct conversation *conversation, struct bs_view *view);
// Ends it at once with a reset. No backend call may be under way.
void conversation_abort(struct conversation *conversation);
