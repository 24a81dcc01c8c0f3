// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/domains.h"

#include <stdlib.h>
#include <string.h>

#include "control/lists/name_set.h"

struct bs_domains {
	struct name_set *set;
};

struct bs_domains *bs_domains_new(char *const *domain, size_t count)
{
	struct bs_domains *domains = calloc(1, sizeof(*domains));

	if (domains == NULL)
		return NULL;
	domains->set = name_set_new();
	for (size_t i = 0; domains->set != NULL && i < count; i++) {
		if (!name_set_add(domains->set, 0, domain[i], strlen(domain[i]), 0)) {
			name_set_free(domains->set);
			domains->set = NULL;
		}
	}
	if (domains->set != NULL)
		return domains;
	free(domains);
	return NULL;
}

void bs_domains_free(struct bs_domains *domains)
{
	if (domains == NULL)
		return;
	name_set_free(domains->set);
	free(domains);
}

bool bs_domains_has(const struct bs_domains *domains, const char *domain)
{
	struct name_set_numbers numbers = {0};

	return domains != NULL && name_set_find(domains->set, 0, domain, strlen(domain), &numbers);
}
