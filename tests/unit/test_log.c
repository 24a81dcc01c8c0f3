// SPDX-License-Identifier: BSD-3-Clause
//
// The ring by itself, then the writer on real files, full disks, stuck and dead pipes.
#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/log/log.h"

static struct bs_log_line line;

Test(log_ring, lines_come_out_as_they_went_in)
{
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	uint64_t said_ns = 0;
	cr_assert(log != NULL);
	cr_expect(!bs_log_take(log, &line));
	bs_log(log, BS_LOG_INFO, "first %d", 1);
	bs_log(log, BS_LOG_WARNING, "%s", "second");
	cr_expect(bs_log_oldest(log, &said_ns));
	cr_expect(bs_log_take(log, &line));
	cr_expect_str_eq(line.text, "first 1");
	cr_expect_eq(line.length, 7);
	cr_expect_eq(line.severity, BS_LOG_INFO);
	cr_expect_eq(line.wall_ns, said_ns);
	cr_expect(bs_log_take(log, &line));
	cr_expect_str_eq(line.text, "second");
	cr_expect_eq(line.severity, BS_LOG_WARNING);
	cr_expect_geq(line.wall_ns, said_ns);
	cr_expect(!bs_log_take(log, &line));
	cr_expect(!bs_log_oldest(log, &said_ns));
	bs_log_free(log);
}

Test(log_ring, nobody_listens)
{
	bs_log(NULL, BS_LOG_INFO, "into the %s", "void");
	bs_log_free(NULL);
}

Test(log_ring, hostile_bytes_can_not_forge_a_line)
{
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	bs_log(log, BS_LOG_INFO, "helo=<%s>", "a\r\nNov 22 10:00:00 \x1b[2J\x7f\x80\xff~");
	cr_assert(bs_log_take(log, &line));
	cr_expect_str_eq(line.text, "helo=<a??Nov 22 10:00:00 ?[2J???~>");
	bs_log_free(log);
}

Test(log_ring, a_long_text_is_cut)
{
	static char text[5000];
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	memset(text, 'x', sizeof(text) - 1);
	bs_log(log, BS_LOG_INFO, "%s", text);
	bs_log(log, BS_LOG_INFO, "%.*s", BS_LOG_TEXT, text);
	bs_log(log, BS_LOG_INFO, "next");
	for (int i = 0; i < 2; i++) {
		cr_assert(bs_log_take(log, &line));
		cr_expect_eq(line.length, BS_LOG_TEXT);
		cr_expect_eq(strlen(line.text), BS_LOG_TEXT);
	}
	cr_assert(bs_log_take(log, &line));
	cr_expect_str_eq(line.text, "next");
	bs_log_free(log);
}

Test(log_ring, a_full_ring_drops_and_counts)
{
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	unsigned taken = 0;
	for (unsigned i = 0; i < 20000; i++)
		bs_log(log, BS_LOG_INFO, "line %u of a ring that nobody empties", i);
	uint64_t lost = bs_log_lost(log);
	cr_expect_gt(lost, 0);
	for (; bs_log_take(log, &line); taken++) {
		char wanted[64];
		snprintf(wanted, sizeof(wanted), "line %u of a ring that nobody empties", taken);
		cr_assert_str_eq(line.text, wanted);
	}
	cr_expect_eq(taken + lost, 20000);
	cr_expect_gt(taken, 2000);
	bs_log(log, BS_LOG_INFO, "room again");
	cr_expect(bs_log_take(log, &line));
	cr_expect_str_eq(line.text, "room again");
	bs_log_free(log);
}

// One bad byte at each place of texts of all lengths around those that are cleaned at once.
Test(log_ring, cleans_every_place)
{
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	for (size_t length = 1; length <= 67; length++) {
		for (size_t bad = 0; bad < length; bad++) {
			char text[68] = "", wanted[68] = "";
			memset(text, 'y', length);
			memset(wanted, 'y', length);
			text[bad] = '\n';
			wanted[bad] = '?';
			bs_log(log, BS_LOG_INFO, "%s", text);
			cr_assert(bs_log_take(log, &line));
			cr_assert_str_eq(line.text, wanted, "%zu of %zu", bad, length);
		}
	}
	bs_log_free(log);
}

// All lengths, so that lines end and begin at every place of the ring and run over its end.
Test(log_ring, many_laps)
{
	static char text[BS_LOG_TEXT + 1];
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	unsigned said = 0, taken = 0;
	memset(text, 'y', BS_LOG_TEXT);
	while (taken < 30000) {
		for (unsigned burst = said % 97 + 1; burst > 0; burst--, said++)
			bs_log(log, BS_LOG_INFO, "%u:%.*s", said, (int)(said * 7919 % 990), text);
		while (bs_log_take(log, &line)) {
			char *end;
			cr_assert_eq(strtoul(line.text, &end, 10), taken);
			cr_assert_eq(strlen(end), 1 + taken * 7919 % 990);
			cr_assert_eq(strspn(end + 1, "y"), taken * 7919 % 990);
			taken++;
		}
	}
	cr_expect_eq(bs_log_lost(log), 0);
	bs_log_free(log);
}

#define RACED 200000u

static void *speak(void *context)
{
	for (unsigned i = 0; i < RACED; i++)
		bs_log(context, BS_LOG_INFO, "%u %.*s", i, (int)(i % 80),
			"ssssssssssssssssssssssssssssssssssssssss"
			"ssssssssssssssssssssssssssssssssssssssss");
	bs_log(context, BS_LOG_DEBUG, "end");
	return NULL;
}

Test(log_ring, two_threads)
{
	struct bs_log *log = bs_log_new(BS_LOG_SMALL);
	pthread_t thread;
	uint64_t taken = 0, next = 0;
	cr_assert_eq(pthread_create(&thread, NULL, speak, log), 0);
	bool joined = false;
	for (;;) {
		if (!bs_log_take(log, &line)) {
			if (joined)
				break;
			struct timespec nap = {.tv_nsec = 100000};
			nanosleep(&nap, NULL);
			joined = pthread_tryjoin_np(thread, NULL) == 0;
			continue;
		}
		if (line.severity == BS_LOG_DEBUG)
			continue;
		char *end;
		uint64_t number = strtoul(line.text, &end, 10);
		cr_assert_geq(number, next);
		cr_assert_eq(strlen(end), 1 + number % 80);
		next = number + 1;
		taken++;
	}
	cr_expect_leq(taken + bs_log_lost(log), RACED + 1);
	cr_expect_geq(taken + bs_log_lost(log), RACED);
	bs_log_free(log);
}

// The writer.

static char folder[] = "/tmp/barscreen-test-log-XXXXXX";
static char path[128], moved[128], target[160];

static void make_folder(void)
{
	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(moved, sizeof(moved), "%s/log.1", folder);
	snprintf(target, sizeof(target), "file:%s", path);
}

static void remove_folder(void)
{
	unlink(path);
	unlink(moved);
	rmdir(folder);
}

TestSuite(log_writer, .init = make_folder, .fini = remove_folder);

// The file's content; the caller's, free().
static char *content(const char *file)
{
	char *text = NULL;
	size_t length = 0;
	FILE *in = fopen(file, "r");
	FILE *out = open_memstream(&text, &length);
	int c;
	while (in != NULL && (c = fgetc(in)) != EOF)
		fputc(c, out);
	if (in != NULL)
		fclose(in);
	fclose(out);
	return text;
}

static bool contains(const char *file, const char *wanted)
{
	char *text = content(file);
	bool found = strstr(text, wanted) != NULL;
	free(text);
	return found;
}

static unsigned count_of(const char *text, const char *wanted)
{
	unsigned count = 0;
	for (; (text = strstr(text, wanted)) != NULL; text++)
		count++;
	return count;
}

// Some time for the writer to do its work: long enough for a machine that does much else.
static bool appears(const char *file, const char *wanted)
{
	for (int i = 0; i < 3000; i++) {
		struct timespec nap = {.tv_nsec = 10000000};
		if (contains(file, wanted))
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

static struct log_writer *new_writer(const char *where)
{
	char error[256] = "";
	struct log_writer *writer = log_writer_new(where, "postfix-barscreen/smtpd", error);
	cr_assert(writer != NULL, "%s", error);
	return writer;
}

Test(log_writer, a_line_has_syslogs_shape)
{
	regex_t shape;
	char pattern[200];
	struct log_writer *writer = new_writer(target);
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	bs_log(log, BS_LOG_INFO, "NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 5.1.1");
	bs_log(log, BS_LOG_WARNING, "disk nearly full");
	bs_log(log, BS_LOG_WARNING, "warning: said twice");
	bs_log(log, BS_LOG_ERROR, "broken");
	log_writer_free(writer);
	char *text = content(path);
	snprintf(pattern, sizeof(pattern),
		"^[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} [^ .]+ "
		"postfix-barscreen/smtpd\\[%d\\]: NOQUEUE: reject: RCPT from x\\[192",
		(int)getpid());
	cr_assert_eq(regcomp(&shape, pattern, REG_EXTENDED | REG_NOSUB), 0);
	cr_expect_eq(regexec(&shape, text, 0, NULL, 0), 0, "%s", text);
	cr_expect(strstr(text, "]: warning: disk nearly full\n") != NULL);
	cr_expect(strstr(text, "]: warning: said twice\n") != NULL);
	cr_expect(strstr(text, "]: error: broken\n") != NULL);
	cr_expect_eq(count_of(text, "\n"), 4);
	regfree(&shape);
	free(text);
}

// The time in a line is that at which it was said, in the zone of the machine.
Test(log_writer, time_is_local_and_the_day_padded)
{
	struct bs_ring *ring = bs_ring_new(4, sizeof(struct bs_notice));
	struct bs_notice notice = {.kind = BS_NOTICE_NEIGHBOUR, .sample_length = 2, .sample = "up"};
	setenv("TZ", "XYZ-3", 1);
	tzset();
	struct log_writer *writer = new_writer(target);
	cr_assert(log_writer_notices(writer, ring, NULL));
	notice.wall_ns = UINT64_C(1778000400) * 1000000000; // 2026-05-05 17:00:00 UTC
	bs_ring_push(ring, &notice, sizeof(notice));
	cr_assert(log_writer_start(writer));
	log_writer_free(writer);
	char *text = content(path);
	cr_expect(strncmp(text, "May  5 20:00:00 ", 16) == 0, "%s", text);
	free(text);
	free(ring);
}

Test(log_writer, threads_are_merged_by_time)
{
	struct log_writer *writer = new_writer(target);
	struct bs_log *log[3];
	unsigned next = 0;
	for (int i = 0; i < 3; i++)
		log[i] = log_writer_ring(writer, BS_LOG_SMALL);
	for (unsigned i = 0; i < 600; i++)
		bs_log(log[i * i % 3], BS_LOG_INFO, "number=%u", i);
	cr_assert(log_writer_start(writer));
	log_writer_free(writer);
	char *text = content(path);
	for (char *at = text; (at = strstr(at, "number=")) != NULL; at++)
		cr_assert_eq(strtoul(at + 7, NULL, 10), next++);
	cr_expect_eq(next, 600);
	free(text);
}

Test(log_writer, a_notice_has_its_closing_line)
{
	struct log_writer *writer = new_writer(target);
	struct bs_ring *ring = bs_ring_new(16, sizeof(struct bs_notice));
	struct bs_notice notice = {.kind = BS_NOTICE_CONNECT, .client.port = 1234};
	cr_assert(log_writer_notices(writer, ring, NULL));
	bs_ring_push(ring, &notice, sizeof(notice));
	notice.kind = BS_NOTICE_GONE;
	bs_ring_push(ring, &notice, sizeof(notice));
	cr_assert(log_writer_start(writer));
	cr_expect(appears(path, "outcome=lost"));
	log_writer_free(writer);
	char *text = content(path);
	cr_expect_eq(count_of(text, "\n"), 3, "%s", text);
	cr_expect_eq(count_of(text, "DISCONNECT ["), 1);
	free(text);
	free(ring);
}

// Said before the clock was set back an hour: not kept back for an hour.
Test(log_writer, a_time_to_come_is_not_waited_for)
{
	struct log_writer *writer = new_writer(target);
	struct bs_ring *ring = bs_ring_new(4, sizeof(struct bs_notice));
	struct bs_notice notice = {.kind = BS_NOTICE_CONNECT};
	cr_assert(log_writer_notices(writer, ring, NULL));
	notice.wall_ns = ((uint64_t)time(NULL) + 3600) * 1000000000;
	bs_ring_push(ring, &notice, sizeof(notice));
	cr_assert(log_writer_start(writer));
	cr_expect(appears(path, "CONNECT from"));
	log_writer_free(writer);
	free(ring);
}

Test(log_writer, losses_are_told)
{
	struct log_writer *writer = new_writer(target);
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	char wanted[64];
	for (unsigned i = 0; i < 20000; i++)
		bs_log(log, BS_LOG_INFO, "before the writer has started: %u", i);
	uint64_t lost = log_writer_lost(writer);
	cr_expect_gt(lost, 0);
	snprintf(wanted, sizeof(wanted), "]: warning: %lu log lines lost\n", lost);
	cr_assert(log_writer_start(writer));
	cr_expect(appears(path, wanted));
	log_writer_free(writer);
	char *text = content(path);
	cr_expect_eq(count_of(text, "before the writer"), 20000 - lost);
	cr_expect_eq(count_of(text, "log lines lost"), 1);
	free(text);
}

Test(log_writer, the_file_is_opened_again)
{
	struct log_writer *writer = new_writer(target);
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	bs_log(log, BS_LOG_INFO, "old one");
	cr_assert(appears(path, "old one"));
	cr_assert_eq(rename(path, moved), 0);
	log_writer_reopen(writer);
	for (int i = 0; i < 3000 && access(path, F_OK) != 0; i++)
		usleep(10000);
	bs_log(log, BS_LOG_INFO, "new one");
	cr_expect(appears(path, "new one"));
	log_writer_free(writer);
	cr_expect(!contains(moved, "new one"));
	cr_expect(!contains(path, "old one"));
}

// A limit of the file's size fails as a full disk does: in the middle of a line.
static void set_disk_full(bool full)
{
	struct rlimit limit = {.rlim_cur = full ? 333 : RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

// Says fifty lines to a full disk, and returns when a write has failed.
static struct log_writer *writer_with_full_disk(void)
{
	struct log_writer *writer = new_writer(target);
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	set_disk_full(true);
	for (unsigned i = 0; i < 50; i++)
		bs_log(log, BS_LOG_INFO, "number=%02u.", i);
	cr_assert(log_writer_start(writer));
	for (int i = 0; i < 3000 && log_writer_failures(writer) == 0; i++)
		usleep(10000);
	cr_assert_gt(log_writer_failures(writer), 0);
	return writer;
}

// Lines `first` to 49 are there, each once and whole; then comes what the log says of itself.
static void expect_numbers(const char *text, unsigned first)
{
	size_t length = strcspn(text, "\n");
	for (unsigned i = first; i < 50; i++) {
		char wanted[32];
		snprintf(wanted, sizeof(wanted), "]: number=%02u.\n", i);
		cr_assert_eq(strcspn(text, "\n"), length, "torn: %s", text);
		cr_assert(strncmp(text + length + 1 - strlen(wanted), wanted, strlen(wanted)) == 0,
			"line %u: %s", i, text);
		text += length + 1;
	}
	cr_expect(strstr(text, "]: warning: writing the log failed ") != NULL);
	cr_expect_eq(count_of(text, "\n"), 1);
}

Test(log_writer, a_full_disk_is_tried_again)
{
	struct log_writer *writer = writer_with_full_disk();
	set_disk_full(false);
	cr_expect(appears(path, "]: warning: writing the log failed "));
	log_writer_free(writer);
	char *text = content(path);
	expect_numbers(text, 0);
	free(text);
}

// The line that the old file has half of is whole in the new one.
Test(log_writer, a_file_opened_again_begins_with_a_whole_line)
{
	struct log_writer *writer = writer_with_full_disk();
	char *old = content(path);
	cr_assert_eq(strlen(old), 333);
	cr_assert_neq(old[332], '\n', "the name of this host makes the test useless");
	cr_assert_eq(rename(path, moved), 0);
	log_writer_reopen(writer);
	for (int i = 0; i < 3000 && access(path, F_OK) != 0; i++)
		usleep(10000);
	set_disk_full(false);
	cr_expect(appears(path, "]: warning: writing the log failed "));
	log_writer_free(writer);
	char *text = content(path);
	cr_expect(strstr(text, "]: number=49.\n") != NULL);
	expect_numbers(text, count_of(old, "\n"));
	free(text);
	free(old);
}

Test(log_writer, a_disk_that_stays_full_does_not_keep_us)
{
	struct log_writer *writer = new_writer("file:/dev/full");
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	for (unsigned i = 0; i < 20000; i++)
		bs_log(log, BS_LOG_INFO, "number=%u", i);
	for (int i = 0; i < 3000 && log_writer_failures(writer) == 0; i++)
		usleep(10000);
	cr_expect_gt(log_writer_failures(writer), 0);
	log_writer_free(writer);
}

static void pipe_as_stderr(int end[2])
{
	cr_assert_eq(pipe(end), 0);
	cr_assert_eq(dup2(end[1], STDERR_FILENO), STDERR_FILENO);
	close(end[1]);
}

static unsigned threads(void)
{
	struct stat status;
	cr_assert_eq(stat("/proc/self/task", &status), 0);
	return (unsigned)status.st_nlink - 2;
}

// Far more than a pipe holds, and nobody reads it: the writer does not hang in a write, its thread ends.
Test(log_writer, a_pipe_that_nobody_reads, .timeout = 60)
{
	int end[2];
	unsigned before = threads();
	pipe_as_stderr(end);
	struct log_writer *writer = new_writer("stderr");
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	for (unsigned i = 0; i < 20000; i++)
		bs_log(log, BS_LOG_INFO, "number=%u, and some more words to fill the pipe", i);
	log_writer_free(writer);
	cr_expect_eq(threads(), before);
	close(end[0]);
}

Test(log_writer, a_pipe_whose_reader_died)
{
	int end[2];
	pipe_as_stderr(end);
	close(end[0]);
	struct log_writer *writer = new_writer("stderr");
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	bs_log(log, BS_LOG_INFO, "SIGPIPE would end the test");
	for (int i = 0; i < 3000 && log_writer_failures(writer) == 0; i++)
		usleep(10000);
	cr_expect_gt(log_writer_failures(writer), 0);
	log_writer_free(writer);
}

// A /dev of our own with a /dev/log that we read: what a syslog daemon would get. The socket, or -1.
static int private_dev_log(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", "/dev", "tmpfs", 0, NULL) != 0)
		return -1;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

Test(log_writer, syslog_gets_facility_name_and_pid)
{
	char got[2048], wanted[256];
	int fd = private_dev_log();
	if (fd < 0)
		cr_skip_test("needs root");
	struct log_writer *writer = new_writer("syslog");
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	cr_assert(log_writer_start(writer));
	bs_log(log, BS_LOG_WARNING, "100%% %s", "%s%n");
	log_writer_free(writer);
	ssize_t length = recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	cr_assert_gt(length, 20);
	got[length] = '\0';
	// LOG_MAIL is facility 2: 2 * 8 + 4. Behind it stand fifteen characters of time and a space.
	cr_expect(strncmp(got, "<20>", 4) == 0, "%s", got);
	snprintf(wanted, sizeof(wanted), "postfix-barscreen/smtpd[%d]: warning: 100%% %%s%%n",
		(int)getpid());
	cr_expect_str_eq(got + 20, wanted);
	close(fd);
}

Test(log_writer, what_can_not_be_opened_is_said)
{
	char error[256] = "";
	char where[200];
	snprintf(where, sizeof(where), "file:%s/none/log", folder);
	cr_expect(log_writer_new(where, "x", error) == NULL);
	cr_expect(strstr(error, "No such file") != NULL, "%s", error);
	cr_expect(log_writer_new("systemlog", "x", error) == NULL);
	cr_expect(strstr(error, "neither \"syslog\"") != NULL, "%s", error);
	snprintf(where, sizeof(where), "file:%s", folder);
	cr_expect(log_writer_new(where, "x", error) == NULL);
	log_writer_free(NULL);
}

Test(log_writer, what_was_said_before_a_failed_start_is_written)
{
	struct log_writer *writer = new_writer(target);
	bs_log(log_writer_ring(writer, BS_LOG_SMALL), BS_LOG_ERROR, "no port");
	log_writer_free(writer);
	cr_expect(contains(path, "]: error: no port\n"));
}
