// SPDX-License-Identifier: BSD-3-Clause
//
// sender-mx: mail servers where none can be. One that is good is enough.
#include <stdio.h>

#include "dataplane/seam/reserved.h"
#include "smtp/checks/hosts.h"
#include "smtp/checks/sender.h"

struct servers {
	struct hosts hosts;
	bool good, bad;
	char detail[CHECK_DETAIL]; // the first of the bad ones
};

// Why mail can't go to the address, or NULL. A reserved network that the client itself comes from is in use here
// (networks.trusted), and its servers may be as well.
static const char *fault_of(const struct check_context *context, const struct bs_address *address)
{
	const struct bs_prefix *reserved = bs_reserved_of(address);
	if (bs_address_equal(address, &context->facts->local))
		return "is ours";
	if (reserved != NULL && reserved != bs_reserved_of(&context->facts->client))
		return "is reserved";
	return NULL;
}

static void weigh(struct servers *servers, const struct check_context *context, const char *host,
	enum dns_type type)
{
	const struct dns_answer *answer = hosts_ask(&servers->hosts, context, host, type);
	for (unsigned i = 0; answer != NULL && i < answer->count; i++) {
		const struct bs_address *address = &answer->record[i].address;
		const char *fault = fault_of(context, address);
		char text[BS_ADDRESS_TEXT];
		if (fault == NULL) {
			servers->good = true;
		} else if (!servers->bad) {
			servers->bad = true;
			snprintf(servers->detail, sizeof(servers->detail), "%.80s [%s] %s", host,
				bs_address_format(address, text), fault);
		}
	}
}

static void weigh_host(
	struct servers *servers, const struct check_context *context, const char *host)
{
	if (host[0] == 0) // RFC 7505: no server
		return;
	weigh(servers, context, host, DNS_A);
	weigh(servers, context, host, DNS_AAAA);
}

void check_run_sender_mx(const struct check_context *context, struct check_result *result)
{
	struct servers servers = {0};
	const char *domain = sender_domain_of(context, result);
	const struct dns_answer *mx;
	if (domain == NULL)
		return;
	mx = hosts_ask(&servers.hosts, context, domain, DNS_MX);
	if (mx == NULL && hosts_open(&servers.hosts, result))
		return;
	if (mx == NULL) // RFC 5321, 5.1: the domain itself
		weigh_host(&servers, context, domain);
	for (unsigned i = 0; mx != NULL && i < mx->count && i < HOSTS_MOST; i++)
		weigh_host(&servers, context, mx->record[i].text);
	if (servers.good || (mx != NULL && mx->count > HOSTS_MOST))
		check_says(result, CHECK_MISS, "%s", domain);
	else if (hosts_open(&servers.hosts, result))
		return;
	else if (servers.bad)
		check_says(result, CHECK_HIT, "%s", servers.detail);
	else
		check_says(result, CHECK_NOT_RUN, "no addresses");
}
