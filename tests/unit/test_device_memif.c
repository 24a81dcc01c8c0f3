// SPDX-License-Identifier: BSD-3-Clause
//
// What is seen of a memif socket before DPDK opens it.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/start/device_memif.h"

static char folder[64], path[100], why[DEVICE_MEMIF_WHY];
static struct config_port port;

static void prepare(void)
{
	snprintf(folder, sizeof(folder), "/tmp/bs-memif-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	port = (struct config_port){.name = "mx0", .device = DEVICE_MEMIF, .socket = path};
	why[0] = '\0';
}

static void clean(void)
{
	unlink(path);
	rmdir(folder);
}

static int listening(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

TestSuite(device_memif, .init = prepare, .fini = clean);

Test(device_memif, a_server_needs_a_free_name)
{
	cr_assert(device_memif_check(&port, true, why), "%s", why);
	int fd = listening();
	cr_assert(!device_memif_check(&port, true, why));
	cr_assert_not_null(strstr(why, "another program"), "%s", why);
	cr_assert_eq(access(path, F_OK), 0, "it is the other one's");
	close(fd);
}

Test(device_memif, what_a_killed_server_left_is_removed_at_the_start_only)
{
	close(listening());
	cr_assert(device_memif_check(&port, false, why), "%s", why);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert(device_memif_check(&port, true, why), "%s", why);
	cr_assert_neq(access(path, F_OK), 0);
}

Test(device_memif, a_client_needs_a_server)
{
	port.memif_role = MEMIF_CLIENT;
	cr_assert(!device_memif_check(&port, true, why));
	cr_assert_not_null(strstr(why, "nobody listens"), "%s", why);
	int fd = listening();
	cr_assert(device_memif_check(&port, true, why), "%s", why);
	close(fd);
	cr_assert(!device_memif_check(&port, true, why));
	cr_assert_eq(access(path, F_OK), 0, "a client removes nothing");
}

Test(device_memif, a_file_is_left_alone_and_a_missing_folder_said)
{
	FILE *file = fopen(path, "we");
	cr_assert_not_null(file);
	fclose(file);
	cr_assert(!device_memif_check(&port, true, why));
	cr_assert_not_null(strstr(why, "no socket"), "%s", why);
	cr_assert_eq(access(path, F_OK), 0);
	static char nowhere[] = "/nonexistent/folder/socket";
	port.socket = nowhere;
	cr_assert(!device_memif_check(&port, true, why));
	cr_assert_not_null(strstr(why, "folder"), "%s", why);
}
