// SPDX-License-Identifier: BSD-3-Clause
//
// The commands about sources: filters, order, limit, clearing; and what people are shown.
#include <criterion/criterion.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/policy/policy.h"
#include "control/socket/request.h"

static struct daemon program;
static struct bs_policy policy;
static uint32_t now_s;

static const struct bs_verdict_rules rules = {.lifetime_ms = 3600000,
	.window_ms = 600000,
	.refused_share = 90,
	.unknown_recipients = 20,
	.early_talks = 5};

static void teach(const char *text, struct bs_lesson lesson, uint32_t age_s)
{
	struct bs_address address;
	enum bs_source_opening how;
	cr_assert(bs_address_parse(text, &address));
	struct bs_source *source = bs_source_open(program.sources, &address, now_s - age_s, &how);
	bs_source_learn(source, &lesson, &rules, true, now_s - age_s);
	bs_source_close(program.sources, &address, now_s - age_s);
}

static void begin(void)
{
	static const struct siphash_key key = {{7, 8}};
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_s = (uint32_t)now.tv_sec;
	policy.verdicts = rules;
	atomic_store(&bs_policy_current, &policy);
	program.sources = bs_sources_new(1024, &key);
	teach("192.0.2.1", (struct bs_lesson){.sessions = 1, .unknown = 20}, 30);
	teach("192.0.2.2", (struct bs_lesson){.sessions = 1, .mails = 1, .known = 1}, 10);
	teach("198.51.100.3", (struct bs_lesson){.early = 5}, 20);
	teach("2001:db8:7::5", (struct bs_lesson){.hangups = 1}, 40);
}

static void end(void)
{
	bs_sources_free(program.sources);
}

TestSuite(request_sources, .init = begin, .fini = end);

static json_t *ask(const char *line, bool may_write)
{
	struct request_answer answer;
	cr_assert(request_handle(&program, may_write, line, strlen(line), &answer));
	json_t *object = json_loads(answer.line, 0, NULL);
	cr_assert_not_null(object, "%s", answer.line);
	free(answer.line);
	return object;
}

static void expect_sources(const char *line, const char *wanted)
{
	char got[1000] = "";
	json_t *answer = ask(line, false);
	const json_t *row;
	size_t index;
	json_array_foreach (json_object_get(answer, "sources"), index, row) {
		strcat(got, json_string_value(json_object_get(row, "source")));
		strcat(got, " ");
	}
	cr_expect_str_eq(got, wanted, "%s", line);
	json_decref(answer);
}

Test(request_sources, listed_filtered_and_in_order)
{
	expect_sources(
		"{\"command\":\"sources\"}", "192.0.2.2 198.51.100.3 192.0.2.1 2001:db8:7::/64 ");
	expect_sources("{\"command\":\"sources\",\"limit\":2}", "192.0.2.2 198.51.100.3 ");
	expect_sources(
		"{\"command\":\"sources\",\"prefix\":\"192.0.2.0/24\"}", "192.0.2.2 192.0.2.1 ");
	expect_sources(
		"{\"command\":\"sources\",\"prefix\":\"2001:db8::/32\"}", "2001:db8:7::/64 ");
	expect_sources(
		"{\"command\":\"sources\",\"prefix\":\"2001:db8:7::99\"}", "2001:db8:7::/64 ");
	expect_sources("{\"command\":\"sources\",\"prefix\":\"::/0\"}", "2001:db8:7::/64 ");
	expect_sources("{\"command\":\"sources\",\"verdict\":\"any\"}", "198.51.100.3 192.0.2.1 ");
	expect_sources(
		"{\"command\":\"sources\",\"verdict\":\"none\"}", "192.0.2.2 2001:db8:7::/64 ");
	expect_sources("{\"command\":\"sources\",\"verdict\":\"early-talk\"}", "198.51.100.3 ");
	expect_sources(
		"{\"command\":\"sources\",\"verdict\":\"harvest\",\"prefix\":\"198.51.100.0/24\"}",
		"");
}

// The last seen of many, in their order.
Test(request_sources, the_best_of_many)
{
	char wanted[1000] = "", text[40];
	for (uint32_t i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "203.0.113.%u", i);
		teach(text, (struct bs_lesson){.hangups = 1}, 100 + (i * 37) % 200);
	}
	for (uint32_t age = 0; age < 20; age++) { // 37 * 173 is 1 modulo 200
		snprintf(text, sizeof(text), "203.0.113.%u ", age * 173 % 200);
		strcat(wanted, text);
	}
	expect_sources(
		"{\"command\":\"sources\",\"prefix\":\"203.0.113.0/24\",\"limit\":20}", wanted);
}

Test(request_sources, one_is_shown_whole)
{
	json_t *answer = ask("{\"command\":\"sources show\",\"address\":\"192.0.2.1\"}", false);
	const json_t *source = json_object_get(answer, "source");
	const json_t *window = json_object_get(source, "window");
	const json_t *verdict = json_object_get(source, "verdict");
	json_int_t seen = json_integer_value(json_object_get(source, "last-seen"));
	cr_expect_eq(json_integer_value(json_object_get(source, "connections")), 1);
	cr_expect_eq(json_integer_value(json_object_get(source, "verdicts")), 1);
	cr_expect(json_is_null(json_object_get(source, "last-mail")));
	cr_expect_eq(json_integer_value(json_object_get(window, "sessions")), 0, "begun anew");
	cr_expect_str_eq(json_string_value(json_object_get(verdict, "reason")), "harvest");
	cr_expect_eq(json_integer_value(json_object_get(verdict, "ends")) - seen, 3600);
	json_decref(answer);
	answer = ask("{\"command\":\"sources show\",\"address\":\"2001:db8:7::/64\"}", false);
	window = json_object_get(json_object_get(answer, "source"), "window");
	cr_expect_eq(json_integer_value(json_object_get(window, "hangups")), 1);
	json_decref(answer);
	answer = ask("{\"command\":\"sources show\",\"address\":\"192.0.2.99\"}", false);
	cr_expect(json_is_null(json_object_get(answer, "source")));
	json_decref(answer);
}

static void expect_cleared(const char *address, json_int_t count)
{
	char line[200];
	snprintf(line, sizeof(line), "{\"command\":\"sources clear\",\"address\":\"%s\"}", address);
	json_t *answer = ask(line, true);
	cr_expect_eq(json_integer_value(json_object_get(answer, "cleared")), count, "%s", address);
	json_decref(answer);
}

Test(request_sources, verdicts_are_cleared_by_those_who_may)
{
	expect_cleared("192.0.2.2", 0);
	expect_cleared("192.0.2.1", 1);
	expect_sources("{\"command\":\"sources\",\"verdict\":\"any\"}", "198.51.100.3 ");
	expect_cleared("all", 1);
	expect_sources("{\"command\":\"sources\",\"verdict\":\"any\"}", "");
	expect_cleared("all", 0);
}

static void expect_refused(const char *line, bool may_write, const char *word)
{
	json_t *answer = ask(line, may_write);
	cr_expect(json_is_false(json_object_get(answer, "ok")), "%s", line);
	cr_expect_not_null(strstr(json_string_value(json_object_get(answer, "error")), word),
		"%s: %s", line, json_string_value(json_object_get(answer, "error")));
	json_decref(answer);
}

Test(request_sources, wrong_requests)
{
	expect_refused("{\"command\":\"sources clear\",\"address\":\"all\"}", false, "root");
	expect_refused(
		"{\"command\":\"sources clear\",\"address\":\"192.0.2.0/24\"}", true, "one source");
	expect_refused(
		"{\"command\":\"sources clear\",\"address\":\"everything\"}", true, "one source");
	expect_refused("{\"command\":\"sources clear\"}", true, "missing");
	expect_refused("{\"command\":\"sources show\",\"address\":\"2001:db8::/32\"}", false,
		"one source");
	expect_refused("{\"command\":\"sources\",\"limit\":0}", false, "limit");
	expect_refused("{\"command\":\"sources\",\"verdict\":\"guilty\"}", false, "one of");
	bs_sources_free(program.sources);
	program.sources = NULL;
	expect_refused("{\"command\":\"sources\"}", false, "moment");
	expect_refused("{\"command\":\"sources show\",\"address\":\"192.0.2.1\"}", false, "moment");
	expect_refused("{\"command\":\"sources clear\",\"address\":\"all\"}", true, "moment");
}
