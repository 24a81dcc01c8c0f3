// SPDX-License-Identifier: BSD-3-Clause
//
// Commands about the answers of the DNS that workers remember: cache get, cache del. Each worker has a cache of its own, so all of them
// are asked, through the desk.
#include <stdio.h>
#include <string.h>

#include "control/socket/request_command.h"
#include "control/socket/request_lcores.h"
#include "smtp/dns/view.h"

static const struct {
	const char *word;
	enum dns_type type;
} types[] = {{"A", DNS_A}, {"AAAA", DNS_AAAA}, {"MX", DNS_MX}, {"TXT", DNS_TXT}, {"PTR", DNS_PTR}};

static const char *const status_words[] = {
	[DNS_FOUND] = "found",
	[DNS_NO_DATA] = "no data",
	[DNS_NO_NAME] = "no name",
	[DNS_TROUBLE] = "trouble",
};

static const char *type_word(unsigned type)
{
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].word;
	return "";
}

static json_t *records(const struct dns_view *view)
{
	json_t *array = json_array();
	const char *text = view->text;
	for (unsigned i = 0; array != NULL && i < view->shown; i++, text += strlen(text) + 1) {
		if (json_array_append_new(array, request_text(text)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *one_view(const struct dns_view *view)
{
	if (view->asked)
		return json_pack("{s:s, s:s}", "type", type_word(view->type), "status", "asked");
	return json_pack("{s:s, s:s, s:I, s:o, s:b, s:s?}", "type", type_word(view->type), "status",
		status_words[view->status], "left", (json_int_t)(view->left_ms / 1000), "records",
		records(view), "more", (int)(view->shown < view->records), "why", view->why);
}

static json_t *answers_of(const struct bs_inquiry *inquiry)
{
	json_t *array = json_array();
	for (uint32_t i = 0; array != NULL && i < inquiry->count; i++) {
		if (json_array_append_new(array, one_view(&inquiry->dns[i])) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *one_worker(const struct bs_inquiry *inquiry)
{
	json_int_t worker = inquiry->worker;
	if (inquiry->question.kind == BS_QUESTION_FORGET)
		return json_pack(
			"{s:I, s:I}", "worker", worker, "deleted", (json_int_t)inquiry->count);
	return json_pack("{s:I, s:o}", "worker", worker, "answers", answers_of(inquiry));
}

// NULL without memory.
static json_t *all_workers(const struct desk_case *one)
{
	const struct bs_inquiry *inquiry = desk_answer(one, 0);
	json_t *array = json_array(), *answer;
	json_int_t deleted = 0;
	bool forget = inquiry != NULL && inquiry->question.kind == BS_QUESTION_FORGET;
	for (uint32_t i = 0; array != NULL && (inquiry = desk_answer(one, i)) != NULL; i++) {
		if (!inquiry->found) // a dataplane
			continue;
		deleted += inquiry->count;
		if (json_array_append_new(array, one_worker(inquiry)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	inquiry = desk_answer(one, 0);
	answer = json_pack("{s:b, s:s, s:o}", "ok", 1, "name",
		inquiry != NULL ? inquiry->question.name : "", "workers", array);
	if (answer != NULL && forget &&
		json_object_set_new(answer, "deleted", json_integer(deleted)) != 0) {
		json_decref(answer);
		return NULL;
	}
	return answer;
}

static bool later(struct daemon *daemon, uint64_t ticket, struct request_answer *answer)
{
	struct desk_case *one = request_case(ticket);
	if (!desk_turn(daemon->desk, one))
		return false;
	request_dump(answer, all_workers(one));
	desk_close(daemon->desk, one);
	return true;
}

static json_t *ask(struct request_call *call, enum bs_question_kind kind)
{
	struct bs_question question = {.kind = kind};
	const char *name = request_word(call, "name"), *type = request_word(call, "type");
	struct bs_address address;
	char reverse[DNS_NAME];
	for (unsigned i = 0; type != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].word, type) == 0)
			question.type = (uint16_t)types[i].type;
	// An address stands for the name that its PTR is asked by: nobody likes to write nibbles.
	if (bs_address_parse(name, &address) && dns_reverse(&address, "", reverse))
		name = reverse;
	if (dns_name_lower(name, question.name) == 0)
		return request_error("\"%.64s\" is no name of the DNS: labels of 1 to 63 bytes "
				     "with dots between them, 253 in all",
			name);
	return request_lcores(call, &question, 0, later);
}

json_t *request_cache_get(struct request_call *call)
{
	return ask(call, BS_QUESTION_DNS);
}

json_t *request_cache_del(struct request_call *call)
{
	return ask(call, BS_QUESTION_FORGET);
}
