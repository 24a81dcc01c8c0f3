// SPDX-License-Identifier: BSD-3-Clause
//
// What a conversation is made of, for the files smtp/conversation*.c only.
#pragma once

#include "smtp/worker/conversation.h"

struct conversation {
	struct timer timer;
	LIST_ENTRY(conversation) entry;
	TAILQ_ENTRY(conversation) run;
	struct conversations *all;
	struct bs_streams *streams;
	struct bs_stream *stream;
	uint32_t number;   // of the stream
	uint32_t wishes;   // gathered in a turn, raised together at its end
	uint32_t consumed; // since the last BS_WISH_WINDOW
	bool queued;       // in the run list
	bool in_turn;
	bool calling;    // a backend call is under way
	bool growing;    // BS_WISH_GROW is not answered: rx may not be touched
	bool wants_room; // BS_WISH_ROOM is not answered
	bool eof, eof_told;
	bool dead; // nothing can be sent any more: the network says so, or we gave up
	bool lost_told;
	uint64_t last_words_ms; // when an unread farewell is given up; 0: no farewell yet
	struct session *session;
	struct judgement *judgement; // may be NULL: then only lists judge
	bool judged;                 // news of the judgement that the session was not told
	struct delivery *delivery;   // made when first wanted
};

// Joins the run list, unless it is in it or at work.
void conversation_queue(struct conversation *conversation);
// Asks for the larger ring when a mail begins. Until the answer the ring is the dataplane's.
void conversation_grow(struct conversation *conversation);
// Takes a wish up: all but WISH_NOTHING and WISH_CLOSE. The answer may come before it returns.
void conversation_call(struct conversation *conversation, enum session_wish wish);

static inline uint32_t bytes_waiting(struct bs_stream *stream)
{
	return atomic_load_explicit(&stream->rx_head, memory_order_acquire) -
	       atomic_load_explicit(&stream->rx_tail, memory_order_relaxed);
}
