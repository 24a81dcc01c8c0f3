// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/session/answer.h"

#include <stdio.h>
#include <string.h>

void answer_set(
	struct session_answer *answer, uint16_t code, const char *enhanced, const char *text)
{
	memset(answer, 0, sizeof(*answer));
	answer->code = code;
	snprintf(answer->enhanced, sizeof(answer->enhanced), "%s", enhanced);
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

void answer_unknown(struct session_answer *answer, const struct mailbox *recipient)
{
	char address[MAILBOX_TEXT], text[sizeof(answer->text)];
	// A longer address is cut, the reason is not.
	snprintf(text, sizeof(text), "<%.200s>: Recipient address rejected: User unknown",
		mailbox_format(recipient, address));
	answer_set(answer, 550, "5.1.1", text);
}
