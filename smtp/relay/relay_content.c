// SPDX-License-Identifier: BSD-3-Clause
//
// The mail's bytes, made transparent anew (RFC 5321, 4.5.2). What the session gives has CRLF line ends only, so no byte of it can
// end the mail early. A write is answered when all of it is in the buffer: the socket may be that much behind.
#include "smtp/relay/relay_state.h"

#include <string.h>

#include "smtp/worker/heap.h"

#define END_ROOM 5u // CRLF "." CRLF

bool relay_content_begin(struct relay *relay, enum relay_content content)
{
	relay->buffer = heap_take(relay->around.heap, RELAY_BUFFER);
	if (relay->buffer == NULL)
		return false;
	link_use_buffer(&relay->link, relay->buffer, RELAY_BUFFER);
	relay->content = content;
	relay->line_start = true;
	return true;
}

// Up to the end of a line, of the bytes or of the room. False when nothing went.
static bool move_piece(struct relay *relay)
{
	struct relay_link *link = &relay->link;
	uint32_t room = link_room(link);
	bool dot = relay->line_start && relay->bytes[0] == '.';
	if (room < 1u + dot)
		return false;
	if (dot) {
		link->out[link->out_end++] = '.';
		room--;
	}
	size_t most = relay->count < room ? relay->count : room;
	const uint8_t *newline = memchr(relay->bytes, '\n', most);
	if (newline != NULL)
		most = (size_t)(newline - relay->bytes) + 1;
	memcpy(link->out + link->out_end, relay->bytes, most);
	link->out_end += (uint32_t)most;
	relay->bytes += most;
	relay->count -= most;
	relay->line_start = newline != NULL;
	return true;
}

static void piece_moved(struct relay *relay)
{
	if (relay->content == CONTENT_RESEND && relay->piece_count != 0) {
		relay->bytes = NULL;
		relay_retry_read(relay);
	} else if (relay->call == CALL_COMMIT) {
		if (link_room(&relay->link) >= END_ROOM)
			relay_content_end(relay);
	} else {
		struct session_answer answer;
		relay->bytes = NULL;
		relay_answer_set(relay, &answer, 250, "2.0.0", "Ok");
		relay_answer(relay, &answer);
	}
}

void relay_content_move(struct relay *relay)
{
	bool moved = false, begins = link_unsent(&relay->link) == 0;
	if ((relay->content != CONTENT_STREAM && relay->content != CONTENT_RESEND) ||
		relay->bytes == NULL || relay->job_busy)
		return;
	while (relay->count != 0 && move_piece(relay))
		moved = true;
	if (moved && begins) // the time to take it begins now
		relay->progress_ms = relay_now(relay);
	if (relay->count == 0)
		piece_moved(relay);
}

void relay_content_end(struct relay *relay)
{
	struct relay_link *link = &relay->link;
	relay->bytes = NULL;
	// A reply that is there before the dot is none to it: taken for one, it could be a 250 to half a mail.
	enum link_input input = link_read(link);
	if (input == LINK_REPLY) {
		relay_content_early(relay);
		return;
	}
	if (input != LINK_NOTHING) {
		relay_lost_link(relay, input);
		return;
	}
	link_say(link, "%s.\r\n", relay->line_start ? "" : "\r\n");
	relay->mail_open = false;
	relay->ends_owed = relay->backend->place.lmtp ? relay->took_count : 1;
	relay->end_index = 0;
	relay_owes(relay, OWED_END);
}

// A refusal is one at any time; the connection is given up, since what the server reads next is unsure.
void relay_content_early(struct relay *relay)
{
	struct session_answer answer;
	if (relay->link.reply.code < 400) {
		relay_lost_link(relay, LINK_NONSENSE);
		return;
	}
	relay_answer_reply(relay, OWED_END, &answer);
	relay_lost(relay, &answer);
}
