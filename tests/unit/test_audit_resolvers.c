// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check and the resolvers: those that work, refuse, are silent or not there. Asked over the wire, on the local host.
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/audit/audit_say.h"
#include "tests/unit/dns_server.h"

static struct dns_server_thread server, second;
static struct config config;
static struct policy_base base;

static void begin(void)
{
	cr_assert(dns_server_start(&server));
	cr_assert(dns_server_start(&second));
}

static void end(void)
{
	dns_server_stop(&server);
	dns_server_stop(&second);
}

TestSuite(audit_resolvers, .init = begin, .fini = end, .timeout = 60);

static char *audited(void)
{
	char *said = NULL;
	size_t size;
	struct audit audit = {.config = &config, .out = open_memstream(&said, &size)};
	audit_resolvers(&audit, &base);
	fclose(audit.out);
	cr_assert_eq(audit.errors, 0, "mail is taken without them");
	return said;
}

static void expect_line(const char *said, const char *line)
{
	cr_expect_not_null(strstr(said, line), "no '%s' in:\n%s", line, said);
}

Test(audit_resolvers, each_has_its_line)
{
	char line[100];
	second.refuses = true;
	snprintf(config.dns.servers, sizeof(config.dns.servers), "127.0.0.1:%u,127.0.0.1:%u",
		server.port, second.port);
	char *said = audited();
	snprintf(
		line, sizeof(line), "check: ok: dns: resolver 127.0.0.1:%u answers\n", server.port);
	expect_line(said, line);
	snprintf(line, sizeof(line),
		"check: warning: dns: resolver 127.0.0.1:%u: it answers REFUSED", second.port);
	expect_line(said, line);
	cr_expect_null(strstr(said, "no resolver works"), "%s", said);
	cr_expect_eq(server.asked, 1);
	free(said);
}

// A socket that is bound and never read, and a port where nobody is.
Test(audit_resolvers, nobody_answers)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char line[100];
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, length), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	snprintf(config.dns.servers, sizeof(config.dns.servers), "127.0.0.1:%u,127.0.0.1:1",
		ntohs(address.sin_port));
	config.smtp.checks.mode[BS_CHECK_SENDER_DOMAIN] = BS_MODE_ENFORCE;
	char *said = audited();
	snprintf(line, sizeof(line), "resolver 127.0.0.1:%u: there is no answer within 2 seconds; ",
		ntohs(address.sin_port));
	expect_line(said, line);
	expect_line(said, "check: warning: dns: resolver 127.0.0.1:1: ");
	expect_line(said, "no resolver works: the checks that ask the DNS (1) will all be unknown");
	free(said);
	close(fd);
}

Test(audit_resolvers, servers_that_can_not_be_read)
{
	strcpy(config.dns.servers, "no address");
	char *said = audited();
	expect_line(said, "check: warning: dns: the resolvers can't be tested: dns/servers: ");
	free(said);
}
