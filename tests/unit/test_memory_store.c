// SPDX-License-Identifier: BSD-3-Clause
//
// What is remembered over restarts: the file, crashes, damaged files, disks that are full.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "control/memory/memory_store.h"
#include "tests/unit/config_case.h"

static char trouble[MEMORY_LOAD_ERROR];
static const struct bs_greylist_rules rules = {.delay_ms = 300000,
	.retry_ms = 172800000,
	.lifetime_ms = 3024000000,
	.only_from = INT32_MIN};

static void begin(void)
{
	make_folder();
}

static void end(void)
{
	remove_folder();
}

TestSuite(memory_store, .init = begin, .fini = end, .timeout = 100);

static struct memory_store *begin_store(uint32_t capacity)
{
	struct memory_store *store = memory_store_new(folder, capacity, trouble);
	cr_assert_not_null(store);
	return store;
}

static uint64_t now(void)
{
	return (uint64_t)time(NULL);
}

static enum greylist_state ask(struct memory_store *store, uint32_t number, bool change)
{
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 7});
	char sender[40];
	snprintf(sender, sizeof(sender), "s%ux@example.net", number);
	return greylist_ask(memory_store_memory(store), &client, NULL, sender, "a@example.org",
		&rules, now(), change)
		.state;
}

static uint32_t known(struct memory_store *store, uint32_t from, uint32_t to)
{
	uint32_t count = 0;
	for (uint32_t i = from; i < to; i++)
		count += ask(store, i, false) == GREYLIST_EARLY;
	return count;
}

// All that was there when we were called is on the disk.
static void wait_for_writes(struct memory_store *store)
{
	struct memory_store_view view;
	memory_store_view(store, &view);
	for (uint64_t before = view.writes; view.writes < before + 2;) {
		usleep(20000);
		memory_store_view(store, &view);
	}
}

static uint32_t files_like(const char *part)
{
	uint32_t count = 0;
	DIR *open = opendir(folder);
	for (struct dirent *file; (file = readdir(open)) != NULL;)
		count += strstr(file->d_name, part) != NULL;
	closedir(open);
	return count;
}

static void write_file(const char *name, off_t at, const char *bytes, size_t count)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, bytes, count, at), (ssize_t)count);
	close(fd);
}

Test(memory_store, a_restart_forgets_nothing)
{
	struct memory_store *store = begin_store(5000);
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 7});
	cr_expect_str_eq(trouble, "");
	for (uint32_t i = 0; i < 3000; i++)
		ask(store, i, true);
	memory_remember_client(memory_store_memory(store), &client, now() + 1000, now());
	memory_store_free(store);
	for (int again = 0; again < 2; again++) { // and what was read is written anew
		store = begin_store(again == 0 ? 5000 : 100000); // a table of another shape too
		cr_expect_str_eq(trouble, "");
		cr_expect_eq(known(store, 0, 3000), 3000);
		cr_expect_neq(memory_client_until(memory_store_memory(store), &client, now()), 0);
		memory_store_free(store);
	}
	cr_expect_eq(files_like("memory.lmdb"), 1);
	struct stat is;
	char path[400];
	snprintf(path, sizeof(path), "%s/memory.lmdb", folder);
	cr_assert_eq(stat(path, &is), 0);
	cr_expect_eq(is.st_mode & 0777, 0600);
}

Test(memory_store, what_is_forgotten_stays_forgotten)
{
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 7});
	struct memory_store *store = begin_store(1000);
	for (uint32_t i = 0; i < 20; i++)
		ask(store, i, true);
	wait_for_writes(store);
	for (uint32_t i = 0; i < 20; i += 2) {
		char sender[40];
		snprintf(sender, sizeof(sender), "s%ux@example.net", i);
		cr_expect_eq(greylist_forget(memory_store_memory(store), &client, NULL, sender,
				     "a@example.org"),
			1);
	}
	memory_store_free(store);
	store = begin_store(1000);
	for (uint32_t i = 0; i < 20; i++)
		cr_expect_eq(known(store, i, i + 1), i % 2);
	memory_store_free(store);
}

Test(memory_store, sources_that_behaved_are_known_after_a_restart)
{
	static const struct siphash_key secret = {{1, 2}};
	struct bs_address client = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 7});
	struct memory_store *store = begin_store(1000);
	memory_remember_client(memory_store_memory(store), &client, now() + 1000, now());
	ask(store, 1, true);
	memory_store_free(store);
	store = begin_store(1000);
	struct bs_sources *sources = bs_sources_new(64, &secret);
	cr_expect_eq(memory_store_teach(store, sources, 5000), 1);
	struct bs_source *source = bs_source_find(sources, &client);
	cr_assert_not_null(source);
	cr_expect(bs_source_is_known(source, 5900));
	cr_expect_not(bs_source_is_known(source, 6001));
	bs_sources_free(sources);
	memory_store_free(store);
}

// A program that remembers, and is killed at any moment: never in order, never twice the same.
static void killed_at(unsigned entries_more)
{
	int pipes[2];
	cr_assert_eq(pipe(pipes), 0);
	pid_t child = fork();
	if (child == 0) {
		struct memory_store *store = memory_store_new(folder, 20000, trouble);
		for (uint32_t i = 0; i < 2000; i++)
			ask(store, i, true);
		wait_for_writes(store);
		if (write(pipes[1], "x", 1) != 1)
			_exit(1);
		for (uint32_t i = 0; i < entries_more; i++)
			ask(store, 2000 + i % 10000, true);
		kill(getpid(), SIGKILL);
	}
	char byte;
	cr_assert_eq(read(pipes[0], &byte, 1), 1);
	int status;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(pipes[0]);
	close(pipes[1]);
}

Test(memory_store, a_crash_loses_only_what_was_not_written)
{
	unsigned more[] = {0, 3000, 100000, 1000000};
	for (unsigned i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		killed_at(more[i]);
		struct memory_store *store = begin_store(20000);
		cr_expect_str_eq(trouble, "");
		cr_expect_eq(known(store, 0, 2000), 2000);
		memory_store_free(store);
	}
}

Test(memory_store, one_who_died_over_the_first_write)
{
	struct memory_store *store = begin_store(1000);
	ask(store, 1, true);
	memory_store_free(store);
	write_file("memory.lmdb.new", 0, "half", 4);
	store = begin_store(1000);
	cr_expect_str_eq(trouble, "");
	cr_expect_eq(known(store, 1, 2), 1);
	memory_store_free(store);
	cr_expect_eq(files_like(".new"), 0);
}

// Whatever the file has become, we start, say so, and remember again.
static void expect_survived(void)
{
	struct memory_store *store = begin_store(20000);
	memory_store_free(store);
	store = begin_store(20000);
	cr_expect_str_eq(trouble, "");
	ask(store, 77777, true);
	cr_expect_eq(known(store, 77777, 77778), 1);
	memory_store_free(store);
}

static void fill(void)
{
	struct memory_store *store = begin_store(20000);
	for (uint32_t i = 0; i < 10000; i++)
		ask(store, i, true);
	memory_store_free(store);
}

Test(memory_store, a_damaged_file_is_set_aside)
{
	struct memory_store *store;
	static char noise[4096];
	for (unsigned i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 2654435761u >> 24);
	write_file("memory.lmdb", 0, noise, sizeof(noise));
	store = begin_store(1000);
	cr_expect_not_null(strstr(trouble, "is damaged"), "%s", trouble);
	cr_expect_eq(files_like(".damaged-"), 1);
	memory_store_free(store);
	write_file("memory.lmdb", 0, "", 0);
	char path[400];
	snprintf(path, sizeof(path), "%s/memory.lmdb", folder);
	cr_assert_eq(truncate(path, 0), 0);
	store = begin_store(1000);
	cr_expect_not_null(strstr(trouble, "another version"), "%s", trouble);
	memory_store_free(store);
}

Test(memory_store, damage_anywhere)
{
	static char noise[4096];
	struct stat is;
	char path[400];
	snprintf(path, sizeof(path), "%s/memory.lmdb", folder);
	for (unsigned i = 0; i < 40; i++) {
		fill();
		cr_assert_eq(stat(path, &is), 0);
		unsigned pages = (unsigned)(is.st_size / 4096);
		for (unsigned n = 0; n < sizeof(noise); n++)
			noise[n] = (char)(i % 3 == 0 ? 0 : (n + i) * 2654435761u >> 24);
		if (i % 4 == 3)
			cr_assert_eq(truncate(path, (off_t)(i * 7919 % pages) * 4096), 0);
		else
			write_file("memory.lmdb", (off_t)(i * 7919 % pages) * 4096, noise,
				sizeof(noise));
		expect_survived();
	}
}

Test(memory_store, a_full_disk_stops_nothing)
{
	char news[MEMORY_LOAD_ERROR], file[400];
	struct memory_store_view view;
	if (mount("barscreen", folder, "tmpfs", 0, "size=600k") != 0)
		cr_skip_test("no right to mount");
	struct memory_store *store = begin_store(100000);
	wait_for_writes(store);
	cr_expect_not(memory_store_news(store, news));
	for (uint32_t i = 0; i < 60000; i++)
		ask(store, i, true);
	for (int i = 0; i < 1000 && !memory_store_news(store, news); i++)
		usleep(20000);
	cr_expect_not_null(strstr(news, "No space left on device"), "%s", news);
	memory_store_view(store, &view);
	cr_expect_not(view.saved);
	cr_expect_eq(known(store, 0, 60000), view.entries);
	snprintf(file, sizeof(file), "remount,size=100m");
	cr_assert_eq(mount("barscreen", folder, "tmpfs", MS_REMOUNT, "size=100m"), 0);
	memory_store_free(store); // tries once more
	store = begin_store(100000);
	cr_expect_str_eq(trouble, "");
	cr_expect_geq(known(store, 0, 60000), 59000);
	memory_store_free(store);
	umount2(folder, MNT_DETACH);
}

Test(memory_store, a_folder_that_is_none)
{
	char news[MEMORY_LOAD_ERROR];
	struct memory_store *store = memory_store_new("/proc/nothing", 1000, trouble);
	cr_assert_not_null(store);
	cr_expect_str_eq(trouble, "");
	for (int i = 0; i < 1000 && !memory_store_news(store, news); i++)
		usleep(20000);
	cr_expect_not_null(strstr(news, "/proc/nothing"), "%s", news);
	cr_expect_eq(ask(store, 1, true), GREYLIST_NEW);
	cr_expect_eq(ask(store, 1, true), GREYLIST_EARLY);
	memory_store_free(store);
}
