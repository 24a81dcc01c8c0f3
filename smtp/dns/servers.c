// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/dns/servers.h"

#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACE_MOST 60 // "[" an IPv6 address "]:65535"

static bool parse_port(const char *text, uint16_t *port)
{
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return false;
	unsigned long number = strtoul(text, &end, 10);
	*port = (uint16_t)number;
	return *end == '\0' && number >= 1 && number <= 65535;
}

// Changes `text`.
static bool parse_one(char *text, struct dns_server *server)
{
	char *address = text, *port = NULL;
	server->port = DNS_PORT;
	if (text[0] == '[') {
		address = text + 1;
		char *end = strchr(address, ']');
		if (end == NULL)
			return false;
		*end = '\0';
		if (end[1] == ':')
			port = end + 2;
		else if (end[1] != '\0')
			return false;
	} else if (strchr(text, ':') != NULL && strchr(text, ':') == strrchr(text, ':')) {
		port = strchr(text, ':') + 1;
		port[-1] = '\0';
	}
	return bs_address_parse(address, &server->address) &&
	       (port == NULL || parse_port(port, &server->port));
}

bool dns_servers_parse(const char *text, struct dns_servers *servers, char why[DNS_SERVER_WHY])
{
	servers->count = 0;
	for (;;) {
		char one[PLACE_MOST];
		text += strspn(text, ", ");
		size_t length = strcspn(text, ", ");
		if (length == 0)
			return true;
		if (servers->count == DNS_SERVERS) {
			snprintf(why, DNS_SERVER_WHY, "more than %u servers; name the best",
				DNS_SERVERS);
			return false;
		}
		snprintf(one, sizeof(one), "%.*s", (int)length, text);
		if (length >= sizeof(one) || !parse_one(one, &servers->server[servers->count])) {
			snprintf(why, DNS_SERVER_WHY,
				"'%.*s' is no address of a server; write it like \"192.0.2.53\" or "
				"\"[2001:db8::53]:5353\", several with a comma between them",
				(int)(length < 60 ? length : 60), text);
			return false;
		}
		servers->count++;
		text += length;
	}
}

static void take(const struct ares_addr_port_node *node, struct dns_servers *servers)
{
	for (servers->count = 0; node != NULL && servers->count < DNS_SERVERS; node = node->next) {
		struct dns_server *server = &servers->server[servers->count++];
		server->address = node->family == AF_INET ? bs_address_from_ipv4(&node->addr.addr4)
							  : bs_address_from_ipv6(&node->addr.addr6);
		server->port = node->udp_port != 0 ? (uint16_t)node->udp_port : DNS_PORT;
	}
}

bool dns_servers_of_host(struct dns_servers *servers, char why[DNS_SERVER_WHY])
{
	ares_channel channel;
	struct ares_addr_port_node *list = NULL;
	struct ares_options options = {.lookups = (char[]){"b"}};
	int status = ares_init_options(&channel, &options, ARES_OPT_LOOKUPS);
	if (status == ARES_SUCCESS) {
		status = ares_get_servers_ports(channel, &list);
		take(list, servers);
		ares_free_data(list);
		ares_destroy(channel);
	}
	if (status == ARES_SUCCESS && servers->count != 0)
		return true;
	snprintf(why, DNS_SERVER_WHY,
		"the name servers of this host can't be read (%s); set dns/servers",
		ares_strerror(status));
	return false;
}
