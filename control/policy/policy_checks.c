// SPDX-License-Identifier: BSD-3-Clause
//
// The checks' part of the base: see the header.
#include "control/policy/policy_checks.h"

#include <stdlib.h>
#include <string.h>

static bool copy_dnsl(struct policy_base *base, const struct config *config)
{
	base->dnsl = calloc(config->dnsl_count + 1, sizeof(*base->dnsl));
	for (size_t i = 0; base->dnsl != NULL && i < config->dnsl_count; i++)
		base->dnsl[base->dnsl_count++] = config->dnsl[i].list;
	return base->dnsl != NULL;
}

static bool copy_exceptions(struct policy_base *base, const struct config *config)
{
	size_t count = config->rate_exception_count;

	base->rate_exceptions = calloc(count + 1, sizeof(*base->rate_exceptions));
	if (base->rate_exceptions == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		base->rate_exceptions[i] = config->rate_exceptions[i];
	base->rate_exception_count = (uint32_t)count;
	return true;
}

static bool map_policy(
	struct bs_recipient_map *map, const struct config_policy *policy, uint16_t row)
{
	char entry[1 + 254];
	bool good = true;

	for (size_t i = 0; i < policy->address_count; i++)
		good &= bs_recipient_map_add(map, policy->addresses[i], row);
	for (size_t i = 0; i < policy->domain_count; i++) {
		snprintf(entry, sizeof(entry), "@%s", policy->domains[i]);
		good &= bs_recipient_map_add(map, entry, row);
	}
	return good;
}

static bool copy_policies(struct policy_base *base, const struct config *config)
{
	size_t entries = 0;
	bool good;

	for (size_t i = 0; i < config->policy_count; i++)
		entries += config->policy[i].address_count + config->policy[i].domain_count;
	base->recipient_policy = calloc(config->policy_count + 1, sizeof(*base->recipient_policy));
	base->recipient_map = bs_recipient_map_new(entries, config->delimiter);
	good = base->recipient_policy != NULL && base->recipient_map != NULL;
	for (size_t i = 0; good && i < config->policy_count; i++) {
		base->recipient_policy[base->recipient_policy_count++] = config->policy[i].rules;
		good = map_policy(base->recipient_map, &config->policy[i], (uint16_t)(i + 1));
	}
	return good;
}

bool policy_checks_build(struct policy_base *base, const struct config *config)
{
	return copy_dnsl(base, config) && copy_exceptions(base, config) &&
	       copy_policies(base, config);
}

void policy_checks_free(struct policy_base *base)
{
	free(base->dnsl);
	free(base->rate_exceptions);
	free(base->recipient_policy);
	bs_recipient_map_free(base->recipient_map);
}
