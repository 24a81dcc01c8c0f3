// SPDX-License-Identifier: BSD-3-Clause
//
// The commands about what is remembered, and what people are shown of it.
#include <jansson.h>
#include <time.h>

#include "control/ctl/ctl_show.h"
#include "control/memory/memory_store.h"
#include "control/socket/request.h"
#include "tests/unit/config_case.h"

static struct daemon program;
static struct bs_policy policy;
static struct memory *memory;
static uint64_t now_s;
static json_t *answer; // the last one
static char *shown;    // of it

static void begin(void)
{
	char trouble[MEMORY_LOAD_ERROR];
	make_folder();
	policy.checks.greylist = (struct bs_greylist_rules){
		.delay_ms = 300000, .retry_ms = 3600000, .lifetime_ms = 86400000, .auto_allow = 2};
	atomic_store(&bs_policy_current, &policy);
	program.memory = memory_store_new(folder, 1000, trouble);
	memory = memory_store_memory(program.memory);
	now_s = (uint64_t)time(NULL);
}

static void end(void)
{
	json_decref(answer);
	free(shown);
	memory_store_free(program.memory);
	remove_folder();
}

TestSuite(request_memory, .init = begin, .fini = end);

static bool ask(const char *line, bool may_write)
{
	struct request_answer bytes;
	cr_assert(request_handle(&program, may_write, line, strlen(line), &bytes));
	json_decref(answer);
	answer = json_loadb(bytes.line, bytes.length, 0, NULL);
	cr_assert_not_null(answer);
	free(bytes.line);
	return json_is_true(json_object_get(answer, "ok"));
}

static const struct {
	const char *name;
	void (*show)(FILE *out, const json_t *answer);
} show[] = {{"greylist get", ctl_show_greylist}, {"greylist del", ctl_show_deleted},
	{"greylist list", ctl_show_greylist_list}, {"remembered get", ctl_show_remembered},
	{"remembered del", ctl_show_deleted}, {"remembered list", ctl_show_remembered_list}};

// Sends a command and the rest of a JSON object; what people see is in `shown`.
static void told(const char *name, const char *rest)
{
	char line[500];
	size_t size;
	snprintf(line, sizeof(line), "{\"command\":\"%s\"%s}", name, rest);
	cr_assert(ask(line, true), "%s", json_dumps(answer, 0));
	free(shown);
	FILE *out = open_memstream(&shown, &size);
	for (unsigned i = 0; i < sizeof(show) / sizeof(show[0]); i++)
		if (strcmp(show[i].name, name) == 0)
			show[i].show(out, answer);
	fclose(out);
}

static int64_t number(const char *key)
{
	return json_integer_value(json_object_get(answer, key));
}

static void sees(const char *part)
{
	cr_expect_not_null(strstr(shown, part), "no '%s' in:\n%s", part, shown);
}

#define MAIL ",\"address\":\"192.0.2.7\",\"from\":\"b@example.net\",\"to\":\"a@example.org\""

static enum greylist_state mail(uint64_t age_s, const char *sender, const char *spf)
{
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 9});
	return greylist_ask(memory, &client, spf, sender, "a@example.org", &policy.checks.greylist,
		now_s - age_s, true)
		.state;
}

Test(request_memory, greylist_get_looks_only)
{
	for (int i = 0; i < 2; i++) {
		told("greylist get", MAIL);
		sees("State     new, passes in 300 s\nTriplet   not known\nNetwork   not known\n");
	}
	mail(100, "b@example.net", NULL);
	told("greylist get", MAIL);
	sees("State     early, passes in ");
	sees("Triplet   passed 0 times, first seen 20");
	mail(1000, "c@example.net", NULL);
	mail(500, "c@example.net", NULL);
	told("greylist get", MAIL);
	sees("Network   passed 1 times");
	mail(1000, "d@example.net", NULL);
	mail(500, "d@example.net", NULL);
	told("greylist get", MAIL);
	sees("State     network passed\n");
	mail(400, "", "example.net");
	told("greylist get",
		",\"address\":\"2001:db8::/"
		"64\",\"from\":\"<>\",\"to\":\"a@example.org\",\"spf\":\"example.net\"");
	sees("State     passes\n");
	cr_expect_eq(number("wait"), 0);
}

Test(request_memory, greylist_del_takes_triplet_or_network)
{
	mail(1000, "b@example.net", NULL);
	mail(500, "b@example.net", NULL);
	told("greylist del", ",\"address\":\"192.0.2.7\"");
	cr_expect_str_eq(shown, "forgotten\n");
	told("greylist del", ",\"address\":\"192.0.2.7\"");
	cr_expect_str_eq(shown, "was not known\n");
	told("greylist get", MAIL);
	sees("State     passes\n");
	told("greylist del", MAIL);
	cr_expect_eq(number("deleted"), 1);
	told("greylist get", MAIL);
	sees("State     new");
}

Test(request_memory, lists)
{
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 9}), six;
	cr_assert(bs_address_parse("2001:db8:7::5", &six));
	mail(100, "b@example.net", NULL);
	mail(1000, "c@example.net", NULL);
	mail(500, "c@example.net", NULL);
	mail(1000, "c@example.net", "example.net");
	mail(500, "c@example.net", "example.net");
	memory_remember_client(memory, &client, now_s + 1000, now_s);
	memory_remember_client(memory, &six, now_s + 1000, now_s);
	told("greylist list", "");
	sees("1 triplets wait, 2 passed; 1 networks and 1 SPF domains passed\n");
	sees("\n192.0.2.0/24 ");
	told("remembered list", "");
	sees("2 sources are spared the wait\n");
	sees("\n192.0.2.9 ");
	sees("\n2001:db8:7::/64 ");
	told("remembered list", ",\"limit\":1");
	cr_expect_eq(number("known"), 2);
	cr_expect_eq(json_array_size(json_object_get(answer, "sources")), 1);
	told("status", "");
	const json_t *status = json_object_get(answer, "memory");
	cr_expect_eq(json_integer_value(json_object_get(status, "entries")), 7);
	cr_expect_eq(json_integer_value(json_object_get(status, "room")), 1000);
}

Test(request_memory, remembered_get_and_del)
{
	static const struct siphash_key key = {{1, 2}};
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 9});
	enum bs_source_opening how;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	program.sources = bs_sources_new(64, &key);
	struct bs_source *source = bs_source_open(
		program.sources, &client, (uint32_t)now.tv_sec, &how);
	bs_source_remember(source, (uint32_t)now.tv_sec + 500);
	told("remembered get", ",\"address\":\"192.0.2.9\"");
	sees("not remembered");
	memory_remember_client(memory, &client, now_s + 1000, now_s);
	told("remembered get", ",\"address\":\"192.0.2.9\"");
	sees("spared the wait until 20");
	told("remembered del", ",\"address\":\"192.0.2.9\"");
	cr_expect_str_eq(shown, "forgotten\n");
	cr_expect_not(bs_source_is_known(source, (uint32_t)now.tv_sec));
	cr_expect_eq(memory_client_until(memory, &client, now_s), 0);
	told("remembered del", ",\"address\":\"192.0.2.9\"");
	cr_expect_str_eq(shown, "was not known\n");
	bs_sources_free(program.sources);
}

Test(request_memory, what_is_no_question_is_refused)
{
	cr_expect_not(ask("{\"command\":\"greylist get\",\"address\":\"192.0.2.7\"}", true));
	cr_expect_not(ask("{\"command\":\"greylist get\"" MAIL ",\"x\":1}", true));
	cr_expect_not(ask("{\"command\":\"greylist del\"" MAIL "}", false)); // only looks
	cr_expect_not(ask(
		"{\"command\":\"greylist del\",\"address\":\"192.0.2.7\",\"from\":\"b@x.example\"}",
		true));
	cr_expect_not(ask("{\"command\":\"remembered del\",\"address\":\"192.0.2.0/24\"}", true));
	cr_expect_not(ask("{\"command\":\"remembered get\",\"address\":\"nobody\"}", true));
	cr_expect(ask("{\"command\":\"remembered get\",\"address\":\"192.0.2.7\"}", false));
	memory_store_free(program.memory);
	program.memory = NULL;
	cr_expect_not(ask("{\"command\":\"greylist list\"}", true));
	cr_expect_not(ask("{\"command\":\"remembered list\"}", true));
	cr_expect_not(ask("{\"command\":\"greylist get\"" MAIL "}", true));
	cr_expect_not(ask("{\"command\":\"remembered del\",\"address\":\"192.0.2.7\"}", true));
}
