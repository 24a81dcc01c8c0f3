// SPDX-License-Identifier: BSD-3-Clause
//
// What became of a call to the Maildir backend, in SMTP's words for the client and in the operator's for the log.
// Pure functions.
#pragma once

#include "smtp/maildir/maildir_mail.h"
#include "smtp/session/session.h"

// `used`: the folder's name, "" when there is none; `error`: 0, MAILDIR_NOBODY or errno.
void maildir_answer_recipient(
	struct session_answer *answer, const struct mailbox *asked, const char *used, int error);
// After begin, write and commit.
void maildir_answer_mail(struct session_answer *answer, const struct maildir_mail *mail);
void maildir_answer_abandoned(struct session_answer *answer);
// 451 for `why`, which is for the log.
void maildir_answer_refused(struct session_answer *answer, const char *why);
