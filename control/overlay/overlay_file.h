// SPDX-License-Identifier: BSD-3-Clause
//
// Runtime entries on disk: STATE-FOLDER/overlay, a text file that a person can read.
//
//   barscreen overlay 1
//   deny 192.0.2.0/24 1767225600 1767312000 a note
//   allow 2001:db8::/32 1767225600 0
//   end 2
//
// Verdict, prefix, when it was added, when it expires (0: never), note. The last line has the number of entries, so that a
// file that was cut off is known for what it is. A file is written beside it, flushed, and takes its name, so that there
// always is a whole one.
#pragma once

#include "control/overlay/overlay_entries.h"

#define OVERLAY_ERROR 640

// Writes all items; makes the folder if only it is missing. False with a sentence in `error`. Blocks for the disk: any thread.
bool overlay_file_write(const char *folder, const struct overlay_item *item, size_t count,
	char error[OVERLAY_ERROR]);

// Reads what is there; expired entries are left out. True when all is well, which a missing file is too. Else `error` has
// a sentence: a damaged file was renamed to overlay.damaged-TIME, and `entries` has what could be read of it.
bool overlay_file_read(const char *folder, int64_t now, struct overlay_entries *entries,
	char error[OVERLAY_ERROR]);
