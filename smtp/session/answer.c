// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/session/answer.h"

#include "dataplane/seam/text.h"

void answer_set(
	struct session_answer *answer, uint16_t code, const char *enhanced, const char *text)
{
	answer->code = code;
	bs_text_copy(answer->enhanced, sizeof(answer->enhanced), enhanced);
	bs_text_copy(answer->text, sizeof(answer->text), text);
	answer->detail[0] = '\0';
}

void answer_unknown(struct session_answer *answer, const struct mailbox *recipient)
{
	char address[MAILBOX_TEXT];
	answer_set(answer, 550, "5.1.1", "");
	struct bs_text text = bs_text_in(answer->text, sizeof(answer->text));
	bs_text_put(&text, "<");
	bs_text_most(&text, mailbox_format(recipient, address), 200); // is cut, the reason is not
	bs_text_put(&text, ">: Recipient address rejected: User unknown");
	bs_text_end(&text);
}
