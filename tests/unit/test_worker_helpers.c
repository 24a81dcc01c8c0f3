// SPDX-License-Identifier: BSD-3-Clause
//
// The worker with a Maildir: its helper threads are what it waits for, and nobody else waits for them.
#include "worker_stage.h"

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/barscreen-worker-XXXXXX";

static int remove_one(const char *name, const struct stat *status, int kind, struct FTW *ftw)
{
	return remove(name);
}

static struct backend *backend;

static void begin(void)
{
	char path[200], error[256];
	cr_assert_not_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/example.org", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/example.org/info", root);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "maildir:%s", root);
	backend = backend_new(path, "mx.example.org", &(struct backend_settings){0}, error);
	stage_begin(backend);
}

// Files in a folder of the mailbox.
static unsigned files(const char *folder)
{
	char path[200];
	unsigned count = 0;
	snprintf(path, sizeof(path), "%s/example.org/info/%s", root, folder);
	DIR *list = opendir(path);
	cr_assert_not_null(list);
	for (struct dirent *entry; (entry = readdir(list)) != NULL;)
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

static void end(void)
{
	backend_free(backend);
	nftw(root, remove_one, 20, FTW_DEPTH | FTW_PHYS);
}

static void await(uint32_t number, const char *text)
{
	for (int i = 0; i < 60000 && !replied(number, text); i++) {
		run();
		usleep(1000);
	}
	cr_assert(replied(number, text), "%s", stage.peer[number].reply);
}

static const char rcpt[] = "MAIL FROM:<>\r\nRCPT TO:<info@example.org>\r\n";

Test(worker_helpers, waits_for_its_helpers)
{
	begin();
	hello(0);
	client_say(0, rcpt);
	client_say(0, "RCPT TO:<nobody@example.org>\r\nDATA\r\n");
	await(0, "354 ");
	client_say(0, "x: y\r\n\r\ntext\r\n.\r\n");
	await(0, "\r\n250 2.0.0");
	client_say(0, "QUIT\r\n");
	await(0, "221 ");
	cr_assert(over(0));
	collect_log();
	cr_assert_not_null(strstr(stage.said, "maildir:example.org/info"), "%s", stage.said);
	// and one that begins a mail and is cut off by our end
	hello(1);
	client_say(1, rcpt);
	client_say(1, "DATA\r\n");
	await(1, "354 ");
	stage_end();
	cr_assert_eq(files("tmp"), 0);
	cr_assert_eq(files("new"), 1);
	end();
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void stand_still(struct helper_job *job)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
}

static void nothing(struct helper_job *job)
{
}

// Another worker's job holds the only thread, as a hanging disk does. Who needs one waits, whatever number they are; the others are served,
// turns end, the worker sleeps. When the disk is back all are answered, and who has left meanwhile leaves nothing.
Test(worker_helpers, none_of_them_is_free)
{
	begin();
	struct bs_bell bell;
	cr_assert(bs_bell_open(&bell));
	struct helper_queue *another = helper_queue_new(stage.helpers, &bell);
	struct helper_job job = {.work = stand_still, .after = nothing};
	pthread_mutex_lock(&gate);
	helper_submit(another, &job);
	for (uint32_t i = 0; i < STREAMS - 1; i++) {
		hello(i);
		client_say(i, rcpt);
	}
	run(); // comes to rest
	hello(STREAMS - 1);
	client_say(STREAMS - 1, "NOOP\r\nVRFY x\r\nRCPT TO:<a@elsewhere.example>\r\n");
	run();
	cr_assert(replied(STREAMS - 1, "252 "), "%s", stage.peer[STREAMS - 1].reply);
	cr_assert(replied(STREAMS - 1, "503 "), "%s", stage.peer[STREAMS - 1].reply);
	raise_event(0, BS_EVENT_DEAD);
	stage.now_ms += 600000; // patience is for clients, not for the backend
	run();
	for (uint32_t i = 0; i < STREAMS - 1; i++) {
		cr_assert_not(over(i), "%u ended with its job under way", i);
		cr_assert_not(replied(i, "250 2.1.5"), "%s", stage.peer[i].reply);
	}
	cr_assert_eq(stage.counters.sessions_now, STREAMS - 1, "the one that could be timed out");
	pthread_mutex_unlock(&gate);
	for (uint32_t i = 1; i < STREAMS - 1; i++) {
		await(i, "250 2.1.5");
		client_say(i, "QUIT\r\n");
		await(i, "221 ");
	}
	for (int i = 0; i < 60000 && !over(0); i++) {
		run();
		usleep(1000);
	}
	cr_assert_eq(stage.counters.sessions_now, 0);
	while (helper_turn(another) == 0)
		usleep(1000);
	helper_queue_free(another);
	bs_bell_close(&bell);
	stage_end();
	end();
}
