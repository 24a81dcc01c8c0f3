// SPDX-License-Identifier: BSD-3-Clause
//
// Where accepted mail goes. A backend answers about recipients and takes mails; the final 250 of a client is
// the backend's. Every call returns at once; the answer comes later (or before the call returns) through
// `done`, on the worker's thread, exactly once a call, except after delivery_close().
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/backend_settings.h"
#include "smtp/mailbox.h"
#include "smtp/session/session.h"

struct backend;  // one configured destination, shared by all workers, constant
struct delivery; // what one session does with it; at most one call under way

typedef void delivery_done(void *context, const struct session_answer *answer);

struct heap;
struct helper_pool;
struct helper_queue;
struct poller;

// What a delivery may use: all of the worker that owns the session.
struct delivery_surroundings {
	struct heap *heap;
	struct helper_queue
		*helpers; // smtp/worker/helper.h: blocking work, answered on the worker's thread
	struct poller *poller; // smtp/worker/poller.h: sockets and deadlines
	struct bs_log *log;    // may be NULL
	struct bs_worker_counters *counters;
	const _Atomic bool *stopping; // we end: what is only curious gives up
};

struct backend_operations {
	const char *scheme; // "maildir"
	// A new delivery, or NULL without memory. `id`: session id, for names and logs; copied.
	struct delivery *(*open)(struct backend *backend,
		const struct delivery_surroundings *around, const char *id, delivery_done *done,
		void *context);
	// May this recipient be added to the envelope? 250, 550 5.1.1, or 451 when it can't be told. An envelope with another
	// number than the last begins a new transaction, the one before is given up. Both stay valid until the answer.
	void (*recipient)(struct delivery *delivery, const struct session_envelope *envelope,
		const struct mailbox *recipient);
	// A mail for these recipients comes. The envelope stays valid until commit's or abandon's answer.
	void (*begin)(struct delivery *delivery, const struct session_envelope *envelope);
	// More of it. The bytes stay valid until the answer.
	void (*write)(struct delivery *delivery, const uint8_t *bytes, size_t count);
	// The last of it: answered 250 only after every copy is safe.
	void (*commit)(struct delivery *delivery, const uint8_t *bytes, size_t count);
	// Throws the mail begun away.
	void (*abandon)(struct delivery *delivery);
	// The session is over; a call under way finishes without an answer (its bytes must stay valid while a helper has
	// them, see helper_under_way()), a mail begun is thrown away.
	void (*close)(struct delivery *delivery);
	// What has to be looked after from time to time; every worker calls it every turn, with a monotonic clock. NULL: nothing.
	void (*tick)(struct backend *backend, const struct delivery_surroundings *around,
		uint64_t now_ms);
	// The backend itself, when no delivery is left. Control thread.
	void (*free)(struct backend *backend);
};

struct backend {
	const struct backend_operations *operations;
	struct session_offers offers; // what sessions may offer because of it
};

// Makes the backend that `uri` names: "maildir:/var/mail/virtual", "smtp://host:port", "lmtp://host:port",
// "lmtp:///socket". `hostname` is how we greet it; both are copied. On failure NULL and one line in `error` that names the
// fault and the cure. Talks to nobody. Control thread, at start.
struct backend *backend_new(const char *uri, const char *hostname,
	const struct backend_settings *settings, char error[256]);
void backend_free(struct backend *backend);
