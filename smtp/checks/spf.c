// SPDX-License-Identifier: BSD-3-Clause
//
// SPF of the sender, a row for each result, and of the HELO. The sender's rows share one evaluation: the first that is run
// makes it, and says its result in its detail ("softfail: mechanism ~all of example.org"), which the others read.
#include "dataplane/seam/text.h"
#include "smtp/checks/spf.h"

#include <string.h>

#include "smtp/judge/judge.h"

bool spf_outcome_of(const struct check_result *result, struct spf_outcome *outcome)
{
	if (result == NULL || result->outcome == CHECK_NOT_RUN || result->outcome == CHECK_PENDING)
		return false;
	for (unsigned i = 0; i < SPF_RESULTS; i++) {
		const char *name = spf_result_name((enum spf_result)i);
		size_t length = strlen(name);
		if (strncmp(result->detail, name, length) != 0 ||
			strncmp(result->detail + length, ": ", 2) != 0)
			continue;
		outcome->result = (enum spf_result)i;
		bs_print(outcome->detail, sizeof(outcome->detail), "%s",
			result->detail + length + 2);
		return true;
	}
	return false;
}

// The result of a row that was run before this one; NULL when there is none.
static const struct check_result *known(const struct check_context *context, enum bs_check check)
{
	static const enum bs_check rows[] = {BS_CHECK_SPF_FAIL, BS_CHECK_SPF_SOFTFAIL,
		BS_CHECK_SPF_NEUTRAL, BS_CHECK_SPF_NONE, BS_CHECK_SPF_PASS, BS_CHECK_SPF_PERMERROR};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rows[i] != check; i++) {
		const struct check_result *result = check_result_of(context, rows[i]);
		if (result->outcome != CHECK_NOT_RUN)
			return result;
	}
	return NULL;
}

static void say(struct check_result *result, const struct spf_outcome *outcome, enum spf_result hit)
{
	enum check_outcome came = outcome->result == hit             ? CHECK_HIT
				  : outcome->result == SPF_TEMPERROR ? CHECK_UNKNOWN
								     : CHECK_MISS;
	check_says(result, came, "%s: %s", spf_result_name(outcome->result), outcome->detail);
}

static void evaluate(const struct check_context *context, const char *local, const char *domain,
	enum spf_result hit, struct check_result *result)
{
	struct spf_outcome outcome;
	if (context->judge->spf == NULL)
		check_says(result, CHECK_UNKNOWN, "temperror: no memory");
	else if (!spf_evaluate(context->judge->spf, context->dns, &context->facts->client,
			 context->facts->helo, local, domain, &outcome))
		check_says(result, CHECK_PENDING, "%s", "");
	else
		say(result, &outcome, hit);
}

static void sender_row(const struct check_context *context, enum bs_check check,
	enum spf_result hit, struct check_result *result)
{
	const struct mailbox *sender = context->facts->sender;
	const struct check_result *other = known(context, check);
	struct spf_outcome outcome;
	if (sender == NULL) {
		check_says(result, CHECK_NOT_RUN, "%s", "");
	} else if (other != NULL && other->outcome == CHECK_PENDING) {
		check_says(result, CHECK_PENDING, "%s", "");
	} else if (spf_outcome_of(other, &outcome)) {
		say(result, &outcome, hit);
	} else if (sender->domain[0] != 0) {
		evaluate(context, sender->local, sender->domain, hit, result);
	} else if (context->facts->helo[0] != 0) { // RFC 7208, 2.4: <> is of the HELO
		evaluate(context, "postmaster", context->facts->helo, hit, result);
	} else {
		check_says(result, CHECK_NOT_RUN, "%s", "");
	}
}

void check_run_spf_fail(const struct check_context *context, struct check_result *result)
{
	const struct mailbox *sender = context->facts->sender;
	sender_row(context, BS_CHECK_SPF_FAIL, SPF_FAIL, result);
	// A bounce has no identity but the HELO's, which many hosts set up carelessly: that row says what comes of it.
	if (result->outcome == CHECK_HIT && sender->domain[0] == 0)
		result->outcome = CHECK_MISS;
}

void check_run_spf_softfail(const struct check_context *context, struct check_result *result)
{
	sender_row(context, BS_CHECK_SPF_SOFTFAIL, SPF_SOFTFAIL, result);
}

void check_run_spf_neutral(const struct check_context *context, struct check_result *result)
{
	sender_row(context, BS_CHECK_SPF_NEUTRAL, SPF_NEUTRAL, result);
}

void check_run_spf_none(const struct check_context *context, struct check_result *result)
{
	sender_row(context, BS_CHECK_SPF_NONE, SPF_NONE, result);
}

void check_run_spf_pass(const struct check_context *context, struct check_result *result)
{
	sender_row(context, BS_CHECK_SPF_PASS, SPF_PASS, result);
}

void check_run_spf_permerror(const struct check_context *context, struct check_result *result)
{
	sender_row(context, BS_CHECK_SPF_PERMERROR, SPF_PERMERROR, result);
}

void check_run_helo_spf_fail(const struct check_context *context, struct check_result *result)
{
	if (context->facts->helo[0] == 0)
		check_says(result, CHECK_NOT_RUN, "%s", "");
	else
		evaluate(context, "postmaster", context->facts->helo, SPF_FAIL, result);
}
