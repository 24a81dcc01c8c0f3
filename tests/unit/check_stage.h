// SPDX-License-Identifier: BSD-3-Clause
//
// One check at a time, on facts and a DNS that a test writes down.
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "dns_table.h"
#include "smtp/checks/check.h"

struct check_stage {
	struct dns_table table;
	struct dns_asker asker;
	struct facts facts;
	struct mailbox sender, recipient;
	struct bs_policy policy;
	char *domains[2];
	struct check_result result; // of the latest check
	struct check_context context;
};

static inline void stage_news(struct dns_asker *asker)
{
}

static inline struct bs_address stage_address(const char *text)
{
	struct bs_address address;
	cr_assert(bs_address_parse(text, &address), "%s", text);
	return address;
}

// We are mx.example.net at 192.0.2.25, with mail for example.net and our.example; the client is 198.51.100.7.
static inline struct check_stage *check_stage_new(const char *dns)
{
	struct check_stage *stage = calloc(1, sizeof(*stage));
	cr_assert_not_null(stage);
	dns_table_new(&stage->table, dns);
	dns_asker_init(&stage->asker, &stage->table.source, stage_news);
	stage->asker.deadline_ms = UINT64_MAX;
	stage->domains[0] = (char *)"example.net";
	stage->domains[1] = (char *)"our.example";
	snprintf(stage->policy.hostname, sizeof(stage->policy.hostname), "mx.example.net");
	stage->policy.domains = stage->domains;
	stage->policy.domain_count = 2;
	stage->policy.domain_index = bs_domains_new(stage->domains, 2);
	stage->facts.client = stage_address("198.51.100.7");
	stage->facts.local = stage_address("192.0.2.25");
	stage->facts.helo = "";
	stage->context = (struct check_context){
		.facts = &stage->facts, .policy = &stage->policy, .dns = &stage->asker};
	return stage;
}

static inline void check_stage_free(struct check_stage *stage)
{
	dns_asker_forget(&stage->asker);
	dns_table_free(&stage->table);
	bs_domains_free((struct bs_domains *)stage->policy.domain_index);
	free(stage);
}

static inline void stage_sender(struct check_stage *stage, const char *local, const char *domain)
{
	snprintf(stage->sender.local, sizeof(stage->sender.local), "%s", local);
	snprintf(stage->sender.domain, sizeof(stage->sender.domain), "%s", domain);
	stage->facts.sender = &stage->sender;
}

static inline const char *stage_run(struct check_stage *stage, check_run *run)
{
	static const char *const names[] = {"not run", "pending", "miss", "hit", "unknown"};
	stage->result = (struct check_result){0};
	run(&stage->context, &stage->result);
	return names[stage->result.outcome];
}

#define stage_expect(stage, run, outcome) \
	cr_expect_str_eq(stage_run(stage, run), outcome, #run " of %s: %s (%s)", \
		(stage)->facts.helo, stage_run(stage, run), (stage)->result.detail)
