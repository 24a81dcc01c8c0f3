// SPDX-License-Identifier: BSD-3-Clause
//
// helo-syntax, helo-literal, helo-numeric, helo-ours, helo-dynamic: what the words of a HELO say by themselves.
#include <strings.h>

#include "smtp/checks/dynamic.h"
#include "smtp/checks/helo.h"
#include "smtp/checks/hosts.h"

static void says_name(struct check_result *result, enum check_outcome outcome, const char *name)
{
	check_says(result, outcome, "%s", name);
}

void check_run_helo_syntax(const struct check_context *context, struct check_result *result)
{
	struct helo_said helo;
	helo_read(context->facts->helo, &helo);
	switch (helo.kind) {
	case HELO_KIND_NONE:
		check_says(result, CHECK_NOT_RUN, "nothing said");
		break;
	case HELO_KIND_NUMERIC: // one fault, one weight
		check_says(result, CHECK_NOT_RUN, "numeric");
		break;
	case HELO_KIND_FAULTY:
		says_name(result, CHECK_HIT, helo.why);
		break;
	case HELO_KIND_NAME:
	case HELO_KIND_LITERAL:
		says_name(result, CHECK_MISS, context->facts->helo);
		break;
	}
}

void check_run_helo_literal(const struct check_context *context, struct check_result *result)
{
	struct helo_said helo;
	helo_read(context->facts->helo, &helo);
	if (helo.kind != HELO_KIND_LITERAL)
		check_says(result, CHECK_NOT_RUN, "no literal");
	else if (bs_address_equal(&helo.address, &context->facts->client))
		check_says(result, CHECK_MISS, "the client's address");
	else
		says_name(result, CHECK_HIT, context->facts->helo);
}

void check_run_helo_numeric(const struct check_context *context, struct check_result *result)
{
	struct helo_said helo;
	helo_read(context->facts->helo, &helo);
	if (helo.kind == HELO_KIND_NONE)
		check_says(result, CHECK_NOT_RUN, "nothing said");
	else
		says_name(result, helo.kind == HELO_KIND_NUMERIC ? CHECK_HIT : CHECK_MISS,
			context->facts->helo);
}

// A domain of ours may well be the name of a server that is ours or our user's, sending from elsewhere: it is when
// the domain's own records say so.
static void judge_our_domain(
	const struct check_context *context, const char *domain, struct check_result *result)
{
	hosts_judge_client(context, domain, result);
	if (result->outcome == CHECK_HIT)
		check_says(result, CHECK_HIT, "%s is a domain of ours", domain);
}

void check_run_helo_ours(const struct check_context *context, struct check_result *result)
{
	const struct facts *facts = context->facts;
	struct helo_said helo;
	helo_read(facts->helo, &helo);
	if (helo.kind == HELO_KIND_NONE)
		check_says(result, CHECK_NOT_RUN, "nothing said");
	else if (bs_address_equal(&facts->client, &facts->local))
		check_says(result, CHECK_NOT_RUN, "the client's address is ours");
	else if (helo.has_address && bs_address_equal(&helo.address, &facts->local))
		check_says(result, CHECK_HIT, "%s is our address", facts->helo);
	else if (helo.kind != HELO_KIND_NAME)
		check_says(result, CHECK_MISS, "no name");
	else if (strcasecmp(helo.name, context->policy->hostname) == 0)
		check_says(result, CHECK_HIT, "%s is our name", helo.name);
	else if (bs_policy_has_domain(context->policy, helo.name))
		judge_our_domain(context, helo.name, result);
	else
		says_name(result, CHECK_MISS, helo.name);
}

void check_run_helo_dynamic(const struct check_context *context, struct check_result *result)
{
	struct helo_said helo;
	const char *why;
	helo_read(context->facts->helo, &helo);
	if (helo.kind != HELO_KIND_NAME) {
		check_says(result, CHECK_NOT_RUN, "no name");
		return;
	}
	why = name_looks_dynamic(helo.name, &context->facts->client);
	if (why != NULL)
		check_says(result, CHECK_HIT, "%s: %s", helo.name, why);
	else
		says_name(result, CHECK_MISS, helo.name);
}
