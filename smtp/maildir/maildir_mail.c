// SPDX-License-Identifier: BSD-3-Clause
//
// The stages of a mail, and what ends each of them.
#include "smtp/maildir/maildir_mail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// A step ends after this many folders or copied bytes.
#define STEP_FOLDERS 16
#define STEP_BYTES   (8u << 20)

static void fail(struct maildir_mail *mail, const char *what, int error)
{
	mail->error = error;
	mail->what = what;
	mail->at = mail->next;
	maildir_mail_withdraw(mail);
}

static int by_folder(const void *left, const void *right)
{
	const struct maildir_copy *a = left, *b = right;
	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int by_order(const void *left, const void *right)
{
	const struct maildir_copy *a = left, *b = right;
	return a->order < b->order ? -1 : 1;
}

// One copy a folder: the first recipient's who leads there.
static void unite(struct maildir_mail *mail)
{
	uint32_t kept = 0;
	qsort(mail->copy, mail->count, sizeof(mail->copy[0]), by_folder);
	for (uint32_t i = 0; i < mail->count; i++)
		if (kept == 0 || mail->copy[i].device != mail->copy[kept - 1].device ||
			mail->copy[i].inode != mail->copy[kept - 1].inode)
			mail->copy[kept++] = mail->copy[i];
	mail->count = kept;
	qsort(mail->copy, mail->count, sizeof(mail->copy[0]), by_order);
}

static void resolve(struct maildir_mail *mail, struct maildir_copy *copy)
{
	int error = maildir_copy_resolve(mail->file.root, copy);
	if (error != 0)
		fail(mail, "lookup", error);
}

// time.MmicrosecondsPpidQserial_session.host: unique by convention, and grep finds the session's log by it.
static void create_first(struct maildir_mail *mail)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(mail->file.name, sizeof(mail->file.name), "%lld.M%06ldP%ldQ%u_%.40s.%.100s",
		(long long)now.tv_sec, now.tv_nsec / 1000, (long)getpid(), mail->serial, mail->id,
		mail->host);
	mail->next = 0;
	int fd;
	int error = maildir_copy_create(&mail->file, &mail->copy[0], &fd);
	if (error != 0) {
		fail(mail, "create", error);
		return;
	}
	mail->fd = fd;
	mail->stage = MAILDIR_OPEN;
}

void maildir_mail_append(struct maildir_mail *mail, const uint8_t *bytes, size_t count)
{
	while (count != 0) {
		ssize_t written = write(mail->fd, bytes, count);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			fail(mail, "write", written < 0 ? errno : EIO);
			return;
		}
		bytes += written;
		count -= (size_t)written;
		mail->size += (uint64_t)written;
	}
}

// Syncs and closes the file of a copy; 0 or errno. What close() reports late (NFS) counts too.
static int finish(int fd)
{
	int error = fsync(fd) == 0 ? 0 : errno;
	if (close(fd) != 0 && error == 0)
		error = errno;
	return error;
}

static void copy_to(struct maildir_mail *mail, struct maildir_copy *copy)
{
	if (copy == mail->copy) { // the content itself; stays open to be copied from
		if (fsync(mail->fd) != 0)
			fail(mail, "fsync", errno);
		return;
	}
	int fd;
	int error = maildir_copy_create(&mail->file, copy, &fd);
	if (error != 0) {
		fail(mail, "create", error);
		return;
	}
	error = maildir_copy_content(mail->fd, fd, mail->size);
	if (error != 0) {
		close(fd);
		fail(mail, "copy", error);
		return;
	}
	error = finish(fd);
	if (error != 0)
		fail(mail, "fsync", error);
}

static void close_first(struct maildir_mail *mail)
{
	int fd = mail->fd;
	mail->fd = -1;
	if (close(fd) != 0)
		fail(mail, "close", errno);
}

static void publish(struct maildir_mail *mail, struct maildir_copy *copy)
{
	int error = maildir_copy_publish(&mail->file, copy);
	if (error != 0)
		fail(mail, "rename", error);
}

static void settle(struct maildir_mail *mail, struct maildir_copy *copy)
{
	int error = maildir_copy_settle(&mail->file, copy);
	if (error != 0)
		fail(mail, "fsync of new", error);
}

static void withdraw(struct maildir_mail *mail, struct maildir_copy *copy)
{
	mail->left += !maildir_copy_withdraw(&mail->file, copy);
}

void maildir_mail_withdraw(struct maildir_mail *mail)
{
	if (mail->stage == MAILDIR_WITHDRAW)
		return;
	mail->stage = MAILDIR_WITHDRAW;
	mail->next = 0;
}

static void stage_done(struct maildir_mail *mail)
{
	mail->next = 0;
	switch (mail->stage) {
	case MAILDIR_RESOLVE:
		unite(mail);
		mail->stage = MAILDIR_CREATE;
		break;
	case MAILDIR_COPY:
		mail->stage = MAILDIR_PUBLISH;
		close_first(mail);
		break;
	case MAILDIR_PUBLISH:
		mail->stage = MAILDIR_SETTLE;
		break;
	case MAILDIR_SETTLE:
		mail->stage = MAILDIR_DELIVERED;
		break;
	default:
		mail->stage = MAILDIR_GONE;
	}
}

bool maildir_mail_step(struct maildir_mail *mail)
{
	static void (*const act[])(struct maildir_mail *, struct maildir_copy *) = {
		[MAILDIR_RESOLVE] = resolve,
		[MAILDIR_COPY] = copy_to,
		[MAILDIR_PUBLISH] = publish,
		[MAILDIR_SETTLE] = settle,
		[MAILDIR_WITHDRAW] = withdraw,
	};
	enum maildir_stage stage = mail->stage;
	if (stage == MAILDIR_CREATE) {
		create_first(mail);
		return mail->stage == MAILDIR_WITHDRAW;
	}
	if (stage == MAILDIR_WITHDRAW && mail->fd >= 0) {
		close(mail->fd);
		mail->fd = -1;
	}
	uint64_t bytes = 0;
	for (int i = 0; i < STEP_FOLDERS && bytes < STEP_BYTES; i++) {
		if (mail->next == mail->count) {
			stage_done(mail);
			break;
		}
		act[stage](mail, &mail->copy[mail->next]);
		if (mail->stage != stage) // it failed
			break;
		mail->next++;
		bytes += stage == MAILDIR_COPY ? mail->size : 0;
	}
	return mail->stage != MAILDIR_DELIVERED && mail->stage != MAILDIR_GONE;
}
