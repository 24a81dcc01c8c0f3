// SPDX-License-Identifier: BSD-3-Clause
//
// The worker's side of the Maildir backend: each call becomes jobs of the helper pool, one at a time for a
// delivery, and their outcome an answer. What the jobs do is in smtp/maildir/maildir_folder.c and smtp/maildir/maildir_mail.c.
#include "smtp/maildir/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataplane/seam/log.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/helper.h"
#include "smtp/maildir/maildir_answer.h"
#include "smtp/maildir/maildir_folder.h"
#include "smtp/maildir/maildir_mail.h"

struct maildir {
	struct backend backend; // first: a struct backend is what the others see
	_Atomic uint32_t serial;
	char host[101];
	char path[];
};

enum call { CALL_NONE, CALL_RECIPIENT, CALL_BEGIN, CALL_WRITE, CALL_COMMIT, CALL_ABANDON };

struct maildir_delivery {
	struct helper_job job; // first
	struct maildir *maildir;
	struct heap *heap;
	struct helper_queue *helpers;
	delivery_done *done;
	void *context;
	char id[BS_SESSION_ID];
	enum call call;
	bool closed; // by the session: no more answers
	bool more;   // the job wants another turn
	// CALL_RECIPIENT
	struct mailbox asked;
	char used[MAILBOX_LOCAL + 1];
	int error;
	// a mail
	struct maildir_mail mail;
	char *names; // of the recipients
	const uint8_t *bytes;
	size_t count;
};

static struct maildir_delivery *maildir_delivery(struct delivery *delivery)
{
	return (struct maildir_delivery *)delivery;
}

// The mail is over, in either way: its memory goes.
static void forget(struct maildir_delivery *delivery)
{
	heap_release(delivery->heap, delivery->mail.copy);
	heap_release(delivery->heap, delivery->names);
	delivery->names = NULL;
	delivery->mail = (struct maildir_mail){.fd = -1};
}

static bool mail_is_over(const struct maildir_mail *mail)
{
	return mail->stage == MAILDIR_NONE || mail->stage == MAILDIR_DELIVERED ||
	       mail->stage == MAILDIR_GONE;
}

// On a helper thread.
static void work(struct helper_job *job)
{
	struct maildir_delivery *delivery = (struct maildir_delivery *)job;
	struct maildir_mail *mail = &delivery->mail;
	if (delivery->call == CALL_RECIPIENT) {
		int folder;
		delivery->error = maildir_folder_open(delivery->maildir->path,
			delivery->asked.domain, delivery->asked.local, O_PATH, &folder,
			delivery->used);
		if (folder >= 0)
			close(folder);
		return;
	}
	if (mail->stage == MAILDIR_OPEN && delivery->call != CALL_ABANDON) {
		maildir_mail_append(mail, delivery->bytes, delivery->count);
		if (mail->stage == MAILDIR_OPEN && delivery->call == CALL_COMMIT)
			mail->stage = MAILDIR_COPY;
		delivery->more = mail->stage != MAILDIR_OPEN;
		return;
	}
	delivery->more = maildir_mail_step(mail);
}

// On the worker's thread.
static void after(struct helper_job *job)
{
	struct maildir_delivery *delivery = (struct maildir_delivery *)job;
	struct session_answer answer;
	if (delivery->closed && delivery->call != CALL_COMMIT && !mail_is_over(&delivery->mail)) {
		delivery->call = CALL_ABANDON;
		maildir_mail_withdraw(&delivery->mail);
		delivery->more = true;
	}
	if (delivery->more) {
		delivery->more = false;
		helper_submit(delivery->helpers, job);
		return;
	}
	if (!delivery->closed) {
		if (delivery->call == CALL_RECIPIENT)
			maildir_answer_recipient(
				&answer, &delivery->asked, delivery->used, delivery->error);
		else if (delivery->call == CALL_ABANDON)
			maildir_answer_abandoned(&answer);
		else
			maildir_answer_mail(&answer, &delivery->mail);
	}
	if (mail_is_over(&delivery->mail))
		forget(delivery);
	delivery->call = CALL_NONE;
	if (delivery->closed)
		heap_release(delivery->heap, delivery);
	else
		delivery->done(delivery->context, &answer); // may call us again, or close
}

static void start(struct maildir_delivery *delivery, enum call call)
{
	delivery->call = call;
	helper_submit(delivery->helpers, &delivery->job);
}

// Without a helper: the answer that is known.
static void refuse(struct maildir_delivery *delivery, const char *why)
{
	struct session_answer answer;
	maildir_answer_refused(&answer, why);
	delivery->done(delivery->context, &answer);
}

static struct delivery *maildir_open(struct backend *backend,
	const struct delivery_surroundings *around, const char *id, delivery_done *done,
	void *context)
{
	struct maildir_delivery *delivery = heap_take(around->heap, sizeof(*delivery));
	if (delivery == NULL)
		return NULL;
	delivery->job = (struct helper_job){.work = work, .after = after};
	delivery->maildir = (struct maildir *)backend;
	delivery->heap = around->heap;
	delivery->helpers = around->helpers;
	delivery->done = done;
	delivery->context = context;
	delivery->mail.fd = -1;
	snprintf(delivery->id, sizeof(delivery->id), "%s", id);
	return (struct delivery *)delivery;
}

static void maildir_recipient(struct delivery *opaque, const struct session_envelope *envelope,
	const struct mailbox *recipient)
{
	struct maildir_delivery *delivery = maildir_delivery(opaque);
	delivery->asked = *recipient;
	start(delivery, CALL_RECIPIENT);
}

// The names are copied: a session that closes may take its envelope with it.
static bool take_recipients(
	struct maildir_delivery *delivery, const struct session_envelope *envelope)
{
	struct maildir_mail *mail = &delivery->mail;
	size_t bytes = 0;
	for (uint32_t i = 0; i < envelope->recipient_count; i++)
		bytes += strlen(envelope->recipient[i].domain) +
			 strlen(envelope->recipient[i].local) + 2;
	mail->copy = heap_take(delivery->heap, envelope->recipient_count * sizeof(mail->copy[0]));
	delivery->names = heap_take(delivery->heap, bytes);
	if (mail->copy == NULL || delivery->names == NULL)
		return false;
	char *at = delivery->names;
	for (uint32_t i = 0; i < envelope->recipient_count; i++) {
		mail->copy[i].domain = at;
		at = stpcpy(at, envelope->recipient[i].domain) + 1;
		mail->copy[i].local = at;
		at = stpcpy(at, envelope->recipient[i].local) + 1;
		mail->copy[i].order = i;
	}
	mail->count = envelope->recipient_count;
	return true;
}

static void maildir_begin(struct delivery *opaque, const struct session_envelope *envelope)
{
	struct maildir_delivery *delivery = maildir_delivery(opaque);
	struct maildir_mail *mail = &delivery->mail;
	if (!mail_is_over(mail) || envelope->recipient_count == 0) {
		refuse(delivery, "a mail begun out of turn");
		return;
	}
	forget(delivery);
	if (!take_recipients(delivery, envelope)) {
		forget(delivery);
		refuse(delivery, "out of memory");
		return;
	}
	mail->file.root = delivery->maildir->path;
	mail->host = delivery->maildir->host;
	mail->id = delivery->id;
	mail->serial = atomic_fetch_add(&delivery->maildir->serial, 1);
	mail->stage = MAILDIR_RESOLVE;
	start(delivery, CALL_BEGIN);
}

static void content(
	struct maildir_delivery *delivery, enum call call, const uint8_t *bytes, size_t count)
{
	if (delivery->mail.stage != MAILDIR_OPEN) {
		refuse(delivery, "content without a mail");
		return;
	}
	delivery->bytes = bytes;
	delivery->count = count;
	start(delivery, call);
}

static void maildir_write(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	content(maildir_delivery(delivery), CALL_WRITE, bytes, count);
}

static void maildir_commit(struct delivery *delivery, const uint8_t *bytes, size_t count)
{
	content(maildir_delivery(delivery), CALL_COMMIT, bytes, count);
}

static void maildir_abandon(struct delivery *opaque)
{
	struct maildir_delivery *delivery = maildir_delivery(opaque);
	if (mail_is_over(&delivery->mail)) {
		struct session_answer answer;
		maildir_answer_abandoned(&answer);
		delivery->done(delivery->context, &answer);
		return;
	}
	maildir_mail_withdraw(&delivery->mail);
	start(delivery, CALL_ABANDON);
}

static void maildir_close(struct delivery *opaque)
{
	struct maildir_delivery *delivery = maildir_delivery(opaque);
	delivery->closed = true;
	if (delivery->call != CALL_NONE)
		return; // the job under way finishes; after() does the rest
	if (!mail_is_over(&delivery->mail)) {
		maildir_mail_withdraw(&delivery->mail);
		start(delivery, CALL_ABANDON);
		return;
	}
	forget(delivery);
	heap_release(delivery->heap, delivery);
}

static void maildir_free(struct backend *backend)
{
	free(backend);
}

static const struct backend_operations operations = {
	.scheme = "maildir",
	.open = maildir_open,
	.recipient = maildir_recipient,
	.begin = maildir_begin,
	.write = maildir_write,
	.commit = maildir_commit,
	.abandon = maildir_abandon,
	.close = maildir_close,
	.free = maildir_free,
};

// The Maildir convention keeps '/' and ':' out of names; we keep to what a host name is made of.
static void name_host(char host[101])
{
	char name[101] = "";
	size_t length = 0;
	gethostname(name, sizeof(name) - 1);
	for (const char *c = name; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *c))
			host[length++] = *c;
	host[length] = '\0';
	if (length == 0)
		memcpy(host, "localhost", sizeof("localhost"));
}

struct backend *maildir_new(const char *path, char error[256])
{
	if (path[0] != '/') {
		snprintf(
			error, 256, "backend \"maildir:%.100s\": the path must begin with /", path);
		return NULL;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		char buffer[80];
		snprintf(error, 256,
			"backend \"maildir:%.100s\": %s; make the folder, or correct the path in "
			"\"backend\"",
			path, strerror_r(errno, buffer, sizeof(buffer)));
		return NULL;
	}
	close(fd);
	struct maildir *maildir = calloc(1, sizeof(*maildir) + strlen(path) + 1);
	if (maildir == NULL) {
		snprintf(error, 256, "backend: out of memory");
		return NULL;
	}
	maildir->backend.operations = &operations;
	memcpy(maildir->path, path, strlen(path) + 1);
	atomic_init(&maildir->backend.offers.eight_bit, true); // a file takes any byte
	name_host(maildir->host);
	return &maildir->backend;
}
