// SPDX-License-Identifier: BSD-3-Clause
//
// null-recipients: a mail of <> is a report about one mail to the one who sent it (RFC 5321, 4.5.5 and 6.1; RFC 3834, section 4);
// several recipients of one are forged bounces.
#include "smtp/checks/check.h"

void check_run_null_recipients(const struct check_context *context, struct check_result *result)
{
	const struct facts *facts = context->facts;
	bool bounce = facts->sender != NULL && facts->sender->local[0] == 0 &&
		      facts->sender->domain[0] == 0;

	if (!bounce || facts->recipient == NULL)
		return;
	if (facts->recipients >= 1)
		check_says(result, CHECK_HIT, "recipient %u of a bounce", facts->recipients + 1);
	else
		check_says(result, CHECK_MISS, "the only recipient so far");
}
