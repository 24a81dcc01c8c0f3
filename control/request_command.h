// SPDX-License-Identifier: BSD-3-Clause
//
// The commands of the control socket: one row each in control/request.c, handlers in control/request_*.c.
//
// Control thread.
#pragma once

#include <jansson.h>

#include "control/request.h"

#define REQUEST_ERROR 512

enum request_right {
	REQUEST_READS,
	REQUEST_WRITES,  // only for root and our own user
	REQUEST_DEPENDS, // on the members: the handler asks request_may_write()
};

struct request_call {
	struct daemon *daemon;
	const json_t *request; // an object; its members are known ones, their types are not checked
	const char *command;
	bool may_write;
	struct request_answer *answer; // `stop`, or `later` and `ticket`, are set by the handler
};

struct request_command {
	const char *name;
	enum request_right right;
	const char *members; // allowed besides "command": "prefix for note"
	const char *sentence;
	// The answer with "ok", as from request_error() too; NULL without memory, and when answer->later is set.
	json_t *(*run)(struct request_call *call);
};

// {"ok": false, "error": ...}; bytes that are no printable ASCII become '?'.
json_t *request_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

// True when the client may change things; else `*refusal` is the answer.
bool request_may_write(const struct request_call *call, json_t **refusal);

// A member that is a string, or NULL when it is missing. False when it is something else: `*refusal` is the answer.
bool request_string(
	const struct request_call *call, const char *member, const char **string, json_t **refusal);

// Text that may not be UTF-8 as a JSON string: what is not printable ASCII becomes '?'. NULL without memory.
json_t *request_text(const char *text);

// Takes over `object` (NULL: no memory) and makes the answer's line of it. For request_answer.later; false without memory.
bool request_dump(struct request_answer *answer, json_t *object);
