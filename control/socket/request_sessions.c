// SPDX-License-Identifier: BSD-3-Clause
//
// Commands about single connections: sessions, sessions kill. What the lcores own is asked of them through the desk, so the
// answer comes later (request_answer.later).
#include <stdio.h>

#include "control/socket/request_command.h"
#include "control/socket/request_lcores.h"
#include "dataplane/seam/log.h"

#define LIMIT 100 // connections listed where no limit is given

static const char *const state_words[BS_VIEW_STATES] = {
	[BS_VIEW_WAITING] = "waiting",
	[BS_VIEW_GREETED] = "greeted",
	[BS_VIEW_TALKING] = "talking",
	[BS_VIEW_REFUSED] = "refused",
	[BS_VIEW_CLOSING] = "closing",
};

static const char *const phase_words[BS_VIEW_PHASES] = {
	[BS_VIEW_PHASE_NONE] = "connect",
	[BS_VIEW_PHASE_HELO] = "helo",
	[BS_VIEW_PHASE_MAIL] = "mail",
	[BS_VIEW_PHASE_RCPT] = "rcpt",
	[BS_VIEW_PHASE_DATA] = "data",
	[BS_VIEW_PHASE_END] = "end",
};

static json_t *one_view(const struct bs_view *view)
{
	char id[BS_SESSION_ID], address[BS_ADDRESS_TEXT];
	json_t *object = json_pack("{s:s, s:s, s:i, s:s, s:I}", "session",
		bs_session_id(id, view->dataplane, view->serial), "client",
		bs_address_format(&view->address, address), "port", (int)view->port, "state",
		state_words[view->state], "age-ms", (json_int_t)view->age_ms);
	if (object == NULL || view->state != BS_VIEW_TALKING)
		return object;
	json_t *rest = json_pack("{s:s, s:b, s:b, s:s, s:s, s:I, s:I}", "phase",
		phase_words[view->phase], "backend", (int)view->backend, "judge", (int)view->judge,
		"helo", view->helo, "from", view->from, "recipients", (json_int_t)view->recipients,
		"bytes", (json_int_t)view->bytes);
	if (rest == NULL || json_object_update(object, rest) != 0) {
		json_decref(object);
		object = NULL;
	}
	json_decref(rest);
	return object;
}

static json_t *list(const struct desk_case *one)
{
	bool more;
	uint32_t count = desk_views(one, &more);
	json_t *array = json_array();
	for (uint32_t i = 0; array != NULL && i < count; i++) {
		if (json_array_append_new(array, one_view(desk_view(one, i))) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return json_pack("{s:b, s:o, s:b}", "ok", 1, "sessions", array, "more", (int)more);
}

static bool list_later(struct daemon *daemon, uint64_t ticket, struct request_answer *answer)
{
	struct desk_case *one = request_case(ticket);
	if (!desk_turn(daemon->desk, one))
		return false;
	request_dump(answer, list(one));
	desk_close(daemon->desk, one);
	return true;
}

static bool kill_later(struct daemon *daemon, uint64_t ticket, struct request_answer *answer)
{
	struct desk_case *one = request_case(ticket);
	if (!desk_turn(daemon->desk, one))
		return false;
	request_dump(answer, desk_found(one)
				     ? json_pack("{s:b}", "ok", 1)
				     : request_error("there is no such connection (any more)"));
	desk_close(daemon->desk, one);
	return true;
}

json_t *request_sessions(struct request_call *call)
{
	struct bs_question question = {.kind = BS_QUESTION_LIST};
	const char *prefix = request_word(call, "prefix");
	const char *state = request_word(call, "state");
	const char *helo = request_word(call, "helo");
	const char *from = request_word(call, "from");
	if (prefix != NULL)
		bs_prefix_parse(prefix, &question.prefix, NULL);
	for (unsigned i = 0; i < BS_VIEW_STATES; i++) {
		if (state == NULL || strcmp(state, state_words[i]) == 0)
			question.states |= 1u << i;
	}
	snprintf(question.helo, sizeof(question.helo), "%s", helo != NULL ? helo : "");
	snprintf(question.from, sizeof(question.from), "%s", from != NULL ? from : "");
	return request_lcores(
		call, &question, (uint32_t)request_count(call, "limit", LIMIT), list_later);
}

json_t *request_sessions_kill(struct request_call *call)
{
	struct bs_question question = {.kind = BS_QUESTION_KILL};
	const char *session = request_word(call, "session");
	if (!bs_session_id_parse(session, &question.dataplane, &question.serial))
		return request_error("\"%s\" is no session id of this process", session);
	return request_lcores(call, &question, 0, kill_later);
}
