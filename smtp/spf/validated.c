// SPDX-License-Identifier: BSD-3-Clause
#include "smtp/spf/validated.h"

#include <string.h>
#include <strings.h>

#define NAMES 10

bool spf_name_within(const char *name, const char *domain)
{
	size_t length = strlen(name), tail = strlen(domain);
	if (tail == 0 || tail > length || strcasecmp(name + length - tail, domain) != 0)
		return false;
	return tail == length || name[length - tail - 1] == '.';
}

static bool leads_back(const struct dns_answer *answer, const struct bs_address *client)
{
	if (answer->status != DNS_FOUND)
		return false;
	for (unsigned i = 0; i < answer->count; i++)
		if (bs_address_equal(&answer->record[i].address, client))
			return true;
	return false;
}

bool spf_validated_name(struct dns_asker *asker, const struct bs_address *client,
	const char *domain, const char **name)
{
	char reverse[DNS_NAME];
	enum dns_type type = bs_address_is_ipv4(client) ? DNS_A : DNS_AAAA;
	enum { NONE, ANY, BELOW, SAME } rank = NONE;
	bool pending = false;
	*name = "unknown";
	if (!dns_reverse(client, "", reverse))
		return true;
	const struct dns_answer *names = dns_look(asker, reverse, DNS_PTR);
	if (names == NULL)
		return false;
	unsigned count = names->status == DNS_FOUND ? names->count : 0;
	for (unsigned i = 0; i < count && i < NAMES; i++) {
		const char *candidate = names->record[i].text;
		const struct dns_answer *addresses = dns_look(asker, candidate, type);
		if (addresses == NULL) {
			pending = true; // ask for the others as well
			continue;
		}
		unsigned worth = strcasecmp(candidate, domain) == 0   ? SAME
				 : spf_name_within(candidate, domain) ? BELOW
								      : ANY;
		if (worth > rank && leads_back(addresses, client)) {
			rank = worth;
			*name = candidate;
		}
	}
	return !pending;
}
