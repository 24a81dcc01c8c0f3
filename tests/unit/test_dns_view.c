// SPDX-License-Identifier: BSD-3-Clause
//
// What control is shown of a resolver's memory: what is there, what is under way, what has no room.
#include "smtp/dns/view.h"

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

#define PATIENCE_MS 20000u

static struct dns_server_thread server;
static struct bs_worker_counters counters;
static struct heap *heap;
static struct poller *poller;
static struct resolver *resolver;
static struct dns_asker asker;
static struct dns_view view[DNS_VIEWS];
static uint64_t now_ms;

static void no_news(struct dns_asker *who)
{
}

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void turn(void)
{
	struct pollfd wait = {.fd = poller_descriptor(poller), .events = POLLIN};
	poll(&wait, 1, 5);
	now_ms = clock_ms();
	poller_turn(poller, now_ms);
	resolver_turn(resolver, now_ms);
}

static void begin(void)
{
	struct resolver_settings settings = {.timeout_ms = 10000,
		.tries = 1,
		.cache_size = 100,
		.ttl_least_ms = 1000,
		.ttl_most_ms = 1000000,
		.negative_most_ms = 100000,
		.trouble_ms = 5000,
		.in_flight = 64};
	char error[256] = "";
	cr_assert(dns_server_start(&server));
	snprintf(settings.servers, sizeof(settings.servers), "127.0.0.1:%u", server.port);
	heap = heap_new();
	poller = poller_new(clock_ms());
	resolver = resolver_new(&settings, heap, poller, &counters, error);
	cr_assert_not_null(resolver, "%s", error);
	turn();
	dns_asker_init(&asker, resolver_source(resolver), no_news);
}

static void end(void)
{
	dns_asker_forget(&asker);
	resolver_free(resolver);
	poller_free(poller);
	heap_free(heap);
	dns_server_stop(&server);
}

TestSuite(dns_view, .init = begin, .fini = end, .timeout = 60);

static void learn(const char *name, enum dns_type type)
{
	uint64_t begun = clock_ms();
	while (dns_look(&asker, name, type) == NULL && clock_ms() - begun < PATIENCE_MS)
		turn();
	cr_assert_eq(asker.pending, 0, "no answer for %s", name);
}

Test(dns_view, shows_each_type_that_is_remembered)
{
	learn("mx.test", DNS_MX);
	learn("mx.test", DNS_A); // the server answers with MX: no A
	cr_assert_eq(resolver_view(resolver, "MX.test.", 0, view), 2);
	cr_expect_eq(view[0].type, DNS_A);
	cr_expect_neq(view[0].status, DNS_FOUND);
	cr_expect_eq(view[1].type, DNS_MX);
	cr_expect_eq(view[1].status, DNS_FOUND);
	cr_expect_eq(view[1].records, 3);
	cr_expect_eq(view[1].shown, 3);
	cr_expect_str_eq(view[1].text, "5 a.test");
	cr_expect_str_eq(view[1].text + sizeof("5 a.test"), "10 b.test");
	cr_expect(view[1].left_ms <= 300000 && view[1].left_ms > 0);
	cr_expect_eq(resolver_view(resolver, "mx.test", DNS_MX, view), 1);
	cr_expect_eq(resolver_view(resolver, "mx.test", DNS_TXT, view), 0);
	cr_expect_eq(resolver_view(resolver, "a..b", 0, view), 0);
}

Test(dns_view, an_address_and_no_name_and_trouble)
{
	learn("x.test", DNS_A);
	learn("none-9.test", DNS_A);
	learn("fail.test", DNS_A);
	cr_assert_eq(resolver_view(resolver, "x.test", DNS_A, view), 1);
	cr_expect_str_eq(view[0].text, "127.0.0.2");
	cr_assert_eq(resolver_view(resolver, "none-9.test", 0, view), 1);
	cr_expect_eq(view[0].status, DNS_NO_NAME);
	cr_expect_eq(view[0].records, 0);
	cr_expect_leq(view[0].left_ms, 9000);
	cr_assert_eq(resolver_view(resolver, "fail.test", 0, view), 1);
	cr_expect_eq(view[0].status, DNS_TROUBLE);
	cr_expect_str_eq(view[0].why, "SERVFAIL");
	cr_assert_eq(resolver_forget(resolver, "x.test", DNS_A), 1);
	cr_expect_eq(resolver_view(resolver, "x.test", 0, view), 0);
}

Test(dns_view, what_is_under_way_and_what_has_no_room)
{
	dns_look(&asker, "silent.test", DNS_A);
	cr_assert_eq(resolver_view(resolver, "silent.test", 0, view), 1);
	cr_expect(view[0].asked);
	dns_asker_forget(&asker);
	learn("txt.test", DNS_TXT); // one of 3000 bytes
	cr_assert_eq(resolver_view(resolver, "txt.test", 0, view), 1);
	cr_expect_eq(view[0].records, 1);
	cr_expect_eq(view[0].shown, 0);
}
