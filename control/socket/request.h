// SPDX-License-Identifier: BSD-3-Clause
//
// One request of the control socket and its answer: bytes in, bytes out, no I/O. The protocol is described in
// doc/control-socket.md.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/start/daemon.h"

struct request_answer {
	char *line; // one JSON object and a newline; the caller's, free()
	size_t length;
	bool stop; // the daemon was asked to stop, by one who may
	// Not NULL: there is no line yet. To be called again and again, with `ticket`, until it returns true and `answer`
	// is filled (line NULL: no memory). It never blocks. Who no longer wants the answer calls `forget` instead, where that
	// is not NULL.
	bool (*later)(struct daemon *daemon, uint64_t ticket, struct request_answer *answer);
	bool again; // set by `later`: another answer will come after this one
	void (*forget)(struct daemon *daemon, uint64_t ticket);
	uint64_t ticket;
	json_t *id; // of the request, for an answer that comes later; NULL when it has none
};

// `line`: any bytes, without the newline. `may_write`: the client may change things, not only read.
// False without memory. Control thread.
bool request_handle(struct daemon *daemon, bool may_write, const char *line, size_t length,
	struct request_answer *answer);

// Gives back what an answer holds besides its line; forgets one that has not come yet.
void request_answer_end(struct daemon *daemon, struct request_answer *answer);

// The answer {"ok": false, "error": text}. False without memory.
bool request_refuse(struct request_answer *answer, const char *text);
