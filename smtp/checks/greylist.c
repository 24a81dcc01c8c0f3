// SPDX-License-Identifier: BSD-3-Clause
//
// Greylisting: what smtp/memory/memory.h says of network (or SPF domain), sender and recipient. How long a client would have to wait stands in
// the log and in `explain` only: the reply must not tell (RFC 6647, 5).
#include <inttypes.h>

#include "smtp/checks/check.h"
#include "smtp/judge/judge.h"
#include "smtp/memory/memory.h"

// The domain that SPF passed for: of the sender, or of the HELO where the sender is <> (RFC 7208, 2.4).
static const char *spf_domain_of(const struct check_context *context)
{
	const struct facts *facts = context->facts;
	if (!context->policy->checks.greylist.spf_key ||
		check_result_of(context, BS_CHECK_SPF_PASS)->outcome != CHECK_HIT)
		return NULL;
	return facts->sender->domain[0] != 0 ? facts->sender->domain : facts->helo;
}

static void say(struct check_result *result, const struct greylist_answer *answer)
{
	switch (answer->state) {
	case GREYLIST_NEW:
		check_says(result, CHECK_HIT, "new, passes in %" PRIu32 " s", answer->wait_s);
		break;
	case GREYLIST_EARLY:
		check_says(result, CHECK_HIT, "early, passes in %" PRIu32 " s", answer->wait_s);
		break;
	case GREYLIST_PASSED:
		check_says(result, CHECK_MISS, "passed");
		break;
	case GREYLIST_AUTO:
		check_says(
			result, CHECK_MISS, "its network passed %" PRIu32 " times", answer->passes);
		break;
	}
}

extern check_run check_run_greylist;

void check_run_greylist(const struct check_context *context, struct check_result *result)
{
	const struct facts *facts = context->facts;
	char sender[MAILBOX_TEXT], recipient[MAILBOX_TEXT];
	if (facts->sender == NULL || facts->recipient == NULL)
		return;
	if (context->judge->memory == NULL) {
		check_says(result, CHECK_UNKNOWN, "no memory for it");
		return;
	}
	// Else the same mail would have one key now and another one later.
	if (context->policy->checks.greylist.spf_key &&
		check_result_of(context, BS_CHECK_SPF_PASS)->outcome == CHECK_PENDING) {
		result->outcome = CHECK_PENDING;
		return;
	}
	struct greylist_answer answer = greylist_ask(context->judge->memory, &facts->client,
		spf_domain_of(context), mailbox_format(facts->sender, sender),
		mailbox_format(facts->recipient, recipient), &context->policy->checks.greylist,
		facts->wall_s, !context->explain);
	say(result, &answer);
}
