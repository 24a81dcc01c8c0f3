// SPDX-License-Identifier: BSD-3-Clause
//
// Questions of one check, and what their answers come to.
#include "smtp/checks/hosts.h"

#include <string.h>

const struct dns_answer *hosts_ask(struct hosts *hosts, const struct check_context *context,
	const char *name, enum dns_type type)
{
	const struct dns_answer *answer;
	if (context->dns == NULL || context->dns->source == NULL) {
		hosts->trouble = "no resolver";
		return NULL;
	}
	answer = dns_look(context->dns, name, type);
	if (answer == NULL) {
		hosts->pending = true;
		return NULL;
	}
	if (answer->status == DNS_TROUBLE)
		hosts->trouble = answer->why != NULL ? answer->why : "no answer";
	if (answer->status != DNS_FOUND)
		return NULL;
	hosts->found = true;
	return answer;
}

// 128 - 64 bits of an IPv6 address are the host's; of an IPv4 one the last eight are a neighbour's in the same house.
static bool is_near(const struct bs_address *a, const struct bs_address *b)
{
	size_t same = bs_address_is_ipv4(a) ? 15 : 8;
	return memcmp(a->octet, b->octet, same) == 0;
}

void hosts_compare(struct hosts *hosts, const struct check_context *context, const char *name)
{
	const struct bs_address *client = &context->facts->client;
	const struct dns_answer *answer = hosts_ask(
		hosts, context, name, bs_address_is_ipv4(client) ? DNS_A : DNS_AAAA);
	for (unsigned i = 0; answer != NULL && i < answer->count; i++) {
		const struct bs_address *address = &answer->record[i].address;
		hosts->client |= bs_address_equal(address, client);
		hosts->near |= is_near(address, client);
	}
}

bool hosts_open(const struct hosts *hosts, struct check_result *result)
{
	if (hosts->pending)
		check_says(result, CHECK_PENDING, "waits for the DNS");
	else if (hosts->trouble != NULL)
		check_says(result, CHECK_UNKNOWN, "%s", hosts->trouble);
	return hosts->pending || hosts->trouble != NULL;
}

void hosts_judge_client(
	const struct check_context *context, const char *name, struct check_result *result)
{
	struct hosts hosts = {0};
	hosts_compare(&hosts, context, name);
	if (!hosts.client) {
		const struct dns_answer *mx = hosts_ask(&hosts, context, name, DNS_MX);
		for (unsigned i = 0; mx != NULL && i < mx->count && i < HOSTS_MOST; i++)
			if (mx->record[i].text[0] != 0) // RFC 7505
				hosts_compare(&hosts, context, mx->record[i].text);
	}
	if (hosts.client)
		check_says(result, CHECK_MISS, "%s has the client's address", name);
	else if (hosts_open(&hosts, result))
		return;
	else if (hosts.near)
		check_says(result, CHECK_NOT_RUN, "%s is in the client's network", name);
	else
		check_says(result, CHECK_HIT, "%s", name);
}
