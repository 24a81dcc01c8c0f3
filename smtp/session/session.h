// SPDX-License-Identifier: BSD-3-Clause
//
// One SMTP session as a state machine without I/O: it is fed bytes and the passing of time, it gives bytes
// for the client and wishes for whoever drives it (smtp/worker/worker.c, a unit test, a fuzzer).
//
// RFC 5321 (SMTP), 1870 (SIZE), 2034 (ENHANCEDSTATUSCODES), 2920 (PIPELINING), 6152 (8BITMIME).
// The greeting was sent by the dataplane before the session began.
//
// Owner: one worker. Nothing here blocks, and nothing is called back but `say`.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/counters.h"
#include "control/policy/policy.h"
#include "dataplane/seam/inquiry.h"
#include "dataplane/seam/log.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/stream.h"
#include "smtp/worker/heap.h"
#include "smtp/mailbox.h"

struct judgement;
struct memory;
struct session;

// What the driver must do next. One at a time; as long as it is not WISH_NOTHING the session takes no
// input. Output (session_output) is passed on before the wish is acted upon, always; until then the session may
// change its mind (session_expired, session_lost). Once taken up, a wish stands until its session_answer(), whatever
// else happens, and no output comes up while it stands; after the answer the driver looks at session_wish() anew.
enum session_wish {
	WISH_NOTHING, // feed me
	WISH_JUDGE, // wait for news of the judgement, then session_judge_again(); no session_answer()
	WISH_RECIPIENT, // ask the backend about session_recipient(); then session_answer()
	WISH_OPEN,      // DATA: the backend prepares for session_envelope(); then session_answer()
	WISH_WRITE,     // session_content() goes to the backend; then session_answer()
	WISH_COMMIT, // session_content() are the last bytes, the mail is whole; then session_answer()
	WISH_ABANDON, // forget the mail begun by WISH_OPEN; then session_answer(), its argument is not looked at
	WISH_CLOSE, // close the connection after the output is sent; the session is over, takes no answer and
	// has logged its closing line; a mail begun is thrown away without a WISH_ABANDON
};

// The backend's verdict. For WISH_OPEN, WISH_WRITE code 250 means go on, all else ends the mail with
// that reply: the backend has forgotten it, no WISH_ABANDON follows. `enhanced` like "5.1.1", `text` one line without CRLF, cleaned by the backend.
struct session_answer {
	uint16_t code;
	char enhanced[12];
	char text[256];
	char detail[128]; // for the log: backend, queue id or file
};

struct session_envelope {
	uint32_t number;           // of the transaction in its session, from 1
	struct mailbox sender;     // empty local part and domain: <>
	struct mailbox *recipient; // accepted ones
	uint32_t recipient_count;
	uint64_t declared_size; // SIZE=, 0 when not given
	bool eight_bit;         // BODY=8BITMIME
	uint32_t
		trace_bytes; // of the content, from its beginning, that are ours; known with the first of it
};

// What of a mail the backend can take; changes while we run.
struct session_offers {
	_Atomic uint64_t size;  // largest mail in bytes, 0: any
	_Atomic bool eight_bit; // 8BITMIME
};

// Everything a session needs of its surroundings; outlives it.
struct session_surroundings {
	struct heap *heap;
	struct bs_log *log;
	struct bs_worker_counters *counters;
	const struct bs_policy *(*policy)(
		void); // read at each command; held from MAIL to the end of the mail
	uint64_t (*wall_seconds)(void);      // for Received: and Date
	struct bs_sources *sources;          // what sessions teach goes there; may be NULL
	const struct session_offers *offers; // NULL: the backend takes anything
	struct memory *memory;               // of those that behaved; may be NULL
};

// The session counts all of BS_WORKER_COUNTERS, and sessions_now between session_new() and session_free().
// NULL without memory. `client` is copied. `now_ms`: any monotonic clock, the same in all calls.
struct session *session_new(
	const struct session_surroundings *around, const struct bs_client *client, uint64_t now_ms);
void session_free(struct session *session);

// Who judges this session (smtp/judge/judge.h); before the first byte. It outlives the session. Without one only lists are heard.
void session_judged_by(struct session *session, struct judgement *judgement);
// While WISH_JUDGE stands: there may be a verdict.
void session_judge_again(struct session *session, uint64_t now_ms);

// Takes as many bytes as it can now (all, unless a wish comes up or output is full), and returns the number.
size_t session_feed(struct session *session, const uint8_t *bytes, size_t count, uint64_t now_ms);

// How many bytes of the client the driver holds and session_feed() has not taken: the session must know, to tell
// a client that pipelines from one that waits (RFC 2920, 3.1: DATA, EHLO... end a group). The driver calls
// this before each session_feed(), the bytes about to be fed included, and before each session_answer().
void session_pending(struct session *session, size_t bytes_waiting);

// The client's FIN came and all bytes before it were fed (taken, not only offered).
void session_eof(struct session *session, uint64_t now_ms);
// The connection is gone: output is dropped. A wish taken up still gets its answer, then WISH_CLOSE follows.
void session_lost(struct session *session, uint64_t now_ms);
// session_deadline() has come; does nothing when called before it.
void session_expired(struct session *session, uint64_t now_ms);
// We are stopping: 421 at the next command boundary.
void session_drain(struct session *session, uint64_t now_ms);
// The operator wants it gone: 421 as soon as no wish stands, in the middle of a mail too, which is then nobody's.
void session_kill(struct session *session, uint64_t now_ms);
// How it looks now; all of `view` but its state is filled in.
void session_view(const struct session *session, uint64_t now_ms, struct bs_view *view);
// When session_expired() is due, or UINT64_MAX (while the backend works: its time is its own). May change with every
// call; a client that never reads comes to its end here too, then output is dropped.
uint64_t session_deadline(const struct session *session);

enum session_wish session_wish(const struct session *session);
void session_answer(struct session *session, const struct session_answer *answer, uint64_t now_ms);

const struct mailbox *session_recipient(const struct session *session);
const struct session_envelope *session_envelope(const struct session *session);
const uint8_t *session_content(const struct session *session, size_t *count);
// True from 354 on until the content's end was seen: the driver may want a larger receive ring.
bool session_in_data(const struct session *session);

// Bytes for the client, in order; the driver says how many it could pass on.
const uint8_t *session_output(const struct session *session, size_t *count);
void session_output_sent(struct session *session, size_t count);

const char *session_id(const struct session *session);
