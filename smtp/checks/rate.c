// SPDX-License-Identifier: BSD-3-Clause
//
// Mails and recipients of a source in a window (`rates` of the policy). The session counts them, once each (smtp/session/session_source.c): a check
// runs again when answers come. Connections are limited where they are made, in the dataplane.
#include <inttypes.h>

#include "dataplane/seam/source.h"
#include "smtp/checks/check.h"

// Networks that we trust send what many sources send.
static bool is_excepted(const struct check_context *context)
{
	return bs_action_spares(context->policy->class[context->facts->class].action) ||
	       bs_rates_spare(context->policy, &context->facts->client);
}

extern check_run check_run_rate;

void check_run_rate(const struct check_context *context, struct check_result *result)
{
	const struct bs_rates *rates = &context->policy->rates;
	const struct facts *facts = context->facts;
	uint32_t window_s = rates->window_ms / 1000, now_s = bs_source_seconds(facts->now_ms);
	if ((rates->mails == 0 && rates->recipients == 0) || facts->source == NULL ||
		is_excepted(context))
		return;
	uint32_t mails = bs_source_count(facts->source, BS_RATE_MAILS, 0, window_s, now_s);
	uint32_t recipients = bs_source_count(
		facts->source, BS_RATE_RECIPIENTS, 0, window_s, now_s);
	if (rates->mails != 0 && mails >= rates->mails)
		check_says(result, CHECK_HIT, "too many mails: %" PRIu32 " in %" PRIu32 " s", mails,
			window_s);
	else if (rates->recipients != 0 && recipients > rates->recipients)
		check_says(result, CHECK_HIT, "too many recipients: %" PRIu32 " in %" PRIu32 " s",
			recipients, window_s);
	else
		check_says(result, CHECK_MISS,
			"%" PRIu32 " mails, %" PRIu32 " recipients in %" PRIu32 " s", mails,
			recipients, window_s);
}
