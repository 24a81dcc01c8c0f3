// SPDX-License-Identifier: BSD-3-Clause
//
// How control looks into what lcores own: it asks, and each lcore answers about its own things in its own turns, a bounded
// piece a turn. Nothing that belongs to an lcore is read by another thread, and where nobody asks it costs one load a turn
// of a line that nobody writes.
//
// An inquiry is control's while its door is empty. Control fills it in, puts it in the door and rings the lcore's bell. The
// lcore then owns it, takes it up each turn, and when it is finished empties the door and rings the asker. So there is one
// inquiry at a time a door, and control frees it only after it came back.
#pragma once

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/address.h"
#include "dataplane/seam/bell.h"

enum bs_view_state {
	BS_VIEW_WAITING, // accepted, not greeted yet
	BS_VIEW_GREETED, // the greeting was sent, nothing was said
	BS_VIEW_TALKING, // a worker has it
	BS_VIEW_REFUSED, // told 554 or 421 as the greeting
	BS_VIEW_CLOSING, // all said; FINs and late acknowledgements
	BS_VIEW_STATES
};

// Of BS_VIEW_TALKING: what was said last and accepted.
enum bs_view_phase {
	BS_VIEW_PHASE_NONE, // of other states, and before HELO
	BS_VIEW_PHASE_HELO,
	BS_VIEW_PHASE_MAIL,
	BS_VIEW_PHASE_RCPT,
	BS_VIEW_PHASE_DATA,
	BS_VIEW_PHASE_END,
	BS_VIEW_PHASES
};

#define BS_VIEW_HELO 64
#define BS_VIEW_FROM 128

// A connection, or the session on it, as control shows it.
struct bs_view {
	struct bs_address address;
	uint16_t port; // host byte order
	uint8_t dataplane;
	uint8_t state;   // enum bs_view_state
	uint8_t phase;   // enum bs_view_phase
	bool backend;    // the session waits for the backend
	bool judge;      // its reply waits for its judge, and he for the DNS
	uint32_t serial; // with `dataplane` the session id
	uint64_t age_ms; // since the handshake; of a refused one since the refusal
	uint64_t bytes;  // of the mail under way
	uint32_t recipients;
	char helo[BS_VIEW_HELO];
	char from[BS_VIEW_FROM]; // empty when there is no transaction, or it is <>
};

#define BS_QUESTION_NAME 254 // RFC 1035, 2.3.4: a name as text, with its NUL

enum bs_question_kind {
	BS_QUESTION_LIST,
	BS_QUESTION_KILL,   // 421 4.7.0 at the next chance, or a reset for who may not be spoken to
	BS_QUESTION_DNS,    // which answers of the DNS are remembered; workers have some
	BS_QUESTION_FORGET, // to forget these
};

struct bs_question {
	enum bs_question_kind kind;
	// LIST: all of these must hold.
	struct bs_prefix prefix; // length 0: any
	uint32_t states;         // bits 1 << enum bs_view_state
	char helo[BS_VIEW_HELO]; // part of it, in any case; "": any
	char from[BS_VIEW_FROM];
	// KILL
	uint8_t dataplane;
	uint32_t serial;
	// DNS, FORGET
	char name[BS_QUESTION_NAME];
	uint16_t type; // enum dns_type; 0: all
};

struct dns_view; // smtp/dns/view.h

struct bs_inquiry {
	struct bs_question question;
	struct bs_bell *asker;
	struct bs_view *view; // room for the answers to LIST
	uint32_t room;
	struct dns_view *dns; // DNS: room for DNS_VIEWS
	// written by the lcore
	uint32_t count;     // views filled, answers forgotten
	bool more;          // there was no room for all
	bool found;         // KILL: it was here; DNS, FORGET: a worker with a resolver says so
	uint32_t worker;    // DNS, FORGET: its number
	uint32_t cursor[2]; // where to go on; zero at first
};

struct bs_door {
	alignas(64) _Atomic(struct bs_inquiry *) inquiry;
};

// The lcore's: what is asked, or NULL. `door` may be NULL.
static inline struct bs_inquiry *bs_door_look(struct bs_door *door)
{
	return door == NULL ? NULL : atomic_load_explicit(&door->inquiry, memory_order_acquire);
}

// The lcore's: answered. The inquiry is control's again.
static inline void bs_door_answer(struct bs_door *door, struct bs_inquiry *inquiry)
{
	struct bs_bell *asker = inquiry->asker;
	atomic_store_explicit(&door->inquiry, NULL, memory_order_release);
	bs_bell_ring(asker);
}

// The lcore's: true when `view` is one of those asked for. helo and from are looked at only where the question has them.
bool bs_question_matches(const struct bs_question *question, const struct bs_view *view);
// Adds a copy of a view that matches; false when the room is used up and the inquiry is at its end.
bool bs_inquiry_add(struct bs_inquiry *inquiry, const struct bs_view *view);
