// SPDX-License-Identifier: BSD-3-Clause
//
// Every step is taken with openat() from the folder before it and with a name that was checked, so that no address leads
// outside. The root is opened by its name each time: one that was mounted, moved or made again after our start is seen.
#include "smtp/maildir/maildir_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static bool all_of(const char *text, const char *allowed)
{
	return text[0] != '\0' && text[strspn(text, allowed)] == '\0';
}

bool maildir_names_valid(const char *domain, const char *local)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
	static const char any[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_+"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	return strlen(domain) <= MAILBOX_DOMAIN && strlen(local) <= MAILBOX_LOCAL &&
	       all_of(domain, lower) && domain[0] != '.' && strstr(domain, "..") == NULL &&
	       all_of(local, any) && local[0] != '.';
}

// Returns 0, MAILDIR_NOBODY when nothing of that name is there, or errno.
static int open_local(int domain, const char *local, int flags, int *folder)
{
	struct stat entry;
	*folder = openat(domain, local, flags | O_DIRECTORY | O_CLOEXEC);
	if (*folder >= 0)
		return 0;
	if (errno == ENOTDIR)
		return MAILDIR_NOBODY; // a file that happens to lie there
	if (errno != ENOENT)
		return errno;
	// a link that leads nowhere is somebody whose home isn't mounted
	if (fstatat(domain, local, &entry, AT_SYMLINK_NOFOLLOW) == 0)
		return ENOTCONN;
	return errno == ENOENT ? MAILDIR_NOBODY : errno;
}

static void lower_case(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

int maildir_folder_open(const char *root, const char *domain, const char *local, int flags,
	int *folder, char used[MAILBOX_LOCAL + 1])
{
	*folder = -1;
	used[0] = '\0';
	if (!maildir_names_valid(domain, local))
		return MAILDIR_NOBODY;
	memcpy(used, local, strlen(local) + 1);
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return errno;
	// the domain is one of ours, so that a missing folder is our fault and not the sender's
	int domain_fd = openat(root_fd, domain, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int error = errno;
	close(root_fd);
	if (domain_fd < 0)
		return error;
	error = open_local(domain_fd, used, flags, folder);
	if (error == MAILDIR_NOBODY) {
		lower_case(used);
		if (strcmp(used, local) != 0)
			error = open_local(domain_fd, used, flags, folder);
	}
	close(domain_fd);
	return error;
}

int maildir_give(int fd, const struct stat *owner)
{
	if (geteuid() != 0 || (owner->st_uid == 0 && owner->st_gid == getegid()))
		return 0;
	return fchown(fd, owner->st_uid, owner->st_gid) == 0 ? 0 : errno;
}

static int make_part(int folder, const char *name, const struct stat *owner)
{
	int part;
	if (mkdirat(folder, name, 0700) != 0)
		return errno == EEXIST ? 0 : errno;
	int error = maildir_folder_part(folder, name, &part);
	if (error != 0)
		return error;
	error = maildir_give(part, owner);
	if (error == 0 && fsync(part) != 0)
		error = errno;
	close(part);
	return error;
}

// Returns 0, ENOENT, or the errno of a fault.
static int look_at_part(int folder, const char *name)
{
	struct stat entry;
	if (fstatat(folder, name, &entry, AT_SYMLINK_NOFOLLOW) != 0)
		return errno;
	return S_ISDIR(entry.st_mode) ? 0 : ENOTDIR;
}

// tmp is made last, after the others are on the disk: another helper that finds tmp may use new at once, also
// while we are still here. A tmp that a crash takes away again holds nothing that was promised.
int maildir_folder_complete(int folder, const struct stat *owner)
{
	static const char *const name[] = {"new", "cur", "tmp"};
	bool missing = false;
	for (int i = 0; i < 3; i++) {
		int error = look_at_part(folder, name[i]);
		if (error != 0 && error != ENOENT)
			return error;
		missing |= error == ENOENT;
	}
	if (!missing)
		return 0;
	for (int i = 0; i < 3; i++) {
		if (i == 2 && fsync(folder) != 0)
			return errno;
		int error = make_part(folder, name[i], owner);
		if (error != 0)
			return error;
	}
	return 0;
}

int maildir_folder_part(int folder, const char *name, int *part)
{
	*part = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *part >= 0 ? 0 : errno;
}
