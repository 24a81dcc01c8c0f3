// SPDX-License-Identifier: BSD-3-Clause
//
// The Maildir backend against real folders: what arrives, what is refused, and that a fault leaves nothing. The order of
// its system calls is tested by tests/e2e/fsync_order.py.
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "smtp/backend.h"
#include "smtp/worker/heap.h"
#include "smtp/worker/helper.h"

static char root[] = "/tmp/barscreen-maildir-XXXXXX";
static struct backend *backend;
static const struct backend_settings settings; // a Maildir minds none
static const struct session_envelope no_envelope;
static struct heap *heap;
static struct helper_pool *pool;
static struct bs_bell bell;
static struct delivery_surroundings around;
static struct delivery *delivery;
static struct session_answer answer;
static unsigned answers;

static void take_answer(void *context, const struct session_answer *given)
{
	cr_assert_eq(context, &answer);
	answer = *given;
	answers++;
}

static const char *path(const char *below)
{
	static char text[4][4096];
	static unsigned turn;
	char *at = text[turn++ % 4];
	snprintf(at, sizeof(text[0]), "%s/%s", root, below);
	return at;
}

static void folder(const char *below)
{
	cr_assert_eq(mkdir(path(below), 0755), 0, "%s", below);
}

static void open_backend(void)
{
	char error[256];
	char uri[100];
	snprintf(uri, sizeof(uri), "maildir:%s", root);
	backend = backend_new(uri, "mx.example.org", &settings, error);
	cr_assert_not_null(backend, "%s", error);
	heap = heap_new();
	pool = helper_pool_new(2);
	cr_assert(bs_bell_open(&bell));
	around = (struct delivery_surroundings){heap, helper_queue_new(pool, &bell)};
	delivery = backend->operations->open(
		backend, &around, "5tq0k4c7r20001", take_answer, &answer);
	cr_assert_not_null(delivery);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(root));
	folder("example.org");
	folder("example.org/info");
	folder("example.org/anna");
	folder("example.org/Bert");
	folder("example.net");
	folder("example.net/info");
	open_backend();
}

static int remove_one(const char *name, const struct stat *status, int kind, struct FTW *ftw)
{
	return remove(name);
}

static void run_dry(void)
{
	while (helper_under_way(around.helpers) != 0) {
		if (helper_turn(around.helpers) != 0)
			continue;
		bs_bell_sleep(&bell);
		struct pollfd wait = {.fd = bell.fd, .events = POLLIN};
		if (!helper_ready(around.helpers))
			poll(&wait, 1, 60000);
		bs_bell_awake(&bell);
	}
}

static void teardown(void)
{
	if (delivery != NULL)
		backend->operations->close(delivery);
	run_dry();
	helper_queue_free(around.helpers);
	helper_pool_free(pool);
	backend_free(backend);
	heap_free(heap);
	bs_bell_close(&bell);
	nftw(root, remove_one, 20, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

TestSuite(maildir, .init = setup, .fini = teardown);

// With mounts of its own; before the helper threads are made, so that they are in it.
static bool own_mounts;
static void setup_mounts(void)
{
	own_mounts = unshare(CLONE_NEWNS) == 0 &&
		     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
	setup();
}

TestSuite(maildir_mounts, .init = setup_mounts, .fini = teardown);

static void wait_answer(unsigned code)
{
	run_dry();
	cr_assert_eq(answers, 1, "%u answers", answers);
	answers = 0;
	cr_assert_eq(answer.code, code, "%u %s %s (%s)", answer.code, answer.enhanced, answer.text,
		answer.detail);
}

static struct mailbox mailbox(const char *local, const char *domain)
{
	struct mailbox made = {0};
	snprintf(made.local, sizeof(made.local), "%s", local);
	snprintf(made.domain, sizeof(made.domain), "%s", domain);
	return made;
}

static void ask(const char *local, const char *domain, unsigned code)
{
	struct mailbox asked = mailbox(local, domain);
	backend->operations->recipient(delivery, &no_envelope, &asked);
	wait_answer(code);
}

// "a@b c@d"
static void begin(const char *recipients, unsigned code)
{
	static struct mailbox list[100];
	struct session_envelope envelope = {.recipient = list};
	char text[2000], *rest = text, *one;
	snprintf(text, sizeof(text), "%s", recipients);
	while ((one = strsep(&rest, " ")) != NULL) {
		char *at = strchr(one, '@');
		*at = '\0';
		list[envelope.recipient_count++] = mailbox(one, at + 1);
	}
	backend->operations->begin(delivery, &envelope);
	wait_answer(code);
}

static void put(const char *text, unsigned code)
{
	backend->operations->write(delivery, (const uint8_t *)text, strlen(text));
	wait_answer(code);
}

static void commit(const char *text, unsigned code)
{
	backend->operations->commit(delivery, (const uint8_t *)text, strlen(text));
	wait_answer(code);
}

// Files in a folder, 0 when it is missing; the last one's path in `name`.
static unsigned files(const char *below, char name[4096])
{
	unsigned count = 0;
	DIR *list = opendir(path(below));
	struct dirent *entry;
	while (list != NULL && (entry = readdir(list)) != NULL)
		if (entry->d_name[0] != '.') {
			count++;
			if (name != NULL)
				snprintf(name, 4096, "%s/%s", path(below), entry->d_name);
		}
	if (list != NULL)
		closedir(list);
	return count;
}

static void expect_mail(const char *user, const char *content)
{
	char below[300], name[4096], *read_back = malloc(strlen(content) + 10);
	snprintf(below, sizeof(below), "%s/tmp", user);
	cr_assert_eq(files(below, NULL), 0, "%s", below);
	snprintf(below, sizeof(below), "%s/new", user);
	cr_assert_eq(files(below, name), 1, "%s", below);
	FILE *file = fopen(name, "r");
	size_t count = fread(read_back, 1, strlen(content) + 9, file);
	fclose(file);
	cr_assert_eq(count, strlen(content));
	cr_assert_eq(memcmp(read_back, content, count), 0);
	free(read_back);
	struct stat status;
	cr_assert_eq(stat(name, &status), 0);
	cr_assert_eq(status.st_mode & 07777, 0600);
	cr_assert_not_null(strstr(name, "_5tq0k4c7r20001."), "%s", name);
}

static void expect_nothing(const char *user)
{
	char below[300];
	snprintf(below, sizeof(below), "%s/tmp", user);
	cr_assert_eq(files(below, NULL), 0, "%s", below);
	snprintf(below, sizeof(below), "%s/new", user);
	cr_assert_eq(files(below, NULL), 0, "%s", below);
}

Test(maildir, delivers_to_one)
{
	ask("info", "example.org", 250);
	cr_assert_str_eq(answer.enhanced, "2.1.5");
	cr_assert_str_eq(answer.detail, "maildir:example.org/info");
	begin("info@example.org", 250);
	put("Subject: x\r\n\r\n", 250);
	put("first\r\n", 250);
	commit("last\r\n", 250);
	cr_assert_str_eq(answer.enhanced, "2.0.0");
	cr_assert_str_eq(answer.detail, "maildir:example.org/info");
	expect_mail("example.org/info", "Subject: x\r\n\r\nfirst\r\nlast\r\n");
	struct stat status;
	cr_assert_eq(stat(path("example.org/info/cur"), &status), 0, "a mail reader needs cur");
}

Test(maildir, delivers_to_several_and_once_to_a_folder)
{
	cr_assert_eq(symlink("anna", path("example.org/alias")), 0);
	begin("info@example.org Anna@example.org anna@example.org alias@example.org "
	      "info@example.net "
	      "bert@example.net",
		451);
	cr_assert_str_eq(answer.enhanced, "4.3.0");
	expect_nothing("example.org/info");
	begin("info@example.org Anna@example.org anna@example.org alias@example.org "
	      "info@example.net "
	      "Bert@example.org",
		250);
	put("one\r\n", 250);
	commit("two\r\n", 250);
	cr_assert_str_eq(answer.detail, "maildir:example.org/info and 3 more");
	expect_mail("example.org/info", "one\r\ntwo\r\n");
	expect_mail("example.org/anna", "one\r\ntwo\r\n");
	expect_mail("example.net/info", "one\r\ntwo\r\n");
	expect_mail("example.org/Bert", "one\r\ntwo\r\n");
}

Test(maildir, takes_one_mail_after_another)
{
	for (int i = 0; i < 3; i++) {
		begin("info@example.org", 250);
		commit("x\r\n", 250);
	}
	cr_assert_eq(files("example.org/info/new", NULL), 3);
	cr_assert_eq(files("example.org/info/tmp", NULL), 0);
}

Test(maildir, delivers_a_mail_larger_than_its_steps_to_many)
{
	char list[2000] = "", name[40], chunk[65537];
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "example.org/user%d", i);
		folder(name);
		snprintf(name, sizeof(name), "%suser%d@example.org", i != 0 ? " " : "", i);
		strcat(list, name);
	}
	begin(list, 250);
	for (int i = 0; i < 160; i++) { // 10 MB
		memset(chunk, 'a' + i % 26, sizeof(chunk) - 1);
		chunk[sizeof(chunk) - 1] = '\0';
		put(chunk, 250);
	}
	commit("end\r\n", 250);
	for (int i = 0; i < 40; i++) {
		char below[60], file[4096];
		struct stat status;
		snprintf(below, sizeof(below), "example.org/user%d/new", i);
		cr_assert_eq(files(below, file), 1);
		cr_assert_eq(stat(file, &status), 0);
		cr_assert_eq(status.st_size, 160 * 65536 + 5);
		FILE *stream = fopen(file, "r");
		fseek(stream, 100 * 65536 - 1, SEEK_SET);
		cr_assert_eq(fgetc(stream), 'a' + 99 % 26);
		cr_assert_eq(fgetc(stream), 'a' + 100 % 26);
		fclose(stream);
	}
}

Test(maildir, knows_nobody_outside)
{
	static const char *const local[] = {"..", ".", "", "/", "../info", "info/", "info/new",
		"a/b", "..info", ".info", "info\n", "in fo", "info\xc3\xa9", "*", "info;", "%00",
		"~", "nobody", "info/../anna",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	static const char *const domain[] = {"..", ".", "", "/", "../example.org", "example.org/",
		"example..org", ".example.org", "EXAMPLE.ORG", "[192.0.2.1]", "example.org/info"};
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		ask(local[i], "example.org", 550);
		cr_assert_str_eq(answer.enhanced, "5.1.1");
	}
	for (size_t i = 0; i < sizeof(domain) / sizeof(domain[0]); i++)
		ask("info", domain[i], 550);
	struct mailbox odd = mailbox("info", "example.org");
	memcpy(odd.local, "inf\0../", 8); // what stands behind a NUL is not looked at
	backend->operations->recipient(delivery, &no_envelope, &odd);
	wait_answer(550);
	FILE *file = fopen(path("example.org/file"), "w");
	fclose(file);
	ask("file", "example.org", 550);
	ask("INFO", "example.org", 250);
	cr_assert_str_eq(answer.detail, "maildir:example.org/info");
	ask("Bert", "example.org", 250);
	ask("bert", "example.org", 550);
}

Test(maildir, does_not_refuse_what_it_can_not_tell)
{
	ask("info", "example.com", 451); // ours by configuration, its folder missing
	cr_assert_eq(symlink("/nowhere/at/all", path("example.org/away")), 0);
	ask("away", "example.org", 451);
	cr_assert_eq(symlink("round", path("example.org/round")), 0);
	ask("round", "example.org", 451);
	char aside[100];
	snprintf(aside, sizeof(aside), "%s.aside", root);
	cr_assert_eq(rename(root, aside), 0);
	ask("info", "example.org", 451);
	cr_assert_str_eq(answer.enhanced, "4.3.0");
	begin("info@example.org", 451);
	cr_assert_eq(rename(aside, root), 0);
	ask("info", "example.org", 250);
}

Test(maildir, is_not_led_elsewhere_by_a_user)
{
	folder("elsewhere");
	cr_assert_eq(symlink(path("elsewhere"), path("example.org/info/new")), 0);
	begin("info@example.org", 451);
	cr_assert_eq(files("elsewhere", NULL), 0);
	cr_assert_eq(unlink(path("example.org/info/new")), 0);
	cr_assert_eq(symlink(path("elsewhere"), path("example.org/info/tmp")), 0);
	begin("info@example.org", 451);
	cr_assert_eq(files("elsewhere", NULL), 0);
}

Test(maildir, takes_all_back_when_one_can_not_be_written)
{
	FILE *file = fopen(path("example.net/info/tmp"), "w"); // where a folder should be
	fclose(file);
	begin("info@example.org anna@example.org info@example.net", 250);
	commit("x\r\n", 451);
	cr_assert_not_null(
		strstr(answer.detail, "maildir:example.net/info: create: "), "%s", answer.detail);
	expect_nothing("example.org/info");
	expect_nothing("example.org/anna");
}

Test(maildir, takes_back_what_was_renamed_already)
{
	begin("info@example.org anna@example.org info@example.net", 250);
	folder("example.net/info/new");
	folder("example.net/info/cur");
	folder("example.net/info/tmp");
	cr_assert_eq(rmdir(path("example.net/info/new")), 0);
	FILE *file = fopen(path("example.net/info/new"), "w");
	fclose(file);
	commit("x\r\n", 451);
	expect_nothing("example.org/info");
	expect_nothing("example.org/anna");
	expect_nothing("example.net/info");
}

Test(maildir, abandons_and_closes_in_every_state)
{
	backend->operations->abandon(delivery);
	wait_answer(250);
	begin("info@example.org anna@example.org", 250);
	put("x", 250);
	cr_assert_eq(files("example.org/info/tmp", NULL), 1);
	backend->operations->abandon(delivery);
	wait_answer(250);
	expect_nothing("example.org/info");
	commit("x", 451);
	put("x", 451);

	begin("info@example.org anna@example.org", 250);
	backend->operations->write(delivery, (const uint8_t *)"abc", 3);
	backend->operations->close(delivery); // with a call under way
	run_dry();
	expect_nothing("example.org/info");
	cr_assert_eq(answers, 0);

	delivery = backend->operations->open(backend, &around, "a", take_answer, &answer);
	begin("info@example.org", 250);
	backend->operations->close(delivery); // with a mail begun
	run_dry();
	expect_nothing("example.org/info");

	delivery = backend->operations->open(
		backend, &around, "5tq0k4c7r20001", take_answer, &answer);
	begin("info@example.org anna@example.org", 250);
	backend->operations->commit(delivery, (const uint8_t *)"abc", 3);
	backend->operations->close(delivery); // a commit under way finishes
	run_dry();
	expect_mail("example.org/info", "abc");
	expect_mail("example.org/anna", "abc");
	cr_assert_eq(answers, 0);
	delivery = NULL;
}

Test(maildir_mounts, answers_451_when_the_file_system_is_full)
{
	if (!own_mounts)
		cr_skip_test("needs root for a file system of its own");
	cr_assert_eq(mount("none", path("example.net/info"), "tmpfs", 0, "size=256k"), 0);
	char *much = malloc(600001);
	memset(much, 'x', 600000);
	much[600000] = '\0';
	// the second recipient's file system is the small one
	begin("info@example.org info@example.net", 250);
	commit(much, 451);
	cr_assert_str_eq(answer.enhanced, "4.3.1");
	expect_nothing("example.org/info");
	expect_nothing("example.net/info");
	// the first one's
	begin("info@example.net info@example.org", 250);
	put(much, 451);
	expect_nothing("example.net/info");
	free(much);
	// and it works again
	begin("info@example.net info@example.org", 250);
	commit("small", 250);
	expect_mail("example.net/info", "small");
	expect_mail("example.org/info", "small");
	umount(path("example.net/info"));
}

Test(maildir_mounts, bears_a_file_system_that_turns_read_only)
{
	if (!own_mounts)
		cr_skip_test("needs root for a file system of its own");
	cr_assert_eq(mount("none", path("example.net/info"), "tmpfs", 0, "size=256k"), 0);
	begin("info@example.net", 250);
	commit("x", 250);
	cr_assert_eq(mount(NULL, path("example.net/info"), NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	ask("info", "example.net", 250);
	begin("info@example.net", 451);
	begin("info@example.org info@example.net", 250);
	commit("x", 451);
	expect_nothing("example.org/info");
	cr_assert_eq(files("example.net/info/new", NULL), 1);
	umount(path("example.net/info"));
}

Test(maildir, answers_451_for_a_file_that_may_not_grow)
{
	struct rlimit limit, old;
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){1000, old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	char text[2001];
	memset(text, 'x', 2000);
	text[2000] = '\0';
	begin("info@example.org anna@example.org", 250);
	commit(text, 451);
	setrlimit(RLIMIT_FSIZE, &old);
	expect_nothing("example.org/info");
	expect_nothing("example.org/anna");
}

Test(maildir, gives_the_mail_to_the_owner_of_the_folder)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	char name[4096];
	struct stat status;
	cr_assert_eq(chown(path("example.org/anna"), 12345, 23456), 0);
	begin("info@example.org anna@example.org", 250);
	commit("x", 250);
	cr_assert_eq(files("example.org/anna/new", name), 1);
	cr_assert_eq(stat(name, &status), 0);
	cr_assert_eq(status.st_uid, 12345);
	cr_assert_eq(status.st_gid, 23456);
	cr_assert_eq(stat(path("example.org/anna/new"), &status), 0);
	cr_assert_eq(status.st_uid, 12345);
	cr_assert_eq(status.st_mode & 07777, 0700);
}

Test(maildir, holds_no_descriptor_when_done)
{
	int before = dup(0);
	close(before);
	for (int i = 0; i < 3; i++) {
		begin("info@example.org anna@example.org", 250);
		put("x", 250);
		commit("x", 250);
		begin("info@example.org nobody@example.org", 451);
		begin("anna@example.org info@example.org", 250);
		backend->operations->abandon(delivery);
		wait_answer(250);
		ask("nobody", "example.org", 550);
		ask("info", "example.org", 250);
	}
	int after = dup(0);
	close(after);
	cr_assert_eq(before, after);
}

Test(maildir_start, says_what_is_wrong_with_the_configuration)
{
	char error[256];
	cr_assert_null(backend_new("maildir:/no/such/folder", "mx.example.org", &settings, error));
	cr_assert_not_null(strstr(error, "/no/such/folder"), "%s", error);
	cr_assert_not_null(strstr(error, "No such file or directory"), "%s", error);
	cr_assert_null(backend_new("maildir:relative", "mx.example.org", &settings, error));
	cr_assert_not_null(strstr(error, "must begin with /"), "%s", error);
	cr_assert_null(backend_new("maildir:/etc/passwd", "mx.example.org", &settings, error));
	cr_assert_not_null(strstr(error, "Not a directory"), "%s", error);
	cr_assert_null(backend_new("imap:/x", "mx.example.org", &settings, error));
	cr_assert_not_null(strstr(error, "no such kind"), "%s", error);
	cr_assert_null(backend_new("maildir", "mx.example.org", &settings, error));
	cr_assert_null(backend_new("", "mx.example.org", &settings, error));
	backend_free(NULL);
}
