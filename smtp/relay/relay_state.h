// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of a delivery to a mail server, for the files smtp/relay*.c only.
//
// One call of the session is under way at a time (`call`). What the server owes replies to stands in `owed`, in order; what
// is to be said next follows from the todo flags. An answer is put down with relay_answer() and given by relay_settle(), the last
// act of every entry from outside, since the session may do anything with it.
#pragma once

#include "smtp/worker/helper.h"
#include "smtp/worker/poller.h"
#include "smtp/relay/relay_backend.h"
#include "smtp/relay/relay_link.h"
#include "smtp/relay/spool.h"

#define RELAY_BUFFER \
	32768u // of content on its way: half a session's piece, several segments of a fast network
#define RELAY_OWED 4u // RSET, MAIL, RCPT together

enum relay_call { CALL_NONE, CALL_RECIPIENT, CALL_BEGIN, CALL_WRITE, CALL_COMMIT };

enum relay_owed {
	OWED_GREETING,
	OWED_EHLO,
	OWED_HELO,
	OWED_RSET,
	OWED_MAIL,
	OWED_RCPT,
	OWED_DATA,
	OWED_END
};

enum relay_content {
	CONTENT_NONE,
	CONTENT_STREAM, // after 354: the session's bytes go out as they come
	CONTENT_SPOOL,  // they go into a file until it is known who gets them
	CONTENT_RESEND, // the file goes out
};

// What the final replies add up to.
struct relay_outcome {
	uint32_t took, refused; // recipients
	bool temporary;         // `refusal` is a 4xx
	struct session_answer success, refusal;
};

struct relay {
	struct relay_link link; // first: its watch is what the poller gives back
	struct relay_backend *backend;
	struct delivery_surroundings around;
	delivery_done *done;
	void *context;
	enum relay_call call;
	bool closed;   // by the session; memory goes when nothing holds it any more
	bool answered; // `answer` is ready to be given
	struct session_answer answer;

	// the connection
	unsigned attempt, address; // of the backend's addresses
	bool ready;                // EHLO is behind us
	bool reused, heard;        // it served a call before this one; a reply came to this one
	struct relay_offers offers;
	enum relay_owed owed[RELAY_OWED];
	unsigned owed_count;
	uint32_t ends_owed;   // final replies, when OWED_END is the first
	uint64_t progress_ms; // a reply came, a command was put down, bytes went out
	uint64_t resolve_ms;  // until when to wait for an address

	// the transaction
	uint32_t number; // the session's
	const struct session_envelope *envelope;
	struct mailbox asked;
	bool mail_open;    // MAIL was accepted on this connection
	bool mail_refused; // with `answer`; a RCPT sent behind it is still owed
	bool todo_reset, todo_mail, todo_rcpt, todo_data;
	uint32_t accepted; // recipients that the server has accepted
	bool broken;       // it can't go on; `broken_answer` says why
	struct session_answer broken_answer;

	// the mail
	enum relay_content content;
	bool line_start;      // the next byte of content begins a line
	const uint8_t *bytes; // of the call under way
	size_t count;
	uint8_t *buffer;             // RELAY_BUFFER while content goes out
	uint32_t trace_left;         // bytes of our own header that are not digested
	struct spool_digest *digest; // of LMTP mails with several recipients
	struct relay_outcome outcome;
	uint32_t recipients; // of the mail
	uint32_t *
		took; // LMTP: those that accepted RCPT now, then those that took the mail, as indices of the envelope
	uint32_t took_count, end_index;
	// relay_retry.c
	struct spool spool;
	struct helper_job job;
	bool job_busy, forget_later; // memory that the job uses stays until it is done
	int job_error;
	uint8_t *piece; // RELAY_BUFFER of the file
	ssize_t piece_count;
	bool retry;    // the transaction is done anew, with those that have not got the mail
	uint32_t next; // recipient to be asked for
	uint8_t digest_value[DELIVERED_DIGEST];
};

// relay.c: smtp/backend.h's calls
struct delivery *relay_open(struct backend *backend, const struct delivery_surroundings *around,
	const char *id, delivery_done *done, void *context);
void relay_recipient(struct delivery *delivery, const struct session_envelope *envelope,
	const struct mailbox *recipient);
void relay_begin(struct delivery *delivery, const struct session_envelope *envelope);
void relay_write(struct delivery *delivery, const uint8_t *bytes, size_t count);
void relay_commit(struct delivery *delivery, const uint8_t *bytes, size_t count);
void relay_abandon(struct delivery *delivery);
void relay_close(struct delivery *delivery);
// The call under way needs the server now.
void relay_proceed(struct relay *relay);
// Sends, reads and goes on as far as it can.
void relay_pump(struct relay *relay);
// Sets the deadline, gives the answer. The relay may be gone after it.
void relay_settle(struct relay *relay);
// The answer to the call under way; without one, or with one given already, nothing.
void relay_answer(struct relay *relay, const struct session_answer *answer);
// The mail, if there is one, is over: its memory goes.
void relay_forget_mail(struct relay *relay);

// relay_connect.c
void relay_connect(struct relay *relay);
// The next of the addresses; without one it is lost with `why`.
void relay_next_address(struct relay *relay, const struct session_answer *why);
// Its name was not resolved when it was asked for.
void relay_resolve_again(struct relay *relay);
// The time for connecting, resolving, replying or writing is over.
void relay_timed_out(struct relay *relay);
// Looks whether connecting has come to an end; true when the connection is open.
bool relay_connected(struct relay *relay);
// Of OWED_GREETING, OWED_EHLO, OWED_HELO.
void relay_greeted(struct relay *relay, enum relay_owed owed);
// The connection is no good any more: it is closed, and what depended on it is answered with `answer`.
void relay_lost(struct relay *relay, const struct session_answer *answer);
// The same for what the link found: the end, a reset, nonsense.
void relay_lost_link(struct relay *relay, enum link_input input);
// Closes at once: what was begun on the connection is given up.
void relay_hang_up(struct relay *relay);
// Says goodbye, or closes where that can't be.
void relay_quit(struct relay *relay);

// relay_transaction.c
// Says what is to be said, as far as the server lets us go ahead.
void relay_say(struct relay *relay);
void relay_owes(struct relay *relay, enum relay_owed owed);
// Of OWED_RSET to OWED_DATA.
void relay_heard(struct relay *relay, enum relay_owed owed);

// relay_content.c
bool relay_content_begin(
	struct relay *relay, enum relay_content content); // after 354; false without memory
// Moves content into the buffer as far as there is room.
void relay_content_move(struct relay *relay);
// What ends it was taken: the dot goes out.
void relay_content_end(struct relay *relay);
// A reply before it was owed.
void relay_content_early(struct relay *relay);

// relay_end.c
bool relay_digest_begin(struct relay *relay); // false without memory
void relay_digest(struct relay *relay, const uint8_t *bytes, size_t count);
void relay_end_heard(struct relay *relay);
// LMTP: recipient `index` of the envelope is refused with `answer` before the content.
void relay_outcome_refused(struct relay *relay, const struct session_answer *answer);
// All that can be known of the recipients is known: the answer.
void relay_outcome_conclude(struct relay *relay);
// The connection is lost after the dot: those that took the mail must not get it again.
void relay_outcome_keep(struct relay *relay);

// relay_retry.c
// One of the recipients may have got this mail before.
bool relay_retry_needed(const struct relay *relay);
void relay_retry_begin(struct relay *relay);
void relay_retry_write(struct relay *relay);
void relay_retry_heard(struct relay *relay, enum relay_owed owed);
void relay_retry_read(struct relay *relay); // the next piece of the file

// relay_answer.c
// `link.reply` for the client, in answer to its RCPT, DATA or mail.
void relay_answer_reply(struct relay *relay, enum relay_owed owed, struct session_answer *answer);
void relay_answer_set(struct relay *relay, struct session_answer *answer, uint16_t code,
	const char *enhanced, const char *text);

static inline struct relay *relay_of(struct delivery *delivery)
{
	return (struct relay *)delivery;
}

static inline uint64_t relay_now(const struct relay *relay)
{
	return poller_now(relay->around.poller);
}
