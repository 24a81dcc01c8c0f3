// SPDX-License-Identifier: BSD-3-Clause
//
// The commands "cache get" and "cache del" over a real control socket: two workers and a dataplane that answer when they are told to.
#include "tests/unit/control_stage.h"

#include "control/ctl/ctl_show.h"
#include "smtp/dns/view.h"

#define LCORES 3 // the first is the dataplane

static struct bs_door *door[LCORES];
static struct bs_bell lcore_bell[LCORES];

static void begin(void)
{
	open_server();
	program.desk = desk_new(control_socket_bell(server));
	cr_assert(program.desk != NULL);
	for (int i = 0; i < LCORES; i++) {
		cr_assert(bs_bell_open(&lcore_bell[i]));
		door[i] = desk_door(program.desk, &lcore_bell[i]);
	}
}

static void end(void)
{
	control_socket_turn(server);
	desk_free(program.desk);
	program.desk = NULL;
	for (int i = 0; i < LCORES; i++)
		bs_bell_close(&lcore_bell[i]);
	close_server();
}

TestSuite(control_cache, .init = begin, .fini = end);

static void fill(struct bs_inquiry *inquiry)
{
	inquiry->dns[0] = (struct dns_view){
		.type = DNS_MX, .status = DNS_FOUND, .records = 3, .shown = 2, .left_ms = 299999};
	memcpy(inquiry->dns[0].text,
		"10 a.test\0"
		"20 \n",
		sizeof("10 a.test\0"
		       "20 \n"));
	inquiry->dns[1] = (struct dns_view){
		.type = DNS_A, .status = DNS_TROUBLE, .left_ms = 5000, .why = "SERVFAIL"};
	inquiry->dns[2] = (struct dns_view){.type = DNS_TXT, .asked = true};
	inquiry->count = 3;
}

// The dataplane has nothing to say, the first worker something, the second nothing.
static void answer_all(const char *name, uint16_t type)
{
	for (uint32_t i = 0; i < LCORES; i++) {
		struct bs_inquiry *inquiry = bs_door_look(door[i]);
		cr_assert(inquiry != NULL);
		cr_expect_str_eq(inquiry->question.name, name);
		cr_expect_eq(inquiry->question.type, type);
		inquiry->found = i != 0;
		inquiry->worker = i - 1;
		if (i == 1 && inquiry->question.kind == BS_QUESTION_DNS)
			fill(inquiry);
		if (i == 1 && inquiry->question.kind == BS_QUESTION_FORGET)
			inquiry->count = 2;
		bs_door_answer(door[i], inquiry);
	}
}

// The answer to a request for `name`, parsed; the caller's.
static json_t *told(const char *request, const char *name, uint16_t type)
{
	int fd = call();
	say(fd, request, strlen(request));
	say(fd, "\n", 1);
	control_socket_turn(server);
	cr_expect_eq(recv(fd, &(char){0}, 1, 0), -1, "an answer before the workers'");
	answer_all(name, type);
	char *line = answer(fd);
	cr_assert(line != NULL);
	json_t *object = json_loads(line, 0, NULL);
	cr_assert(json_is_true(json_object_get(object, "ok")), "%s", line);
	free(line);
	close(fd);
	return object;
}

static char *shown(void (*show)(FILE *, const json_t *), const json_t *object)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	show(out, object);
	fclose(out);
	return text;
}

Test(control_cache, each_worker_says_what_it_has)
{
	json_t *object = told(
		"{\"command\":\"cache get\",\"name\":\"Example.ORG.\"}", "example.org", 0);
	const json_t *workers = json_object_get(object, "workers");
	cr_assert_eq(json_array_size(workers), 2);
	expect_json(json_array_get(workers, 0),
		"{\"worker\":0,\"answers\":["
		"{\"type\":\"MX\",\"status\":\"found\",\"left\":299,\"records\":[\"10 "
		"a.test\",\"20 ?\"],"
		"\"more\":true,\"why\":null},"
		"{\"type\":\"A\",\"status\":\"trouble\",\"left\":5,\"records\":[],\"more\":false,"
		"\"why\":\"SERVFAIL\"},"
		"{\"type\":\"TXT\",\"status\":\"asked\"}]}");
	expect_json(json_array_get(workers, 1), "{\"worker\":1,\"answers\":[]}");
	char *text = shown(ctl_show_cache, object);
	cr_expect_str_eq(text, "example.org\n"
			       "worker 0   MX    found         299 s left\n"
			       "    10 a.test\n    20 ?\n    and more\n"
			       "worker 0   A     trouble         5 s left: SERVFAIL\n"
			       "worker 0   TXT   asked   \n"
			       "worker 1   nothing\n");
	free(text);
	json_decref(object);
}

Test(control_cache, says_how_many_were_forgotten)
{
	json_t *object = told("{\"command\":\"cache del\",\"name\":\"7.2.0.192.k3y.list.test\","
			      "\"type\":\"TXT\"}",
		"7.2.0.192.k3y.list.test", DNS_TXT);
	expect_json(json_object_get(object, "deleted"), "2");
	expect_json(json_object_get(object, "workers"),
		"[{\"worker\":0,\"deleted\":2},{\"worker\":1,\"deleted\":0}]");
	char *text = shown(ctl_show_cache_deleted, object);
	cr_expect_str_eq(text, "2 forgotten\nworker 0   2\nworker 1   0\n");
	free(text);
	json_decref(object);
}

Test(control_cache, an_address_stands_for_its_pointer)
{
	json_t *object = told("{\"command\":\"cache get\",\"name\":\"192.0.2.7\",\"type\":\"PTR\"}",
		"7.2.0.192.in-addr.arpa", DNS_PTR);
	expect_json(json_object_get(object, "name"), "\"7.2.0.192.in-addr.arpa\"");
	json_decref(object);
}

Test(control_cache, what_is_no_name_or_type)
{
	expect_error("{\"command\":\"cache get\",\"name\":\"a..b\"}",
		"\"a..b\" is no name of the DNS: labels of 1 to 63 bytes with dots between them, "
		"253 in all");
	expect_error("{\"command\":\"cache get\",\"name\":\"a.b\",\"type\":\"SOA\"}",
		"\"type\" must be one of A|AAAA|MX|TXT|PTR");
	expect_served();
}
