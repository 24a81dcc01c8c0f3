// SPDX-License-Identifier: BSD-3-Clause
//
// Paths and system errors go into the log's detail only, never to the client.
#include "smtp/maildir/maildir_answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "smtp/session/answer.h"
#include "smtp/maildir/maildir_folder.h"

// Adds to the detail; what does not fit is cut.
__attribute__((format(printf, 2, 3))) static void add(
	struct session_answer *answer, const char *format, ...)
{
	size_t length = strlen(answer->detail);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(answer->detail + length, sizeof(answer->detail) - length, format, arguments);
	va_end(arguments);
}

// RFC 3463: X.3.1 mail system full, X.3.0 other mail system status.
static void set_failure(struct session_answer *answer, int error)
{
	if (error == ENOSPC || error == EDQUOT)
		answer_set(answer, 451, "4.3.1", "insufficient storage, please try again later");
	else
		answer_set(answer, 451, "4.3.0",
			"mailbox temporarily unavailable, please try again later");
}

static void add_reason(struct session_answer *answer, const char *what, int error)
{
	char buffer[80];
	add(answer, ": %s: %s", what,
		error == MAILDIR_NOBODY ? "no such folder any more"
					: strerror_r(error, buffer, sizeof(buffer)));
}

void maildir_answer_recipient(
	struct session_answer *answer, const struct mailbox *asked, const char *used, int error)
{
	if (error == 0)
		answer_set(answer, 250, "2.1.5", "Ok");
	else if (error == MAILDIR_NOBODY)
		answer_unknown(answer, asked);
	else
		set_failure(answer, error);
	add(answer, "maildir:%s/%s", asked->domain, used[0] != '\0' ? used : asked->local);
	if (error != 0 && error != MAILDIR_NOBODY)
		add_reason(answer, "lookup", error);
}

void maildir_answer_mail(struct session_answer *answer, const struct maildir_mail *mail)
{
	bool well = mail->stage == MAILDIR_OPEN || mail->stage == MAILDIR_DELIVERED;
	uint32_t at = well ? 0 : mail->at;
	if (well)
		answer_set(answer, 250, "2.0.0", mail->stage == MAILDIR_OPEN ? "Ok" : "delivered");
	else
		set_failure(answer, mail->error);
	if (at < mail->count)
		add(answer, "maildir:%s/%s", mail->copy[at].domain, mail->copy[at].local);
	if (well && mail->count > 1)
		add(answer, " and %u more", mail->count - 1);
	if (!well)
		add_reason(answer, mail->what, mail->error);
	if (mail->left != 0)
		add(answer, "; %u copies left behind", mail->left);
}

void maildir_answer_abandoned(struct session_answer *answer)
{
	answer_set(answer, 250, "2.0.0", "Ok");
}

void maildir_answer_refused(struct session_answer *answer, const char *why)
{
	set_failure(answer, 0);
	add(answer, "maildir: %s", why);
}
