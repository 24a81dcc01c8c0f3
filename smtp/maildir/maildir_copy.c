// SPDX-License-Identifier: BSD-3-Clause
//
// What is done with one copy. Its folder is opened again for each act instead of being held, so that a mail for many
// recipients holds one descriptor between two steps.
#include "smtp/maildir/maildir_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smtp/maildir/maildir_folder.h"

#define CHUNK (8u << 20) // of one copying call

struct places {
	int folder, tmp, new;
	struct stat owner;
};

static void places_close(struct places *places)
{
	if (places->new >= 0)
		close(places->new);
	if (places->tmp >= 0)
		close(places->tmp);
	if (places->folder >= 0)
		close(places->folder);
}

// Opens the folder of a copy and, as wished, its parts. Returns 0 or errno; then nothing is open.
static int places_open(const struct maildir_file *file, const struct maildir_copy *copy, bool make,
	bool tmp, bool new, struct places *places)
{
	char used[MAILBOX_LOCAL + 1];
	*places = (struct places){.folder = -1, .tmp = -1, .new = -1};
	int error = maildir_folder_open(
		file->root, copy->domain, copy->local, O_RDONLY, &places->folder, used);
	if (error != 0)
		return error;
	if (fstat(places->folder, &places->owner) != 0)
		error = errno;
	else if (places->owner.st_dev != copy->device || places->owner.st_ino != copy->inode)
		error = ESTALE; // another folder than the one we began with
	if (error == 0 && make)
		error = maildir_folder_complete(places->folder, &places->owner);
	if (error == 0 && tmp)
		error = maildir_folder_part(places->folder, "tmp", &places->tmp);
	if (error == 0 && new)
		error = maildir_folder_part(places->folder, "new", &places->new);
	if (error != 0)
		places_close(places);
	return error;
}

int maildir_copy_resolve(const char *root, struct maildir_copy *copy)
{
	char used[MAILBOX_LOCAL + 1];
	struct stat entry;
	int folder;
	int error = maildir_folder_open(root, copy->domain, copy->local, O_PATH, &folder, used);
	if (error == 0 && fstat(folder, &entry) != 0)
		error = errno;
	if (folder >= 0)
		close(folder);
	if (error != 0)
		return error;
	copy->device = entry.st_dev;
	copy->inode = entry.st_ino;
	copy->state = MAILDIR_COPY_ABSENT;
	return 0;
}

int maildir_copy_create(const struct maildir_file *file, struct maildir_copy *copy, int *fd)
{
	struct places places;
	int error = places_open(file, copy, true, true, false, &places);
	if (error != 0)
		return error;
	*fd = openat(
		places.tmp, file->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0) {
		error = errno;
	} else {
		copy->state = MAILDIR_COPY_IN_TMP;
		error = maildir_give(*fd, &places.owner);
		if (error != 0)
			close(*fd);
	}
	places_close(&places);
	return error;
}

// copy_file_range() shares blocks where the file system can, and
// refuses between some file systems; sendfile() does it everywhere.
int maildir_copy_content(int from, int to, uint64_t size)
{
	off_t at = 0;
	bool plain = false;
	while ((uint64_t)at < size) {
		size_t count = size - (uint64_t)at < CHUNK ? size - (uint64_t)at : CHUNK;
		ssize_t copied = plain ? sendfile(to, from, &at, count)
				       : copy_file_range(from, &at, to, NULL, count, 0);
		if (copied > 0 || (copied < 0 && errno == EINTR))
			continue;
		bool refused = copied == 0 || errno == EXDEV || errno == EINVAL ||
			       errno == ENOSYS || errno == EOPNOTSUPP;
		if (plain || !refused)
			return copied == 0 ? EIO : errno;
		plain = true;
	}
	return 0;
}

int maildir_copy_publish(const struct maildir_file *file, struct maildir_copy *copy)
{
	struct places places;
	int error = places_open(file, copy, false, true, true, &places);
	if (error != 0)
		return error;
	copy->state = MAILDIR_COPY_MOVING;
	if (renameat(places.tmp, file->name, places.new, file->name) != 0)
		error = errno;
	places_close(&places);
	return error;
}

int maildir_copy_settle(const struct maildir_file *file, const struct maildir_copy *copy)
{
	struct places places;
	int error = places_open(file, copy, false, false, true, &places);
	if (error != 0)
		return error;
	if (fsync(places.new) != 0)
		error = errno;
	places_close(&places);
	return error;
}

// ENOENT is no fault: a mail reader may have moved it already, and a rename that failed left one of the two.
static bool take_out(int folder, const char *name)
{
	return unlinkat(folder, name, 0) == 0 || errno == ENOENT;
}

bool maildir_copy_withdraw(const struct maildir_file *file, struct maildir_copy *copy)
{
	struct places places;
	bool moving = copy->state == MAILDIR_COPY_MOVING;
	if (copy->state == MAILDIR_COPY_ABSENT)
		return true;
	if (places_open(file, copy, false, true, moving, &places) != 0)
		return false;
	bool out = take_out(places.tmp, file->name);
	if (moving)
		out = take_out(places.new, file->name) && fsync(places.new) == 0 && out;
	copy->state = MAILDIR_COPY_ABSENT;
	places_close(&places);
	return out;
}
