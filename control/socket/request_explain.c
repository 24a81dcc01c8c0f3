// SPDX-License-Identifier: BSD-3-Clause
//
// The command explain: what a client would be told, and why. A worker finds it out (smtp/judge/explain.h), so the answer comes later. One question is
// under way at a time; the others wait for their turn.
#include <stdlib.h>
#include <string.h>

#include "control/socket/explain_desk.h"
#include "control/socket/request_command.h"
#include "smtp/judge/explain.h"
#include "smtp/session/received.h"

static const char *const outcome_words[] = {
	[CHECK_NOT_RUN] = "not-run",
	[CHECK_PENDING] = "pending",
	[CHECK_MISS] = "miss",
	[CHECK_HIT] = "hit",
	[CHECK_UNKNOWN] = "unknown",
};
static const char *const mode_words[] = {"off", "observe", "enforce"};
static const char *const stage_words[] = {"behaviour", "client", "helo", "sender", "recipient"};
static const char *const action_words[] = {
	[BS_ACTION_NONE] = "none",
	[BS_ACTION_ALLOW] = "allow",
	[BS_ACTION_REFUSE] = "refuse",
	[BS_ACTION_DROP] = "drop",
	[BS_ACTION_STUTTER] = "stutter",
	[BS_ACTION_OBSERVE] = "observe",
	[BS_ACTION_RELAY] = "trusted-relay",
	[BS_ACTION_BOGON] = "bogon",
	[BS_ACTION_OWN] = "own",
};

static double points(int32_t hundredths)
{
	return hundredths / 100.0;
}

static json_t *one_check(const struct explain *explain, unsigned i)
{
	const struct explain_row *row = &explain->row[i];
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:f, s:o, s:s}", "check", checks[i].name,
		"stage", stage_words[checks[i].stage], "mode", mode_words[row->mode], "outcome",
		outcome_words[row->outcome], "score", points(row->enforced), "observed-score",
		points(row->observed), "detail", request_text(row->detail), "means",
		checks[i].sentence);
}

static json_t *all_checks(const struct explain *explain)
{
	json_t *array = json_array();
	for (unsigned i = 0; array != NULL && i < BS_CHECK_COUNT; i++) {
		if (json_array_append_new(array, one_check(explain, i)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *reply(const struct explain *explain)
{
	if (explain->action == BS_ACTION_DROP || explain->action == BS_ACTION_BOGON ||
		explain->action == BS_ACTION_OWN)
		return json_null();
	return request_text(explain->reply);
}

static json_t *answer(const struct explain *explain)
{
	char address[BS_ADDRESS_TEXT];
	if (atomic_load_explicit(&explain->failed, memory_order_relaxed))
		return request_error("no memory for it; free some");
	return json_pack(
		"{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:I, s:o}",
		"ok", 1, "client", bs_address_format(&explain->client, address), "name",
		explain->client_name, "class", explain->class, "action",
		action_words[explain->action], "policy",
		explain->policy[0] != '\0' ? explain->policy : "of all", "precedence",
		explain->precedence, "reply", reply(explain), "observed",
		explain->verdict.observed[0] != '\0' ? request_text(explain->verdict.observed)
						     : json_null(),
		"score", points(explain->verdict.score), "observed-score",
		points(explain->verdict.observed_score), "refuse-score", points(explain->refuse_at),
		"defer-score", points(explain->defer_at), "skip-score", points(explain->skip_at),
		"wait-ms", (json_int_t)explain->wait_ms, "checks", all_checks(explain));
}

static struct explain_case *case_of(uint64_t ticket)
{
	return (struct explain_case *)(uintptr_t)ticket;
}

static bool later(struct daemon *daemon, uint64_t ticket, struct request_answer *to)
{
	struct explain_case *one = case_of(ticket);
	if (!explain_desk_turn(daemon->explain, one))
		return false;
	request_dump(to, answer(explain_desk_answer(one)));
	explain_desk_close(daemon->explain, one);
	return true;
}

static void forget(struct daemon *daemon, uint64_t ticket)
{
	explain_desk_close(daemon->explain, case_of(ticket));
}

// "user@example.org", or "<>" for the empty sender.
static bool take_mailbox(const char *text, enum mailbox_path path, struct mailbox *mailbox)
{
	char bracketed[400];
	size_t taken;
	const char *open = text[0] == '<' ? "" : "<", *close = text[0] == '<' ? "" : ">";
	int length = snprintf(bracketed, sizeof(bracketed), "%s%s%s", open, text, close);
	return length > 0 && (size_t)length < sizeof(bracketed) &&
	       mailbox_parse(bracketed, (size_t)length, path, mailbox, &taken) == MAILBOX_OK &&
	       taken == (size_t)length;
}

// The first of our addresses that such a client can call; zero when there is none.
static struct bs_address called_by(const struct daemon *daemon, const struct bs_address *client)
{
	const struct config *config = daemon->config;
	for (size_t i = 0; config != NULL && i < config->port_count; i++)
		for (size_t j = 0; j < config->port[i].address_count; j++) {
			const struct bs_address *local = &config->port[i].address[j].address;
			if (bs_address_is_ipv4(local) == bs_address_is_ipv4(client))
				return *local;
		}
	return (struct bs_address){0};
}

json_t *request_explain(struct request_call *call)
{
	struct explain *question = calloc(1, sizeof(*question));
	const char *helo = request_word(call, "helo");
	const char *from = request_word(call, "from"), *to = request_word(call, "to");
	json_t *refusal = NULL;
	if (question == NULL)
		return NULL;
	question->has_sender = from != NULL;
	question->has_recipient = to != NULL;
	if (helo != NULL)
		received_clean_helo(helo, strlen(helo), question->helo);
	if (call->daemon->explain == NULL)
		refusal = request_error("barscreen is still starting");
	else if (!bs_address_parse(request_word(call, "address"), &question->client))
		refusal = request_error(
			"'%s' is no address; write one like 192.0.2.1 or 2001:db8::1",
			request_word(call, "address"));
	else if (from != NULL && !take_mailbox(from, MAILBOX_REVERSE, &question->sender))
		refusal = request_error("'%s' is no sender; write user@example.org, or <>", from);
	else if (to != NULL && !take_mailbox(to, MAILBOX_FORWARD, &question->recipient))
		refusal = request_error("'%s' is no recipient; write user@example.org", to);
	question->local = called_by(call->daemon, &question->client);
	struct explain_case *one = refusal == NULL
					   ? explain_desk_open(call->daemon->explain, question)
					   : NULL;
	if (one == NULL) {
		free(question);
		return refusal;
	}
	call->answer->later = later;
	call->answer->forget = forget;
	call->answer->ticket = (uintptr_t)one;
	return NULL;
}
