// SPDX-License-Identifier: BSD-3-Clause
//
// The resolver against a name server on the loopback interface (tests/unit/dns_server.h): what goes over the wire, what is remembered, and
// what servers that are silent, refuse or lie make of it. Its clock is the test's, but for the tries' timeouts, which are c-ares'.
#include <criterion/criterion.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/counters.h"
#include "smtp/dns/resolver.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/poller.h"
#include "tests/unit/dns_server.h"

#define PATIENCE_MS 20000u // real time; nothing takes so long

static struct dns_server_thread server, second;
static struct bs_worker_counters counters;
static struct resolver_settings settings;
static struct heap *heap;
static struct poller *poller;
static struct resolver *resolver;
static uint64_t now_ms = 1000000;
static unsigned news;

static void take_news(struct dns_asker *asker)
{
	news++;
}

static void start(void)
{
	char error[256];
	heap = heap_new();
	poller = poller_new(now_ms);
	resolver = resolver_new(&settings, heap, poller, &counters, error);
	cr_assert_not_null(resolver, "%s", error);
	resolver_turn(resolver, now_ms);
}

static void setup(void)
{
	cr_assert(dns_server_start(&server));
	settings = (struct resolver_settings){.timeout_ms = 300,
		.tries = 2,
		.cache_size = 100,
		.ttl_least_ms = 1000,
		.ttl_most_ms = 1000000,
		.negative_most_ms = 100000,
		.trouble_ms = 5000,
		.in_flight = 64};
	snprintf(settings.servers, sizeof(settings.servers), "127.0.0.1:%u", server.port);
}

static void stop(void)
{
	if (resolver != NULL) {
		resolver_free(resolver);
		poller_free(poller);
		heap_free(heap);
	}
	dns_server_stop(&server);
}

TestSuite(resolver, .init = setup, .fini = stop);

static uint64_t real_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// A turn, as the worker does it; naps for a millisecond of both clocks.
static void turn(void)
{
	struct pollfd wait = {.fd = poller_descriptor(poller), .events = POLLIN};
	poll(&wait, 1, 1);
	now_ms++;
	poller_turn(poller, now_ms);
	resolver_turn(resolver, now_ms);
}

static const struct dns_answer *await(struct dns_asker *asker, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_look(asker, name, type);
	uint64_t begin = real_ms();
	while (answer == NULL && real_ms() - begin < PATIENCE_MS) {
		unsigned before = news;
		turn();
		if (news != before)
			answer = dns_look(asker, name, type);
	}
	cr_assert_not_null(answer, "no answer for %s", name);
	return answer;
}

// With an asker of its own; the answer's status and reason only.
static enum dns_status status_of(const char *name, enum dns_type type, const char **why)
{
	struct dns_asker asker;
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	const struct dns_answer *answer = await(&asker, name, type);
	enum dns_status status = answer->status;
	static char kept[100];
	snprintf(kept, sizeof(kept), "%s", answer->why == NULL ? "" : answer->why);
	if (why != NULL)
		*why = kept;
	dns_asker_forget(&asker);
	return status;
}

Test(resolver, finds_records)
{
	struct dns_asker asker;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	const struct dns_answer *a = await(&asker, "Host.Test.", DNS_A);
	cr_assert_eq(a->status, DNS_FOUND);
	cr_assert_eq(a->count, 1);
	cr_assert_eq(a->record[0].address.octet[15], 2);
	const struct dns_answer *mx = await(&asker, "mx.test", DNS_MX);
	cr_assert_eq(mx->count, 3);
	cr_assert_str_eq(mx->record[0].text, "a.test");
	cr_assert_str_eq(mx->record[1].text, "b.test");
	cr_assert_str_eq(mx->record[2].text, "c.test");
	cr_assert_eq(mx->record[0].preference, 5);
	cr_assert_eq(dns_look(&asker, "host.test", DNS_A), a, "the same answer");
	cr_assert_eq(await(&asker, "alias.test", DNS_A)->status, DNS_FOUND);
	dns_asker_forget(&asker);
}

Test(resolver, asks_once_for_all_and_tells_outside_of_look)
{
	struct dns_asker asker[100];
	start();
	for (unsigned i = 0; i < 100; i++) {
		dns_asker_init(&asker[i], resolver_source(resolver), take_news);
		cr_assert_null(dns_look(&asker[i], "shared.test", DNS_A));
		cr_assert_null(dns_look(&asker[i], "shared.test", DNS_A));
	}
	cr_assert_eq(news, 0);
	dns_asker_forget(&asker[7]); // is told nothing
	uint64_t begin = real_ms();
	while (news < 99 && real_ms() - begin < PATIENCE_MS)
		turn();
	cr_assert_eq(news, 99);
	for (unsigned i = 0; i < 100; i++)
		cr_assert_not_null(dns_look(&asker[i], "shared.test", DNS_A));
	for (unsigned i = 0; i < 100; i++)
		dns_asker_forget(&asker[i]);
	cr_assert_eq(server.asked, 1);
	cr_assert_eq(counters.dns_asked, 1);
	cr_assert_eq(counters.dns_looked, 101);
	cr_assert_eq(counters.dns_joined, 99);
	cr_assert_eq(counters.dns_cached, 1);
}

Test(resolver, remembers_for_the_ttl)
{
	start();
	cr_assert_eq(status_of("a-60.test", DNS_A, NULL), DNS_FOUND);
	now_ms += 50000;
	turn();
	cr_assert_eq(status_of("a-60.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(server.asked, 1);
	now_ms += 11000;
	turn();
	status_of("a-60.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 2);
	status_of("a-0.test", DNS_A, NULL); // at least ttl_least_ms
	status_of("a-0.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 3);
	status_of("a-99999999.test", DNS_A, NULL); // at most ttl_most_ms
	now_ms += 1000001;
	turn();
	status_of("a-99999999.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 5);
	status_of("alias.test", DNS_A, NULL); // the CNAME's TTL is the least
	now_ms += 41000;
	turn();
	status_of("alias.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 7);
}

Test(resolver, remembers_that_there_is_nothing)
{
	start();
	cr_assert_eq(status_of("none-20.test", DNS_A, NULL), DNS_NO_NAME);
	cr_assert_eq(status_of("empty-20.test", DNS_MX, NULL), DNS_NO_DATA);
	now_ms += 19000;
	turn();
	cr_assert_eq(status_of("none-20.test", DNS_A, NULL), DNS_NO_NAME);
	cr_assert_eq(server.asked, 2);
	now_ms += 2000;
	turn();
	status_of("none-20.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 3);
	status_of("none-3000.test", DNS_A, NULL); // at most negative_most_ms
	now_ms += 101000;
	turn();
	status_of("none-3000.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 5);
	cr_assert_eq(counters.dns_negative, 5);
}

Test(resolver, goes_over_to_tcp)
{
	struct dns_asker asker;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	const struct dns_answer *answer = await(&asker, "txt.test", DNS_TXT);
	cr_assert_eq(answer->status, DNS_FOUND);
	cr_assert_eq(answer->record[0].length, 3000);
	cr_assert_eq(strspn(answer->record[0].text, "x"), 3000);
	cr_assert_eq(server.tcp_asked, 1);
	dns_asker_forget(&asker);
}

// No trouble ever is "no such name".
Test(resolver, trouble_is_trouble)
{
	static const struct {
		const char *name, *why;
	} cases[] = {{"silent.test", "timeout"}, {"fail.test", "SERVFAIL"},
		{"refused.test", "REFUSED"}, {"notimp.test", "NOTIMP"},
		{"wrong-id.test", "timeout"}, {"wrong-name.test", "timeout"},
		{"short.test", "malformed answer"}, {"echo.test", "not an answer"},
		{"tc.test", "truncated answer"}};
	const char *why;
	settings.timeout_ms = 100;
	start();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(
			status_of(cases[i].name, DNS_A, &why), DNS_TROUBLE, "%s", cases[i].name);
		cr_expect_str_eq(why, cases[i].why, "%s: %s", cases[i].name, why);
	}
	cr_assert_eq(counters.dns_trouble, sizeof(cases) / sizeof(cases[0]));
}

Test(resolver, trouble_is_remembered_for_a_while)
{
	start();
	status_of("fail.test", DNS_A, NULL);
	status_of("fail.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 1, "nor is one that fails asked twice");
	now_ms += 5001;
	turn();
	status_of("fail.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 2);
}

Test(resolver, asks_again_after_silence)
{
	start();
	cr_assert_eq(status_of("once.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(server.asked, 2);
	cr_assert_eq(counters.dns_timeouts, 1);
}

Test(resolver, does_without_edns)
{
	start();
	cr_assert_eq(status_of("edns.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(status_of("edns-2.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(status_of("formerr.test", DNS_A, NULL), DNS_TROUBLE);
}

Test(resolver, a_dead_server_is_left_for_the_other)
{
	struct dns_server_thread dead = {0};
	cr_assert(dns_server_start(&dead));
	dns_server_stop(&dead); // its port is closed now
	snprintf(settings.servers, sizeof(settings.servers), "127.0.0.1:%u,127.0.0.1:%u", dead.port,
		server.port);
	start();
	cr_assert_eq(status_of("first.test", DNS_A, NULL), DNS_FOUND);
	uint64_t asked = counters.dns_asked;
	cr_assert_eq(status_of("next.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(counters.dns_asked, asked + 1, "the dead one is asked first no more");
}

Test(resolver, a_server_that_refuses_is_left_for_the_other)
{
	cr_assert(dns_server_start(&second));
	second.refuses = true;
	snprintf(settings.servers, sizeof(settings.servers), "127.0.0.1:%u, 127.0.0.1:%u",
		second.port, server.port);
	start();
	cr_assert_eq(status_of("first.test", DNS_A, NULL), DNS_FOUND);
	cr_assert_eq(second.asked, 1);
	dns_server_stop(&second);
}

Test(resolver, a_deadline_ends_the_waiting)
{
	struct dns_asker asker;
	settings.timeout_ms = 5000;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	dns_asker_deadline(&asker, now_ms + 200);
	cr_assert_null(dns_look(&asker, "silent.test", DNS_A));
	now_ms += 100;
	turn();
	cr_assert_eq(news, 0);
	now_ms += 200;
	turn();
	cr_assert_eq(news, 1);
	const struct dns_answer *late = dns_look(&asker, "silent.test", DNS_A);
	cr_assert_not_null(late);
	cr_assert_eq(late->status, DNS_TROUBLE);
	cr_assert_str_eq(late->why, "timeout");
	cr_assert_eq(asker.pending, 0);
	cr_assert_eq(
		dns_look(&asker, "silent-2.test", DNS_A)->status, DNS_TROUBLE, "it has passed");
	dns_asker_deadline(&asker, now_ms + 10000);
	cr_assert_eq(dns_look(&asker, "silent.test", DNS_A), late, "the same answer");
	cr_assert_eq(await(&asker, "other.test", DNS_A)->status, DNS_FOUND);
	dns_asker_forget(&asker);
}

Test(resolver, ports_change)
{
	char name[40];
	unsigned same = 0, ports = 0;
	start();
	for (unsigned i = 0; i < 40; i++) { // one at a time
		snprintf(name, sizeof(name), "n%u.test", i);
		status_of(name, DNS_A, NULL);
		same += i != 0 && server.from[i] == server.from[i - 1];
	}
	cr_assert_lt(same, 3, "%u of 39 came from the port before", same);
	struct dns_asker asker;
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	for (unsigned i = 0; i < 64; i++) { // all at once
		snprintf(name, sizeof(name), "m%u.test", i);
		dns_look(&asker, name, DNS_A);
	}
	while (server.asked < 104)
		turn();
	for (unsigned i = 40; i < 104; i++) {
		bool fresh = true;
		for (unsigned j = 40; j < i; j++)
			fresh = fresh && server.from[i] != server.from[j];
		ports += fresh;
	}
	cr_assert_geq(ports, 4, "64 questions from %u ports", ports);
	dns_asker_forget(&asker);
}

Test(resolver, questions_wait_for_their_turn)
{
	char name[40];
	struct dns_asker asker;
	settings.in_flight = 16;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	for (unsigned i = 0; i < 320; i++) {
		snprintf(name, sizeof(name), "q%u.test", i);
		cr_assert_null(dns_look(&asker, name, DNS_A));
	}
	cr_assert_eq(counters.dns_asked, 16);
	const struct dns_answer *more = dns_look(&asker, "q320.test", DNS_A);
	cr_assert(more != NULL && more->status == DNS_TROUBLE);
	await(&asker, "q319.test", DNS_A);
	for (unsigned i = 0; i < 320; i++) {
		snprintf(name, sizeof(name), "q%u.test", i);
		cr_assert_eq(await(&asker, name, DNS_A)->status, DNS_FOUND);
	}
	cr_assert_gt(counters.dns_evicted, 200, "100 are remembered");
	dns_asker_forget(&asker);
}

// All places on the wire are held by questions that nobody answers: whatever waits for one is bounded, and so is how long.
Test(resolver, every_place_is_taken)
{
	static struct dns_asker asker[104];
	char name[40];
	unsigned trouble = 0;
	settings.in_flight = 2;
	settings.timeout_ms = 60000;
	start();
	for (unsigned i = 0; i < 104; i++) {
		dns_asker_init(&asker[i], resolver_source(resolver), take_news);
		dns_asker_deadline(&asker[i], now_ms + 5000);
	}
	dns_look(&asker[0], "silent.test", DNS_A);
	dns_look(&asker[0], "silent.other.test", DNS_A);
	for (unsigned i = 0; i < 104 * 316; i++) {
		snprintf(name, sizeof(name), "q%u.test", i);
		const struct dns_answer *answer = dns_look(&asker[i / 316], name, DNS_A);
		if (answer == NULL)
			continue;
		cr_assert_eq(answer->status, DNS_TROUBLE, "nobody is refused for it");
		cr_assert_str_eq(answer->why, "too many questions");
		trouble++;
	}
	cr_assert_eq(counters.dns_asked, 2);
	cr_assert_eq(trouble, 104 * 316 - 32768, "%u", trouble);
	cr_assert_eq(counters.dns_trouble, trouble);
	now_ms += 6000;
	for (unsigned i = 0; i < 10; i++)
		turn();
	cr_assert_eq(news, 104, "%u of 104 heard that their time is over", news);
	cr_assert_eq(dns_look(&asker[1], "q400.test", DNS_A)->status, DNS_TROUBLE);
	for (unsigned i = 0; i < 104; i++)
		dns_asker_forget(&asker[i]);
	dns_asker_deadline(&asker[5], now_ms + 1000);
	cr_assert_null(dns_look(&asker[5], "q1.test", DNS_A), "there is room again");
	dns_asker_forget(&asker[5]);
}

Test(resolver, what_nobody_wants_any_more_is_not_asked)
{
	char name[40];
	struct dns_asker asker;
	settings.in_flight = 1;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "q%u.test", i);
		dns_look(&asker, name, DNS_A);
	}
	dns_asker_forget(&asker);
	status_of("last.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 2);
}

Test(resolver, forgets_what_it_is_told_to)
{
	start();
	status_of("gone.test", DNS_A, NULL);
	status_of("gone.test", DNS_MX, NULL);
	cr_assert_eq(resolver_forget(resolver, "GONE.test", DNS_A), 1);
	cr_assert_eq(resolver_forget(resolver, "gone.test", 0), 1);
	cr_assert_eq(resolver_forget(resolver, "gone.test", 0), 0);
	status_of("gone.test", DNS_A, NULL);
	cr_assert_eq(server.asked, 3);
}

Test(resolver, ends_with_questions_under_way)
{
	struct dns_asker asker;
	start();
	dns_asker_init(&asker, resolver_source(resolver), take_news);
	dns_look(&asker, "silent.test", DNS_A);
	dns_look(&asker, "host.test", DNS_A);
	dns_asker_forget(&asker);
}

Test(resolver, says_what_is_wrong_with_its_servers)
{
	static const char *const wrong[] = {"resolver", "192.0.2.1:0", "[2001:db8::1",
		"192.0.2.1:x", "192.0.2.1,,300.1.1.1", "::1]:53"};
	char error[256];
	heap = heap_new();
	poller = poller_new(now_ms);
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(settings.servers, sizeof(settings.servers), "%s", wrong[i]);
		cr_assert_null(
			resolver_new(&settings, heap, poller, &counters, error), "%s", wrong[i]);
		cr_assert_not_null(strstr(error, "dns/servers"), "%s", error);
	}
	snprintf(settings.servers, sizeof(settings.servers),
		"192.0.2.1:5353, [2001:db8::1]:53 2001:db8::2");
	resolver = resolver_new(&settings, heap, poller, &counters, error);
	cr_assert_not_null(resolver, "%s", error);
}
