// SPDX-License-Identifier: BSD-3-Clause
#include "tests/unit/dns_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE 4096
#define LONG    3000 // of the TXT record

struct message {
	uint8_t octet[MESSAGE];
	size_t length;
};

static void put(struct message *message, const void *bytes, size_t count)
{
	memcpy(message->octet + message->length, bytes, count);
	message->length += count;
}

static void put16(struct message *message, unsigned number)
{
	put(message, (uint8_t[]){(uint8_t)(number >> 8), (uint8_t)number}, 2);
}

static void set16(struct message *message, size_t at, unsigned number)
{
	message->octet[at] = (uint8_t)(number >> 8);
	message->octet[at + 1] = (uint8_t)number;
}

// A record of the name asked for (a pointer to it), or of another.
static void put_record(struct message *message, const char *owner, unsigned type, uint32_t ttl,
	const void *data, size_t count)
{
	if (owner == NULL)
		put(message, "\xc0\x0c", 2);
	else
		put(message, owner, strlen(owner) + 1);
	put16(message, type);
	put16(message, 1);
	put16(message, ttl >> 16);
	put16(message, ttl & 0xffff);
	put16(message, (unsigned)count);
	put(message, data, count);
}

static void put_text(struct message *message)
{
	uint8_t data[LONG + LONG / 250];
	size_t count = 0;
	for (unsigned i = 0; i < LONG / 250; i++) {
		data[count++] = 250;
		memset(data + count, 'x', 250);
		count += 250;
	}
	put_record(message, NULL, 16, 300, data, count);
}

static void put_soa(struct message *message, uint32_t minimum)
{
	uint8_t data[2 + 20] = {0};
	data[18] = (uint8_t)(minimum >> 24);
	data[19] = (uint8_t)(minimum >> 16);
	data[20] = (uint8_t)(minimum >> 8);
	data[21] = (uint8_t)minimum;
	put_record(message, "\4test", 6, 3600, data, sizeof(data));
	set16(message, 8, 1);
}

static bool is(const char *label, const char *word)
{
	size_t length = strlen(word);
	return strncmp(label, word, length) == 0 && (label[length] == '\0' || label[length] == '-');
}

static unsigned put_answers(struct message *message, const char *label, bool tcp)
{
	static const uint8_t target[] = "\6target\4test", address[] = {127, 0, 0, 2};
	const char *number = strchr(label, '-');
	uint32_t value = number != NULL ? (uint32_t)strtoul(number + 1, NULL, 10) : 300;
	if (is(label, "txt")) {
		if (!tcp)
			set16(message, 2, 0x8380);
		else
			put_text(message);
		return tcp;
	}
	if (is(label, "mx")) {
		put_record(message, NULL, 15, 300, "\0\12\1b\4test", 10);
		put_record(message, NULL, 15, 300, "\0\5\1A\4TEST", 10);
		put_record(message, NULL, 15, 300, "\0\12\1c\4test", 10);
		return 3;
	}
	if (is(label, "alias")) {
		put_record(message, NULL, 5, 40, target, sizeof(target));
		put_record(message, (const char *)target, 1, 300, address, 4);
		return 2;
	}
	if (is(label, "none") || is(label, "empty")) {
		put_soa(message, value);
		return 0;
	}
	put_record(message, NULL, 1, is(label, "a") ? value : 300, address, 4);
	return 1;
}

// False: nothing is said.
static bool answer(struct dns_server_thread *server, const struct message *asked, bool tcp,
	struct message *message)
{
	static const struct {
		const char *word;
		unsigned rcode;
	} rcodes[] = {{"formerr", 1}, {"fail", 2}, {"none", 3}, {"notimp", 4}, {"refused", 5}};
	char label[64];
	unsigned count = atomic_fetch_add(&server->asked, 1), rcode = 0;
	size_t end = 12;
	while (end < asked->length && asked->octet[end] != 0)
		end += 1u + asked->octet[end];
	snprintf(label, sizeof(label), "%.*s", asked->octet[12], (const char *)asked->octet + 13);
	*message = (struct message){.length = 0};
	put(message, asked->octet, end + 5);
	set16(message, 8, 0);
	set16(message, 10, 0);
	set16(message, 2, 0x8180);
	for (unsigned i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++)
		if (is(label, rcodes[i].word))
			rcode = rcodes[i].rcode;
	if (server->refuses)
		rcode = 5;
	if (is(label, "edns") && asked->octet[11] != 0)
		rcode = 1;
	if (is(label, "silent") || (is(label, "once") && count == 0))
		return false;
	set16(message, 6, rcode == 0 || rcode == 3 ? put_answers(message, label, tcp) : 0);
	message->octet[3] |= (uint8_t)rcode;
	if (is(label, "tc"))
		message->octet[2] |= 2;
	if (is(label, "wrong-id"))
		message->octet[0] ^= 1;
	if (is(label, "wrong-name"))
		message->octet[13] ^= 1;
	if (is(label, "short"))
		message->length = end + 9;
	if (is(label, "echo"))
		message->octet[2] &= 0x7f;
	return true;
}

static void serve_udp(struct dns_server_thread *server)
{
	struct message asked, message;
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	ssize_t count = recvfrom(
		server->udp, asked.octet, MESSAGE, 0, (struct sockaddr *)&from, &length);
	if (count < 17)
		return;
	asked.length = (size_t)count;
	if (server->asked < DNS_SERVER_PORTS)
		server->from[server->asked] = ntohs(from.sin_port);
	if (answer(server, &asked, false, &message))
		sendto(server->udp, message.octet, message.length, 0, (struct sockaddr *)&from,
			length);
}

// In pieces, the length apart from the rest.
static void serve_tcp(struct dns_server_thread *server)
{
	struct message asked, message;
	uint8_t length[2];
	int fd = accept(server->tcp, NULL, NULL);
	if (fd < 0)
		return;
	atomic_fetch_add(&server->tcp_asked, 1);
	if (recv(fd, length, 2, MSG_WAITALL) == 2) {
		asked.length = (size_t)(length[0] << 8 | length[1]);
		if (asked.length <= MESSAGE &&
			recv(fd, asked.octet, asked.length, MSG_WAITALL) == (ssize_t)asked.length &&
			answer(server, &asked, true, &message)) {
			length[0] = (uint8_t)(message.length >> 8);
			length[1] = (uint8_t)message.length;
			size_t half = message.length / 2;
			(void)!send(fd, length, 1, MSG_NOSIGNAL);
			usleep(1000);
			(void)!send(fd, length + 1, 1, MSG_NOSIGNAL);
			(void)!send(fd, message.octet, half, MSG_NOSIGNAL);
			usleep(1000);
			(void)!send(fd, message.octet + half, message.length - half, MSG_NOSIGNAL);
		}
	}
	close(fd);
}

static void *serve(void *data)
{
	struct dns_server_thread *server = data;
	for (;;) {
		struct pollfd wait[] = {{.fd = server->stop, .events = POLLIN},
			{.fd = server->udp, .events = POLLIN},
			{.fd = server->tcp, .events = POLLIN}};
		poll(wait, 3, -1);
		if (wait[0].revents != 0)
			return NULL;
		if (wait[1].revents != 0)
			serve_udp(server);
		if (wait[2].revents != 0)
			serve_tcp(server);
	}
}

bool dns_server_start(struct dns_server_thread *server)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	for (unsigned i = 0; i < 20; i++) { // until both protocols have the same port free
		address.sin_port = 0;
		server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		server->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(server->udp, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			getsockname(server->udp, (struct sockaddr *)&address, &length) == 0 &&
			bind(server->tcp, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			listen(server->tcp, 16) == 0) {
			server->port = ntohs(address.sin_port);
			server->stop = eventfd(0, EFD_CLOEXEC);
			return pthread_create(&server->thread, NULL, serve, server) == 0;
		}
		close(server->udp);
		close(server->tcp);
	}
	return false;
}

void dns_server_stop(struct dns_server_thread *server)
{
	eventfd_write(server->stop, 1);
	pthread_join(server->thread, NULL);
	close(server->udp);
	close(server->tcp);
	close(server->stop);
}
