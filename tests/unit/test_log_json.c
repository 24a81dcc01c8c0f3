// SPDX-License-Identifier: BSD-3-Clause
//
// Log lines as JSON, read by another's parser; and a journald played by the test.
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/log/log.h"
#include "control/log/log_journal.h"
#include "control/log/log_json.h"

#define ID "1mzkv3r20c000001"

static const char *member(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value != NULL ? value : "";
}

Test(log_json, fields)
{
	char out[LOG_JSON_TEXT];
	size_t length = log_json(1792317600123456789u, BS_LOG_WARNING,
		"NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <x>: \"no\" \\; "
		"from=<a@b> "
		"to=<c@d> proto=ESMTP helo=<e> session=" ID,
		out);
	cr_assert_eq(length, strlen(out));
	json_t *object = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(object, "%s", out);
	cr_expect_str_eq(member(object, "severity"), "warning");
	cr_expect_str_eq(member(object, "time"), "2026-10-18T10:00:00.123456Z");
	cr_expect_str_eq(member(object, "session"), ID);
	cr_expect_str_eq(member(object, "client"), "192.0.2.7");
	cr_expect_str_eq(member(object, "event"), "NOQUEUE: reject: RCPT");
	cr_expect_str_eq(member(object, "from"), "a@b");
	cr_expect_str_eq(member(object, "helo"), "e");
	cr_expect_not_null(strstr(member(object, "text"), "<x>: \"no\" \\;"));
	json_decref(object);
}

Test(log_json, the_longest_lines)
{
	char text[BS_LOG_TEXT + 200], out[LOG_JSON_TEXT];
	memset(text, '"', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int mail = 0; mail < 2; mail++) {
		if (mail)
			memcpy(text, ID ": from=<", strlen(ID) + 8);
		memcpy(text + 900, ", status=", 9);
		cr_expect_lt(log_json(0, BS_LOG_INFO, text, out), LOG_JSON_TEXT);
		json_t *object = json_loads(out, JSON_REJECT_DUPLICATES, NULL);
		cr_expect_not_null(object, "%s", out);
		json_decref(object);
	}
}

static char folder[] = "/tmp/barscreen-test-json-XXXXXX";

Test(log_json, a_file_that_python_reads)
{
	char target[100], command[600], error[256];
	cr_assert_not_null(mkdtemp(folder));
	snprintf(target, sizeof(target), "file:%s/log", folder);
	struct log_writer *writer = log_writer_new(target, "name", error);
	cr_assert_not_null(writer, "%s", error);
	cr_assert(log_writer_style(writer, true, 2));
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	for (int i = 0; i < 5; i++)
		bs_log(log, BS_LOG_INFO, "DENYLISTED [192.0.2.7]:%d; session=" ID, i);
	bs_log(log, BS_LOG_ERROR, "quotes \"\\\" and a tab \t and \xff");
	log_writer_free(writer);
	snprintf(command, sizeof(command),
		"/usr/bin/python3 -c 'import json, sys\n"
		"lines = [json.loads(line) for line in open(sys.argv[1])]\n"
		"assert len(lines) == 4, lines\n"
		"assert lines[0][\"client\"] == \"192.0.2.7\"\n"
		"assert lines[2][\"severity\"] == \"error\"\n"
		"assert lines[3][\"text\"].startswith(\"3 more DENYLISTED from [192.0.2.7] in \")' "
		"%s/log",
		folder);
	cr_expect_eq(system(command), 0);
	snprintf(target, sizeof(target), "%s/log", folder);
	unlink(target);
	rmdir(folder);
}

// A /run of our own, with a socket where journald's would be. -1 where that is not allowed.
static int play_journald(void)
{
	struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("run", "/run", "tmpfs", 0, NULL) != 0)
		return -1;
	mkdir("/run/systemd", 0755);
	mkdir("/run/systemd/journal", 0755);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

Test(log_json, the_journal_gets_fields)
{
	char entry[4096] = "", error[256];
	int fd = play_journald();
	if (fd < 0) {
		cr_log_warn(
			"no mount namespace of our own (%s): journal not tested", strerror(errno));
		return;
	}
	cr_assert(log_journal_is_there());
	struct log_writer *writer = log_writer_new("journal", "postfix-barscreen/smtpd", error);
	cr_assert_not_null(writer, "%s", error);
	struct bs_log *log = log_writer_ring(writer, BS_LOG_SMALL);
	bs_log(log, BS_LOG_WARNING, "DENYLISTED [192.0.2.7]:4000; session=" ID);
	log_writer_free(writer);
	cr_assert_gt(recv(fd, entry, sizeof(entry) - 1, 0), 0);
	static const char *const wanted[] = {
		"MESSAGE=DENYLISTED [192.0.2.7]:4000; session=" ID "\n", "PRIORITY=4\n",
		"SYSLOG_IDENTIFIER=postfix-barscreen/smtpd\n", "SYSLOG_FACILITY=2\n",
		"SESSION=" ID "\n", "CLIENT=192.0.2.7\n", "EVENT=DENYLISTED\n"};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect_not_null(strstr(entry, wanted[i]), "no %s in %s", wanted[i], entry);
	cr_expect_null(strstr(entry, "CODE_FILE"));
	close(fd);
}

Test(log_json, no_journal_is_said)
{
	char error[256] = "";
	int fd = play_journald();
	if (fd < 0)
		return;
	unlink("/run/systemd/journal/socket");
	cr_expect_null(log_writer_new("journal", "name", error));
	cr_expect_str_eq(error, "log = journal: no journald listens here; write log = syslog");
	close(fd);
}
