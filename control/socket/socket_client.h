// SPDX-License-Identifier: BSD-3-Clause
//
// One client of the control socket: its half-read request, its half-written answer, and its patience. It is read from only
// while no answer waits, so that it can't make us keep more than one.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/start/daemon.h"
#include "control/socket/request.h"

#define CLIENT_REQUEST_MAX 65536u // bytes of a request with its newline
#define CLIENT_ANSWER_MAX  (UINT32_C(4) << 20)
#define CLIENT_TURN_MAX    8u // requests a turn, then others have theirs
// For a whole request from the end of the answer before it, and for taking a whole answer. Bytes do not extend it.
#define CLIENT_PATIENCE_MS 60000u

struct client {
	int fd; // -1: a free place
	bool may_write;
	bool at_end; // the client's last byte came, or it broke a rule: answer what is there, then close
	uint64_t deadline_ms;
	// `later` not NULL: the answer is not ready, and asked for each turn (control/socket/request.h). No patience runs meanwhile.
	struct request_answer waits;
	char *answer; // being sent; NULL when none
	size_t answer_length, answer_sent;
	size_t request_length;
	char request[CLIENT_REQUEST_MAX];
};

enum client_wish {
	CLIENT_READS, // call again when bytes come
	CLIENT_WRITES, // call again when it can be written to; also when a request waits that had no turn
	CLIENT_WAITS, // call again when the answer may be ready; if it hangs up, close it
	CLIENT_GONE,  // close it
};

// One bounded turn: sends, reads, answers. Sets `*stop` when a client that may asked for it.
enum client_wish client_turn(
	struct client *client, struct daemon *daemon, uint64_t now_ms, bool *stop);
