// SPDX-License-Identifier: BSD-3-Clause
//
// Lists, a policy and a DNS for the tests of the DNS lists.
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/policy/policy.h"
#include "dataplane/seam/log.h"
#include "smtp/lists/dnsl_health.h"
#include "dns_table.h"

#define PASTS 16

static struct bs_dnsl lists[BS_DNSL_MOST];
static struct bs_policy policy = {.dnsl = lists};
static struct dnsl_health *health;
static struct dns_table dns, past[PASTS];
static unsigned pasts;
static struct bs_log *lines;
static unsigned forgotten; // questions that were to be asked anew
static uint64_t now_ms;

#define SECOND 1000u

// Points of a list that is as it should be.
#define POINTS_GOOD "2.0.0.127.bl.example A 127.0.0.2\n"

static struct bs_dnsl *add_list(const char *name, const char *zone, int16_t hit, int16_t miss)
{
	struct bs_dnsl *list = &lists[policy.dnsl_count++];
	*list = (struct bs_dnsl){.hit = hit,
		.miss = miss,
		.mode = BS_MODE_ENFORCE,
		.families = BS_DNSL_IPV4,
		.tested = true,
		.share = 98};
	snprintf(list->name, sizeof(list->name), "%s", name);
	snprintf(list->zone, sizeof(list->zone), "%s", zone);
	return list;
}

static __attribute__((unused)) void add_code(struct bs_dnsl *list, const char *pattern)
{
	cr_assert(bs_dnsl_code_parse(pattern, &list->code[list->codes++]), "%s", pattern);
}

// The DNS says something else from now on; the same source. What it said is kept for those who hold it.
static void dns_becomes(const char *text)
{
	bool arrived = dns.arrived;
	cr_assert_lt(pasts, PASTS);
	past[pasts++] = dns;
	dns_table_new(&dns, text);
	dns.arrived = arrived;
}

static uint32_t count_forget(struct resolver *resolver, const char *name, enum dns_type type)
{
	(void)resolver;
	cr_assert(name[0] != '\0' && type == DNS_A);
	forgotten++;
	return 1;
}

static unsigned turn(void)
{
	struct dnsl_tools tools = {.source = &dns.source, .log = lines, .forget = count_forget};
	return dnsl_health_turn(health, &tools, &policy, now_ms);
}

static __attribute__((unused)) void pass(uint64_t ms)
{
	now_ms += ms;
	turn();
}

static struct dnsl_view view_of(const struct bs_dnsl *list)
{
	struct dnsl_view view;
	dnsl_health_view(health, list, &view);
	return view;
}

static void begin_lists(void)
{
	dns_table_new(&dns, "");
	health = dnsl_health_new();
	lines = bs_log_new(BS_LOG_SMALL);
	cr_assert(health != NULL && lines != NULL);
	now_ms = 1000 * SECOND;
}

static void end_lists(void)
{
	dnsl_health_leave(health);
	dnsl_health_free(health);
	bs_log_free(lines);
	dns_table_free(&dns);
	for (unsigned i = 0; i < pasts; i++)
		dns_table_free(&past[i]);
}

// The next line of the log, or "".
static __attribute__((unused)) const char *line(void)
{
	static struct bs_log_line taken;
	return bs_log_take(lines, &taken) ? taken.text : "";
}
