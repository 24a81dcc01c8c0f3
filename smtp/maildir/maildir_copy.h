// SPDX-License-Identifier: BSD-3-Clause
//
// One recipient's copy of a mail in one Maildir: made in tmp, filled, renamed to new, synced, or taken back.
// These calls block: helper threads only. They return 0, or an errno (MAILDIR_NOBODY when the folder is gone).
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum maildir_copy_state {
	MAILDIR_COPY_ABSENT,
	MAILDIR_COPY_IN_TMP,
	MAILDIR_COPY_MOVING, // its rename was tried: it is in tmp or in new
};

struct maildir_copy {
	const char *domain;
	const char *local; // as the client wrote it
	dev_t device;      // of the folder, so that it is known again, and delivered to once
	ino_t inode;
	uint32_t order; // of the recipients
	uint8_t state;  // enum maildir_copy_state
};

struct maildir_file {
	const char *root;
	char name[200]; // the same in every folder
};

// Finds the folder.
int maildir_copy_resolve(const char *root, struct maildir_copy *copy);
// Makes the file in tmp, empty; the caller closes `fd` when 0 is returned.
int maildir_copy_create(const struct maildir_file *file, struct maildir_copy *copy, int *fd);
// Copies the first `size` bytes of one file to the beginning of another, which is empty.
int maildir_copy_content(int from, int to, uint64_t size);
// Renames it from tmp to new.
int maildir_copy_publish(const struct maildir_file *file, struct maildir_copy *copy);
// Syncs new.
int maildir_copy_settle(const struct maildir_file *file, const struct maildir_copy *copy);
// Takes it out of tmp and new. False when that failed.
bool maildir_copy_withdraw(const struct maildir_file *file, struct maildir_copy *copy);
