// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check and a mail server as backend: silent, choosy, or one that takes everything.
#include "tests/unit/config_case.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "control/audit/audit.h"
#include "smtp/relay/relay_place.h"

TestSuite(audit_backend, .init = make_folder, .fini = remove_folder, .timeout = 60);

// Answers one client: the n-th line gets reply n.
struct server {
	int listener;
	uint16_t port;
	const char *const *reply; // greeting first; NULL at the end
	pthread_t thread;
};

static void *serve(void *argument)
{
	struct server *server = argument;
	char line[512];
	int fd = accept(server->listener, NULL, NULL);
	for (const char *const *reply = server->reply; *reply != NULL; reply++) {
		if (send(fd, *reply, strlen(*reply), MSG_NOSIGNAL) < 0 ||
			recv(fd, line, sizeof(line), 0) <= 0)
			break;
	}
	close(fd);
	return NULL;
}

static void server_start(struct server *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(server->listener, (struct sockaddr *)&address, length), 0);
	cr_assert_eq(listen(server->listener, 1), 0);
	getsockname(server->listener, (struct sockaddr *)&address, &length);
	server->port = ntohs(address.sin_port);
	if (server->reply != NULL)
		cr_assert_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_end(struct server *server)
{
	if (server->reply != NULL)
		pthread_join(server->thread, NULL);
	close(server->listener);
}

static void finds(uint16_t port, const char *line)
{
	char text[1000], *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);
	snprintf(text, sizeof(text),
		"hostname = mx1.example.org\ndomains = {a.org}\n"
		"backend = \"smtp://127.0.0.1:%u\"\ncontrol-socket = \"%s/control\"\n"
		"port bsaudit0 { device = net_tap addresses = {192.0.2.25/24} gateways = "
		"{192.0.2.1} }\n",
		port, folder);
	struct config *config = taken(text);
	ask_nobody(config);
	config_audit(config, out);
	fclose(out);
	config_free(config);
	cr_expect_not_null(strstr(said, line), "no '%s' in:\n%s", line, said);
	free(said);
}

static void said_to(const char *const *reply, const char *line)
{
	struct server server = {.reply = reply};
	server_start(&server);
	finds(server.port, line);
	server_end(&server);
}

Test(audit_backend, a_good_one)
{
	static const char *const reply[] = {"220 mx\r\n", "250-mx\r\n250 8BITMIME\r\n",
		"250 Ok\r\n", "550 5.1.1 unknown\r\n", "221 bye\r\n", NULL};
	said_to(reply, "check: ok: backend: it knows its recipients");
	said_to(reply, "check: ok: backend: smtp://127.0.0.1:");
}

Test(audit_backend, takes_anybody)
{
	static const char *const reply[] = {
		"220 mx\r\n", "250 mx\r\n", "250 Ok\r\n", "250 Ok\r\n", "221 bye\r\n", NULL};
	said_to(reply, "check: warning: backend: it accepts any recipient");
}

Test(audit_backend, does_not_say_why)
{
	static const char *const bare[] = {
		"220 mx\r\n", "250 mx\r\n", "250 Ok\r\n", "550 no\r\n", "221 bye\r\n", NULL};
	static const char *const later[] = {
		"220 mx\r\n", "250 mx\r\n", "250 Ok\r\n", "450 4.1.1 no\r\n", "221 bye\r\n", NULL};
	said_to(bare, "only 550 5.1.1 tells us");
	said_to(later, "check: warning: backend: it answers 450 for an unknown recipient");
}

Test(audit_backend, has_a_smaller_limit)
{
	static const char *const reply[] = {"220 mx\r\n", "250-mx\r\n250 SIZE 10240000\r\n",
		"250 Ok\r\n", "550 5.1.1 no\r\n", "221 bye\r\n", NULL};
	said_to(reply, "check: warning: backend: it takes mails up to 10240000 bytes");
}

Test(audit_backend, is_none)
{
	static const char *const away[] = {"554 5.7.1 go away\r\n", NULL};
	static const char *const nonsense[] = {"HTTP/1.1 400 Bad Request\r\n", NULL};
	said_to(away, "does not answer as a mail server: greeting: 554");
	said_to(nonsense, "does not answer as a mail server: greeting: Protocol error");
	struct server server = {0};
	server_start(&server);
	server_end(&server); // nobody listens there any more
	finds(server.port, "does not answer as a mail server: connect: Connection refused");
}

Test(audit_backend, says_nothing)
{
	struct server server = {0};
	server_start(&server); // the kernel takes the connection, nobody else does
	finds(server.port, "does not answer as a mail server: greeting: no answer in time");
	server_end(&server);
}

// The configuration's own check.
Test(audit_backend, has_an_address)
{
	static const struct {
		const char *uri, *why;
	} bad[] = {{"smtp:mx", "write \"smtp://HOST:PORT\""}, {"smtp://", "is no host"},
		{"smtp://mx:0", "is no port"}, {"smtp://mx:70000", "is no port"},
		{"smtp://mx:25/x", "is no port"}, {"smtp://2001:db8::1", "needs brackets"},
		{"smtp://[2001:db8::1", "not closed"}, {"smtp:///run/lmtp", "a socket speaks LMTP"},
		{"lmtp:///", "2 to 107"}, {"smtp://a b", "is no host"},
		{"smtp://mx/x", "behind the host"}};
	struct relay_place place;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char why[160];
		cr_expect_not(relay_place_parse(bad[i].uri, &place, why), "%s", bad[i].uri);
		cr_expect_not_null(strstr(why, bad[i].why), "%s: %s", bad[i].uri, why);
	}
	char why[160];
	cr_assert(relay_place_parse("smtp://mx.example.org", &place, why));
	cr_assert_str_eq(place.text, "smtp://mx.example.org:25");
	cr_assert(relay_place_parse("lmtp://[2001:db8::1]", &place, why));
	cr_assert_str_eq(place.text, "lmtp://[2001:db8::1]:24");
	cr_assert(relay_place_parse("lmtp:///run/dovecot/lmtp", &place, why));
	cr_assert_str_eq(place.path, "/run/dovecot/lmtp");
	cr_assert(relay_place_parse("smtp://192.0.2.1:2525", &place, why));
	cr_assert_eq(place.port, 2525);
}
