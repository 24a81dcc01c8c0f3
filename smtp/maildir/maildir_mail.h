// SPDX-License-Identifier: BSD-3-Clause
//
// One mail on its way into the Maildirs of its recipients: the order of writing, syncing and renaming that makes it all or
// none. The content is written once, into the first recipient's tmp, and copied to the others when it is whole.
//
// These calls block: helper threads only, one at a time for a mail. Long work comes in steps, so that a mail for a
// thousand recipients does not keep a helper from the others.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smtp/maildir/maildir_copy.h"

enum maildir_stage {
	MAILDIR_NONE,      // no mail
	MAILDIR_RESOLVE,   // recipients to folders
	MAILDIR_CREATE,    // the first copy's file
	MAILDIR_OPEN,      // takes content
	MAILDIR_COPY,      // whole: to be synced and copied to the other folders
	MAILDIR_PUBLISH,   // all copies safe in tmp: to be renamed to new
	MAILDIR_SETTLE,    // all renamed: every new to be synced
	MAILDIR_DELIVERED, // the 250
	MAILDIR_WITHDRAW,  // to be taken out of tmp and new again
	MAILDIR_GONE,      // nothing left
};

struct maildir_mail {
	// set before MAILDIR_RESOLVE; memory is the delivery's
	const char *host, *id;    // for the file name; `id`: the session's
	struct maildir_file file; // its root; the name is made here
	uint32_t serial;          // of the mail in this process
	struct maildir_copy *copy;
	uint32_t count; // less after MAILDIR_RESOLVE when several lead to one folder

	enum maildir_stage stage;
	uint32_t next;    // copy that the stage goes on with
	int fd;           // the first copy while it is written, else -1
	uint64_t size;    // bytes written
	int error;        // why it went wrong: errno or MAILDIR_NOBODY
	const char *what; // and where: "rename"
	uint32_t at;      // with which copy
	uint32_t left;    // copies that could not be taken back
};

// Does a part of what the stage wants; true when there is more. Ends in MAILDIR_OPEN, MAILDIR_DELIVERED or MAILDIR_GONE.
bool maildir_mail_step(struct maildir_mail *mail);
// In MAILDIR_OPEN. On failure the stage is MAILDIR_WITHDRAW.
void maildir_mail_append(struct maildir_mail *mail, const uint8_t *bytes, size_t count);
// To any stage but NONE, DELIVERED and GONE: the next steps take the mail back.
void maildir_mail_withdraw(struct maildir_mail *mail);
