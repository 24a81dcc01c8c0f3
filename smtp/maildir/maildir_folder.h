// SPDX-License-Identifier: BSD-3-Clause
//
// From a mail address to the folder of its Maildir, and what must be in such a folder. These calls block: helper
// threads only.
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "smtp/mailbox.h"

#define MAILDIR_NOBODY (-1) // no such recipient; no errno has this value

// True when the names are safe to be looked up: see smtp/maildir/maildir.h.
bool maildir_names_valid(const char *domain, const char *local);

// Opens ROOT/DOMAIN/LOCAL; `flags` for openat, O_PATH to look only. `used`: LOCAL as it stands on the disk. Returns 0
// (the caller closes `folder`), MAILDIR_NOBODY, or the errno that keeps us from telling.
int maildir_folder_open(const char *root, const char *domain, const char *local, int flags,
	int *folder, char used[MAILBOX_LOCAL + 1]);

// Makes tmp, new and cur where missing, with `owner`'s user and group, so that they survive a crash. Returns 0 or errno.
int maildir_folder_complete(int folder, const struct stat *owner);

// Opens "tmp" or "new" in the folder. Returns 0 (the caller closes `part`) or errno.
int maildir_folder_part(int folder, const char *name, int *part);

// As root, gives what `fd` is to `owner`. Returns 0 or errno.
int maildir_give(int fd, const struct stat *owner);
