// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/relay/relay_place.h"

#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define PORT_SMTP 25
#define PORT_LMTP \
	24 // RFC 2033 names none; 24 is what IANA has for private mail systems, and Dovecot's choice

#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%"

__attribute__((format(printf, 2, 3))) static bool refuse(char why[160], const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, 160, format, arguments);
	va_end(arguments);
	return false;
}

bool relay_place_is(const char *uri)
{
	return strncmp(uri, "smtp:", 5) == 0 || strncmp(uri, "lmtp:", 5) == 0;
}

static bool parse_port(const char *text, struct relay_place *place, char why[160])
{
	size_t digits = strspn(text, "0123456789");
	unsigned long port = strtoul(text, NULL, 10);
	if (digits == 0 || digits > 5 || text[digits] != '\0' || port == 0 || port > 65535)
		return refuse(why, "'%.20s' is no port; write a number from 1 to 65535", text);
	place->port = (uint16_t)port;
	return true;
}

// host, host:port, [address], [address]:port
static bool parse_host(const char *text, struct relay_place *place, char why[160])
{
	bool bracket = text[0] == '[';
	const char *host = text + bracket;
	const char *end = host + strcspn(host, bracket ? "]" : ":/");
	size_t length = (size_t)(end - host);
	if (bracket && *end != ']')
		return refuse(why, "the bracket is not closed; write it like \"[2001:db8::1]:25\"");
	if (!bracket && *end == ':' && strchr(end + 1, ':') != NULL)
		return refuse(
			why, "an IPv6 address needs brackets; write it like \"[2001:db8::1]:25\"");
	if (length == 0 || length >= RELAY_HOST || strspn(host, HOST_CHARACTERS) < length)
		return refuse(why, "'%.60s' is no host; write a name or an address", text);
	snprintf(place->host, sizeof(place->host), "%.*s", (int)length, host);
	end += bracket;
	if (*end == ':')
		return parse_port(end + 1, place, why);
	if (*end != '\0')
		return refuse(why, "'%.40s' behind the host; write only host and port", end);
	return true;
}

static bool parse_socket(const char *path, struct relay_place *place, char why[160])
{
	if (!place->lmtp)
		return refuse(why, "a socket speaks LMTP; write \"lmtp://%.60s\"", path);
	if (path[1] == '\0' || strlen(path) >= RELAY_PATH)
		return refuse(why, "a socket's path has 2 to %u characters", RELAY_PATH - 1);
	snprintf(place->path, sizeof(place->path), "%s", path);
	return true;
}

static void write_text(struct relay_place *place)
{
	const char *scheme = place->lmtp ? "lmtp" : "smtp";
	bool bracket = strchr(place->host, ':') != NULL;
	if (place->path[0] != '\0')
		snprintf(place->text, sizeof(place->text), "%s://%s", scheme, place->path);
	else
		snprintf(place->text, sizeof(place->text), "%s://%s%s%s:%u", scheme,
			bracket ? "[" : "", place->host, bracket ? "]" : "", place->port);
}

bool relay_place_parse(const char *uri, struct relay_place *place, char why[160])
{
	memset(place, 0, sizeof(*place));
	place->lmtp = uri[0] == 'l';
	place->port = place->lmtp ? PORT_LMTP : PORT_SMTP;
	if (!relay_place_is(uri) || strncmp(uri + 5, "//", 2) != 0)
		return refuse(why,
			"write \"smtp://HOST:PORT\", \"lmtp://HOST:PORT\" or \"lmtp:///SOCKET\"");
	const char *rest = uri + 7;
	bool good = rest[0] == '/' ? parse_socket(rest, place, why) : parse_host(rest, place, why);
	if (good)
		write_text(place);
	return good;
}

static unsigned resolve_socket(
	const struct relay_place *place, struct relay_address address[RELAY_ADDRESSES])
{
	struct sockaddr_un *socket = (struct sockaddr_un *)&address[0].socket;
	memset(socket, 0, sizeof(*socket));
	socket->sun_family = AF_UNIX;
	memcpy(socket->sun_path, place->path, sizeof(socket->sun_path));
	address[0].length = sizeof(*socket);
	return 1;
}

unsigned relay_place_resolve(const struct relay_place *place, bool numeric,
	struct relay_address address[RELAY_ADDRESSES], char why[160])
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0)},
			*found = NULL;
	char port[8];
	unsigned count = 0;
	if (place->path[0] != '\0')
		return resolve_socket(place, address);
	snprintf(port, sizeof(port), "%u", place->port);
	int status = getaddrinfo(place->host, port, &hints, &found);
	if (status != 0) {
		refuse(why, "the name %.80s is not resolved: %.50s", place->host,
			gai_strerror(status));
		return 0;
	}
	for (struct addrinfo *at = found; at != NULL && count < RELAY_ADDRESSES; at = at->ai_next) {
		if (at->ai_addrlen > sizeof(address[count].socket))
			continue;
		memcpy(&address[count].socket, at->ai_addr, at->ai_addrlen);
		address[count++].length = at->ai_addrlen;
	}
	freeaddrinfo(found);
	if (count == 0)
		refuse(why, "the name %.80s has no address", place->host);
	return count;
}
