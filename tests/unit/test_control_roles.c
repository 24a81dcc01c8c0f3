// SPDX-License-Identifier: BSD-3-Clause
//
// Who may do what on the control socket: clients of other users and groups, which are children of the test. Needs root.
#include <criterion/criterion.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/socket/socket.h"

#define NOBODY 65534u

static char folder[] = "/tmp/barscreen-test-roles-XXXXXX";
static char path[100];
static struct config config;
static struct daemon program = {.config = &config};
static struct control_socket *server;

static void begin(void)
{
	if (geteuid() != 0)
		cr_skip_test("needs root");
	cr_assert(mkdtemp(folder) != NULL);
	cr_assert_eq(chmod(folder, 0755), 0);
	snprintf(path, sizeof(path), "%s/control", folder);
}

static void end(void)
{
	control_socket_free(server);
	rmdir(folder);
}

TestSuite(control_roles, .init = begin, .fini = end);

static gid_t group(const char *name)
{
	const struct group *row = getgrnam(name);
	cr_assert(row != NULL, "this system has no group %s", name);
	return row->gr_gid;
}

static void serve(const char *readers, const char *writers)
{
	char error[256] = "";
	snprintf(config.control_readers, sizeof(config.control_readers), "%s", readers);
	snprintf(config.control_writers, sizeof(config.control_writers), "%s", writers);
	server = control_socket_new(&program, path, error);
	cr_assert(server != NULL, "%s", error);
}

enum may { NOT_IN, READS, WRITES, ODD };

// In a child, which becomes nobody with these groups.
static enum may find_out(gid_t main_group, const gid_t *groups, size_t count)
{
	static const char requests[] = "{\"command\":\"help\"}\n{\"command\":\"stop\"}\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char bytes[65536];
	size_t length = 0;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (setgroups(count, groups) != 0 || setresgid(main_group, main_group, main_group) != 0 ||
		setresuid(NOBODY, NOBODY, NOBODY) != 0)
		// cppcheck-suppress resourceLeak // the child ends
		return ODD;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return NOT_IN;
	if (send(fd, requests, sizeof(requests) - 1, MSG_NOSIGNAL) > 0)
		shutdown(fd, SHUT_WR);
	for (ssize_t got; length < sizeof(bytes) - 1; length += (size_t)got) {
		got = recv(fd, bytes + length, sizeof(bytes) - 1 - length, 0);
		if (got <= 0)
			break;
	}
	bytes[length] = '\0';
	if (strstr(bytes, "\"error\":\"not for you: ") != NULL)
		return NOT_IN;
	if (strstr(bytes, "\"commands\":") == NULL)
		return ODD;
	if (strstr(bytes, "\"stopping\":true") != NULL)
		return WRITES;
	return strstr(bytes, "\\\"stop\\\" is for ") != NULL ? READS : ODD;
}

static enum may of(gid_t main_group, gid_t other)
{
	int status;
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0)
		_exit((int)find_out(main_group, &other, 1));
	while (waitpid(child, &status, WNOHANG) == 0) {
		control_socket_turn(server);
		usleep(1000);
	}
	cr_assert(WIFEXITED(status));
	return (enum may)WEXITSTATUS(status);
}

Test(control_roles, groups_of_readers_and_writers)
{
	serve("mail", "users");
	cr_expect_eq(of(NOBODY, NOBODY), NOT_IN);
	cr_expect_eq(of(NOBODY, 0), NOT_IN); // barscreen's own group is no reader any more
	cr_expect_eq(of(NOBODY, group("mail")), READS);
	cr_expect_eq(of(group("mail"), NOBODY), READS);
	cr_expect_eq(of(NOBODY, group("users")), WRITES);
	cr_expect_eq(of(group("users"), group("mail")), WRITES);
	cr_expect(control_socket_stop_asked(server));
}

Test(control_roles, writers_only)
{
	serve("", "users");
	cr_expect_eq(of(NOBODY, group("users")), WRITES);
	cr_expect_eq(of(NOBODY, group("mail")), NOT_IN);
	cr_expect_eq(of(NOBODY, getegid()), READS);
}

Test(control_roles, no_groups)
{
	struct stat status;
	serve("", "");
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0660);
	cr_expect_eq(of(NOBODY, group("users")), NOT_IN);
	cr_assert_eq(chown(path, 0, group("users")), 0);
	cr_expect_eq(of(NOBODY, group("users")), READS);
	cr_expect_not(control_socket_stop_asked(server));
}

// A crowd of those who may not can't take the places of those who may.
Test(control_roles, strangers_take_no_place)
{
	serve("mail", "");
	for (int i = 0; i < 40; i++)
		cr_expect_eq(of(NOBODY, NOBODY), NOT_IN);
	cr_expect_eq(of(NOBODY, group("mail")), READS);
}

Test(control_roles, a_group_that_is_not_there)
{
	char error[256] = "";
	strcpy(config.control_writers, "no-such-group-here");
	server = control_socket_new(&program, path, error);
	cr_expect(server == NULL);
	cr_expect_str_eq(error,
		"control-writers: there is no group \"no-such-group-here\"; make it: "
		"groupadd --system no-such-group-here");
}
