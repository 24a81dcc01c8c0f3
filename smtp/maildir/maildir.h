// SPDX-License-Identifier: BSD-3-Clause
//
// The embedded backend, `maildir:/path`: the recipient local@domain exists if /path/DOMAIN/LOCAL is a folder, and its mail
// goes into the Maildir (cr.yp.to/proto/maildir.html) that this folder is. No mail server needed behind us.
//
// Names: DOMAIN lower case; LOCAL as the client wrote it, else in lower case, made of [A-Za-z0-9._+-] without a leading
// dot; anything else is nobody. /path/DOMAIN and /path/DOMAIN/LOCAL may be symbolic links, because only the operator
// can make one there: aliases and home folders. What lies in LOCAL belongs to the user: tmp, new and cur must be folders, not
// links, so that a user can't lead us elsewhere. They are made when missing. Recipients that lead to the same folder get one copy.
//
// All or none: every copy is written and fsynced in tmp before the first is renamed to new; every new is fsynced before the
// 250. On any fault every copy is taken out of tmp and new again: 451 4.3.0, or 451 4.3.1 when the disk or a quota is full.
// If we die between the first rename and the 250, or if a mail reader was faster than our taking back, the client
// sends again and some recipients have the mail twice: never none. What a crash leaves in tmp the mail readers remove
// after 36 hours, as the Maildir convention says.
//
// When it can't be told (the root or the folder of a domain is missing, a link leads nowhere, input/output errors) the
// answer is 451, never 550: a file system that isn't mounted must not refuse good mail.
//
// Files have mode 0600, and as root belong to the owner of LOCAL.
#pragma once

#include "smtp/backend.h"

// `path`: absolute, of an existing folder. Else NULL and a line in `error`. Control thread.
struct backend *maildir_new(const char *path, char error[256]);
