// SPDX-License-Identifier: BSD-3-Clause
//
// spamtrap: the recipient was never given to anybody (recipients.spamtraps), so the sender found it by harvesting or bought it. The
// reply is that of an unknown recipient and tells nothing; the session counts it as one (smtp/session/session_recipient.c).
#include "smtp/checks/check.h"

void check_run_spamtrap(const struct check_context *context, struct check_result *result)
{
	const struct bs_recipients *recipients = context->policy->known_recipients;
	const struct mailbox *recipient = context->facts->recipient;

	if (recipient == NULL || !bs_recipients_have_traps(recipients))
		return;
	if (bs_recipients_trap(recipients, recipient->local, recipient->domain))
		check_says(result, CHECK_HIT, "is a spamtrap");
	else
		check_says(result, CHECK_MISS, "is no spamtrap");
}
