// SPDX-License-Identifier: BSD-3-Clause
//
// What the handlers of the control socket's commands share. The rows are in control/socket/commands.h, the handlers in
// control/request_*.c.
//
// Control thread.
#pragma once

#include <jansson.h>

#include "control/socket/commands.h"
#include "control/socket/request.h"

#define REQUEST_ERROR 512

struct request_call {
	struct daemon *daemon;
	// An object. Its members have the kinds and ranges of the command's row, those needed are there; "command" and "id" are
	// in it too.
	const json_t *request;
	const char *command;
	bool may_write;
	struct request_answer
		*answer; // `stop`, or `later`, `forget` and `ticket`, are set by the handler
};

// The answer with "ok", as from request_error() too; NULL without memory, and when answer->later is set.
typedef json_t *request_handler(struct request_call *call);

// {"ok": false, "error": ...}; bytes that are no printable ASCII become '?'.
json_t *request_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

// True when the client may change things; else `*refusal` is the answer.
bool request_may_write(const struct request_call *call, json_t **refusal);

// A member that is a string, or NULL when it is missing. False when it is something else: `*refusal` is the answer.
bool request_string(
	const struct request_call *call, const char *member, const char **string, json_t **refusal);

// Members whose kind the row has fixed; NULL, `otherwise` or false when missing.
const char *request_word(const struct request_call *call, const char *member);
int64_t request_count(const struct request_call *call, const char *member, int64_t otherwise);
bool request_flag(const struct request_call *call, const char *member);

// Text that may not be UTF-8 as a JSON string: what is not printable ASCII becomes '?'. NULL without memory.
json_t *request_text(const char *text);

// Takes over `object` (NULL: no memory) and makes the answer's line of it. For request_answer.later; false without memory.
bool request_dump(struct request_answer *answer, json_t *object);

// The handlers, by file:
//   request_explain.c  explain
//   report_dnsl.c      dnsl
//   request_cache.c    cache get, cache del
//   request_log.c      log
//   request_sessions.c sessions, sessions kill
//   request_status.c   status, stats, stop, help
//   request_sources.c  sources, sources show, sources clear
//   request_memory.c   greylist get, del, list; remembered get, del, list
//   request_reload.c   reload, set, drain
//   request_policy.c   allow and deny: add, del, list
#define REQUEST_HANDLER(number, name, right, arguments, handler, sentence) request_handler handler;
COMMANDS(REQUEST_HANDLER)
#undef REQUEST_HANDLER
