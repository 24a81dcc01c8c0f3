// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check and the DNS lists: good ones, dead ones, silent ones, and a resolver that isn't there. Asked over the wire.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/audit/audit_say.h"
#include "tests/unit/dns_server.h"

static struct dns_server_thread server;
static struct config config;
static struct bs_dnsl lists[BS_DNSL_MOST];
static struct bs_policy policy = {.dnsl = lists};

static void begin(void)
{
	cr_assert(dns_server_start(&server));
	config.dns = (struct resolver_settings){.timeout_ms = 300,
		.tries = 2,
		.cache_size = 1000,
		.ttl_most_ms = 1000,
		.negative_most_ms = 1000,
		.trouble_ms = 1000,
		.in_flight = 256};
	snprintf(config.dns.servers, sizeof(config.dns.servers), "127.0.0.1:%u", server.port);
}

static void end(void)
{
	dns_server_stop(&server);
}

TestSuite(audit_dnsl, .init = begin, .fini = end, .timeout = 60);

// A list of names, whose points the server answers as they say.
static struct bs_dnsl *add(const char *name, const char *listed, const char *unlisted)
{
	struct bs_dnsl *list = &lists[policy.dnsl_count++];
	*list = (struct bs_dnsl){
		.mode = BS_MODE_ENFORCE, .kind = BS_DNSL_NAME_KIND, .tested = true};
	snprintf(list->name, sizeof(list->name), "%s", name);
	snprintf(list->zone, sizeof(list->zone), "k3y.%s.test", name);
	snprintf(list->test_listed, sizeof(list->test_listed), "%s", listed);
	snprintf(list->test_unlisted, sizeof(list->test_unlisted), "%s", unlisted);
	return list;
}

static char *audited(void)
{
	char *said = NULL;
	size_t size;
	struct audit audit = {.config = &config, .out = open_memstream(&said, &size)};
	audit_dns_lists(&audit, policy.dnsl, policy.dnsl_count);
	fclose(audit.out);
	cr_assert_eq(audit.errors, 0, "mail is taken without them");
	cr_assert_null(strstr(said, "k3y"), "%s", said);
	return said;
}

static void expect_line(const char *said, const char *line)
{
	cr_assert_not_null(strstr(said, line), "%s", said);
}

Test(audit_dnsl, each_list_has_its_line)
{
	add("good", "a-5", "none");
	add("dead", "none-2", "none");
	add("world", "a-5", "a-6");
	add("silent", "silent", "none");
	add("off", "none", "a-5")->mode = BS_MODE_OFF;
	add("trusted", "none", "a-5")->tested = false;
	char *said = audited();
	expect_line(said, "check: ok: DNS list good: its test points are as they should be\n");
	expect_line(said, "check: warning: DNS list dead will not count: none-2 is not listed");
	expect_line(said, "check: warning: DNS list world will not count: a-6 is listed");
	expect_line(said, "check: warning: DNS list silent will not count: there is no answer for");
	expect_line(said, "check: warning: DNS list trusted is not tested");
	cr_assert_null(strstr(said, "list off"));
	free(said);
}

// Refusals and typing errors of lists are answers of theirs.
Test(audit_dnsl, standard_points_are_asked_by_address)
{
	struct bs_dnsl *list = add("everybody", "", "");
	list->kind = BS_DNSL_CLIENT;
	list->families = BS_DNSL_BOTH;
	char *said = audited();
	expect_line(said, "DNS list everybody will not count: 127.0.0.1 is listed");
	cr_assert_eq(server.asked, 4);
	free(said);
}

Test(audit_dnsl, nobody_answers_and_it_ends)
{
	struct timespec before, after;
	for (unsigned i = 0; i < BS_DNSL_MOST; i++)
		add("silent", "silent", "none");
	for (unsigned i = 0; i < BS_DNSL_MOST; i++)
		snprintf(lists[i].zone, sizeof(lists[i].zone), "zone-%u.test", i);
	clock_gettime(CLOCK_MONOTONIC, &before);
	char *said = audited();
	clock_gettime(CLOCK_MONOTONIC, &after);
	expect_line(said, "there is no answer for silent");
	cr_assert_lt(after.tv_sec - before.tv_sec, 30, "all at once, not one after the other");
	free(said);
}

Test(audit_dnsl, without_lists_nothing_is_asked_or_said)
{
	char *said = audited();
	cr_assert_str_eq(said, "");
	cr_assert_eq(server.asked, 0);
	free(said);
}

Test(audit_dnsl, a_resolver_that_can_not_be_says_why)
{
	add("good", "a-5", "none");
	strcpy(config.dns.servers, "no address");
	char *said = audited();
	expect_line(said, "check: warning: dns: the lists can't be tested: ");
	free(said);
}
