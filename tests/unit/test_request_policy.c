// SPDX-License-Identifier: BSD-3-Clause
//
// The commands that change the running program, from the request's line to what is in force: allow, deny, reload, set, drain.
#include <jansson.h>
#include <poll.h>

#include "control/overlay/overlay_keeper.h"
#include "control/policy/policy_store.h"
#include "control/policy/reload.h"
#include "control/socket/request.h"
#include "tests/unit/config_case.h"

static struct daemon program;
static char text[600];

static void write_config(const char *more)
{
	snprintf(text, sizeof(text),
		GOOD "state-folder = \"%s\"\nlist a { file = \"%s/list\" }\n%s", folder, folder,
		more);
	put("a.conf", text);
}

static void begin(void)
{
	char trouble[OVERLAY_ERROR];
	make_folder();
	put("list", "9.9.9.0/24\n");
	write_config("");
	program.config = program.running = taken(text);
	bs_qsbr_init(&program.qsbr);
	struct policy_readers readers = {
		&program.qsbr, program.dataplane, &program.dataplane_count};
	program.policies = policy_store_new(
		&readers, program.config, policy_base_new(program.config, stderr));
	cr_assert_not_null(program.policies);
	program.overlay = overlay_keeper_new(program.policies, folder, trouble);
	program.reload = reload_new(program.running, program.policies);
	cr_assert(program.overlay != NULL && program.reload != NULL);
}

static void end(void)
{
	reload_free(program.reload);
	overlay_keeper_free(program.overlay);
	policy_store_free(program.policies);
	config_free(program.running);
	remove_folder();
}

TestSuite(request_policy, .init = begin, .fini = end);

static json_t *parsed(struct request_answer *answer)
{
	cr_assert_not_null(answer->line);
	json_t *object = json_loads(answer->line, 0, NULL);
	cr_assert_not_null(object, "%s", answer->line);
	free(answer->line);
	return object;
}

static json_t *ask_as(bool may_write, const char *line)
{
	struct request_answer answer;
	cr_assert(request_handle(&program, may_write, line, strlen(line), &answer));
	cr_assert_null(answer.later);
	return parsed(&answer);
}

// The answer is freed; `part` must be in it.
static void expect(bool ok, const char *line, const char *part)
{
	json_t *answer = ask_as(true, line);
	char *dump = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
	cr_expect_eq(json_is_true(json_object_get(answer, "ok")), ok, "%s\n%s", line, dump);
	cr_expect_not_null(
		strstr(dump, part), "no '%s' in the answer to %s:\n%s", part, line, dump);
	free(dump);
	json_decref(answer);
}

static const char *class_of(const char *address_text)
{
	struct bs_address address;
	uint8_t class;
	cr_assert(bs_address_parse(address_text, &address));
	bs_policy_classify(bs_policy_get(), &address, &class, 1);
	return bs_policy_get()->class[class].name;
}

Test(request_policy, entries_are_in_force_with_the_answer)
{
	expect(true,
		"{\"command\":\"deny "
		"add\",\"prefix\":\"8.8.8.0/24\",\"for\":\"1h\",\"note\":\"n\"}",
		"\"note\":\"n\"");
	cr_expect_str_eq(class_of("8.8.8.8"), "runtime-deny");
	expect(true, "{\"command\":\"deny list\"}", "\"total\":1");
	expect(true, "{\"command\":\"allow list\"}", "\"total\":0");
	expect(true, "{\"command\":\"allow add\",\"prefix\":\"8.8.8.0/24\"}",
		"\"replaced\":\"deny\"");
	cr_expect_str_eq(class_of("8.8.8.8"), "runtime-allow");
	expect(false, "{\"command\":\"deny del\",\"prefix\":\"8.8.8.0/24\"}", "no deny entry");
	expect(true, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\"}",
		"what allows comes first");
	expect(true, "{\"command\":\"allow del\",\"prefix\":\"8.8.8.0/24\"}", "\"removed\":");
	cr_expect_str_eq(class_of("8.8.8.8"), "runtime-deny");
	cr_expect_str_eq(class_of("8.8.8.9"), "plain");
}

Test(request_policy, bad_entries)
{
	expect(false, "{\"command\":\"deny add\"}", "prefix");
	expect(false, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8/24\"}", "");
	expect(false, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\",\"for\":\"10\"}", "for: ");
	expect(false, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\",\"for\":\"0s\"}",
		"out of range");
	expect(false, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\",\"for\":\"99999d\"}",
		"out of");
	expect(false, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\",\"note\":\"a\\nb\"}",
		"note");
	cr_expect_str_eq(class_of("8.8.8.8"), "plain");
}

Test(request_policy, readers_may_look_and_not_touch)
{
	static const char *const writing[] = {"{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\"}",
		"{\"command\":\"allow del\",\"prefix\":\"8.8.8.8\"}", "{\"command\":\"reload\"}",
		"{\"command\":\"drain\"}",
		"{\"command\":\"set\",\"key\":\"wait\",\"value\":\"1s\"}"};
	static const char *const reading[] = {"{\"command\":\"deny list\"}",
		"{\"command\":\"set\"}", "{\"command\":\"set\",\"key\":\"wait\"}"};
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
		json_t *answer = ask_as(false, writing[i]);
		cr_expect(json_is_false(json_object_get(answer, "ok")), "%s", writing[i]);
		json_decref(answer);
	}
	for (size_t i = 0; i < sizeof(reading) / sizeof(reading[0]); i++) {
		json_t *answer = ask_as(false, reading[i]);
		cr_expect(json_is_true(json_object_get(answer, "ok")), "%s", reading[i]);
		json_decref(answer);
	}
	cr_expect_not(program.draining);
}

Test(request_policy, set)
{
	expect(true, "{\"command\":\"set\",\"key\":\"wait\",\"value\":\"2s\"}", "\"old\":\"25s\"");
	cr_expect_eq(bs_policy_get()->wait_ms, 2000);
	expect(true, "{\"command\":\"set\",\"key\":\"smtp.errors\",\"value\":\"3\"}",
		"next reload");
	cr_expect_eq(bs_policy_get()->errors, 3);
	expect(false, "{\"command\":\"set\",\"key\":\"wait\",\"value\":\"1h\"}", "out of range");
	expect(false, "{\"command\":\"set\",\"key\":\"wait\",\"value\":\"2\"}", "not a time");
	expect(true, "{\"command\":\"set\",\"key\":\"checks.helo-literal\",\"value\":\"enforce\"}",
		"\"value\":\"\\\"enforce\\\"\"");
	cr_assert_eq(bs_policy_get()->checks.mode[BS_CHECK_HELO_LITERAL], BS_MODE_ENFORCE);
	expect(true, "{\"command\":\"set\",\"key\":\"helo-literal-score\",\"value\":\"2.5/-1\"}",
		"1.5");
	cr_assert_eq(bs_policy_get()->checks.score[BS_CHECK_HELO_LITERAL].miss, -100);
	expect(false, "{\"command\":\"set\",\"key\":\"recipients\",\"value\":\"200\"}",
		"rates.recipients");
	expect(false, "{\"command\":\"set\",\"key\":\"checks.helo-litera\",\"value\":\"off\"}",
		"did you mean");
	expect(false, "{\"command\":\"set\",\"key\":\"checks.refuse-score\",\"value\":\"0\"}",
		"0.01");
	expect(false, "{\"command\":\"set\",\"key\":\"wiat\",\"value\":\"2\"}", "did you mean");
	expect(false, "{\"command\":\"set\",\"key\":\"hostname\",\"value\":\"a.b\"}", "reload");
	expect(false, "{\"command\":\"set\",\"key\":\"limits.talking\",\"value\":\"9\"}",
		"restart");
	expect(true, "{\"command\":\"set\"}", "\"waiting.wait\":\"2s\"");
	cr_expect_eq(bs_policy_get()->wait_ms, 2000);
}

Test(request_policy, drain)
{
	expect(true, "{\"command\":\"drain\"}", "\"draining\":true");
	cr_expect(program.draining);
	expect(true, "{\"command\":\"drain\",\"state\":\"off\"}", "\"draining\":false");
	cr_expect_not(program.draining);
	program.draining = program.stopping = true;
	expect(false, "{\"command\":\"drain\",\"state\":\"off\"}", "stopping");
	program.stopping = false;
}

// As the supervisor does.
static void finish(bool *good)
{
	char summary[RELOAD_SUMMARY];
	struct pollfd ended = {.fd = reload_fd(program.reload), .events = POLLIN};
	cr_assert_eq(poll(&ended, 1, 100000), 1);
	cr_assert(reload_end(program.reload, summary, good));
	cr_expect(strncmp(summary, "reload: ", 8) == 0);
}

static struct request_answer begin_reload(void)
{
	static const char line[] = "{\"command\":\"reload\"}";
	struct request_answer answer;
	cr_assert(request_handle(&program, true, line, strlen(line), &answer));
	cr_assert_not_null(answer.later);
	return answer;
}

Test(request_policy, reload)
{
	bool good;
	write_config("waiting { wait = 7s }\n");
	expect(true, "{\"command\":\"deny add\",\"prefix\":\"8.8.8.8\"}", "");
	struct request_answer answer = begin_reload();
	cr_expect_not(answer.later(&program, answer.ticket, &answer), "before it was taken over");
	cr_expect_eq(bs_policy_get()->wait_ms, 25000);
	expect(false, "{\"command\":\"reload\"}", "under way");
	finish(&good);
	cr_expect(good);
	cr_expect_eq(bs_policy_get()->wait_ms, 7000);
	cr_expect_str_eq(class_of("8.8.8.8"), "runtime-deny", "the overlay outlives the reload");
	cr_assert(answer.later(&program, answer.ticket, &answer));
	json_t *object = parsed(&answer);
	cr_expect_eq(json_array_size(json_object_get(object, "changed")), 1);
	json_decref(object);
	request_answer_end(&program, &answer);
}

Test(request_policy, bad_reload)
{
	bool good;
	write_config("waiting { wait = 7s }\n");
	put("list", "9.9.9.0/24\nnonsense\n");
	struct request_answer answer = begin_reload();
	finish(&good);
	cr_expect_not(good);
	cr_expect_eq(bs_policy_get()->wait_ms, 25000);
	cr_expect_eq(program.config->smtp.wait_ms, 25000);
	cr_assert(answer.later(&program, answer.ticket, &answer));
	json_t *object = parsed(&answer);
	const char *error = json_string_value(json_object_get(object, "error"));
	cr_expect(json_is_false(json_object_get(object, "ok")));
	cr_expect(error != NULL && strstr(error, "list:2: ") != NULL, "%s", error);
	json_decref(object);
	request_answer_end(&program, &answer);
	unlink(put("a.conf", ""));
	answer = begin_reload();
	finish(&good);
	cr_expect_not(good);
	cr_assert(answer.later(&program, answer.ticket, &answer));
	json_decref(parsed(&answer));
	request_answer_end(&program, &answer);
}
