// SPDX-License-Identifier: BSD-3-Clause
//
// Making a struct session_answer. Pure functions.
#pragma once

#include "smtp/session/session.h"

// `enhanced` and `text` are cut to their room; the detail becomes empty.
void answer_set(
	struct session_answer *answer, uint16_t code, const char *enhanced, const char *text);
// 550 5.1.1 in Postfix's words, which log watchers know.
void answer_unknown(struct session_answer *answer, const struct mailbox *recipient);
