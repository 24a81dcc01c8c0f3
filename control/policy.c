// SPDX-License-Identifier: BSD-3-Clause
//
// Building a policy: the configuration's numbers, the lists as classes of addresses, the dataplane's texts.
//
// Which class an address gets, when several lists have it (DESIGN: prefer false negatives, so what allows comes first):
//   allow lists, the first of the file before the next
//   own networks, without trusted ones
//   bogons, without trusted ones
//   refuse and drop lists, the first of the file before the next
//   plain
// A class table knows priorities 0 to 255, and there are at most BS_CLASSES_MAX - 3 lists: each has its own.
#include "control/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/bogon.h"
#include "control/class_rules.h"
#include "control/config.h"
#include "control/list_file.h"
#include "control/templates.h"

enum fixed_class { CLASS_PLAIN = BS_CLASS_PLAIN, CLASS_BOGON, CLASS_OWN, CLASS_LISTS };

static void add_class(struct bs_policy *policy, const char *name, uint8_t action, uint8_t refuse_at)
{
	struct bs_class *class = &policy->class[policy->class_count++];

	snprintf(class->name, sizeof(class->name), "%s", name);
	class->action = action;
	class->refuse_at = refuse_at;
}

// The rules of bogons and own networks, at two priorities above `denials`.
static bool add_networks(const struct config *config, struct class_rules *rules, uint8_t denials)
{
	return bogon_rules(rules, CLASS_BOGON, (uint8_t)(denials + 1), config->trusted,
		       config->trusted_count) &&
	       class_rules_add_without(rules, config->own, config->own_count, CLASS_OWN,
		       (uint8_t)(denials + 2), config->trusted, config->trusted_count);
}

// One list's file. False when it is at fault (said) or without memory (nothing said).
static bool add_list(const struct config_list *list, struct class_rules *rules, uint8_t class,
	uint8_t priority, FILE *errors)
{
	struct bs_prefix *prefixes;
	size_t count;
	bool added;

	if (access(list->file, R_OK) != 0) { // here we know the place of its name
		fprintf(errors,
			"%s:%u: list \"%s\": %s can't be read: %s; make it, or correct its name\n",
			list->source, list->line, list->name, list->file, strerror(errno));
		return false;
	}
	prefixes = list_file_read(list->file, &count, errors);
	if (prefixes == NULL)
		return false;
	added = class_rules_add(rules, prefixes, count, class, priority);
	free(prefixes);
	return added;
}

static bool add_lists(struct bs_policy *policy, const struct config *config,
	struct class_rules *rules, FILE *errors)
{
	uint8_t allow = UINT8_MAX, denials = 0, deny;
	bool good = true;

	for (size_t i = 0; i < config->list_count; i++)
		denials += config->list[i].action != BS_ACTION_ALLOW;
	deny = denials; // down to 1; bogons and own networks have the two above
	if (!add_networks(config, rules, denials))
		return false;
	for (size_t i = 0; i < config->list_count; i++) {
		const struct config_list *list = &config->list[i];
		uint8_t class = (uint8_t)policy->class_count;

		add_class(policy, list->name, list->action, list->refuse_at);
		// All files are looked at, so that one run names all faults.
		if (!add_list(list, rules, class,
			    list->action == BS_ACTION_ALLOW ? allow-- : deny--, errors))
			good = false;
	}
	return good;
}

static bool copy_domains(struct bs_policy *policy, const struct config *config)
{
	policy->domains = calloc(config->domain_count + 1, sizeof(*policy->domains));
	if (policy->domains == NULL)
		return false;
	for (size_t i = 0; i < config->domain_count; i++) {
		policy->domains[i] = strdup(config->domains[i]);
		if (policy->domains[i] == NULL)
			return false;
		policy->domain_count++;
	}
	return true;
}

static bool build(struct bs_policy *policy, const struct config *config, FILE *errors)
{
	struct class_rules rules = {0};
	bool good;

	add_class(policy, "plain", BS_ACTION_NONE, BS_REFUSE_AT_RCPT);
	add_class(policy, "bogon", BS_ACTION_BOGON, BS_REFUSE_AT_CONNECT);
	add_class(policy, "own", BS_ACTION_OWN, BS_REFUSE_AT_CONNECT);
	good = copy_domains(policy, config) && add_lists(policy, config, &rules, errors);
	if (good)
		policy->classes = bs_class_table_new(rules.rule, rules.count);
	class_rules_free(&rules);
	return good && policy->classes != NULL;
}

struct bs_policy *policy_new(const struct config *config, FILE *errors)
{
	struct bs_policy *policy = malloc(sizeof(*policy));

	if (policy != NULL) {
		*policy = config->smtp; // its numbers; all else is zero there
		snprintf(policy->hostname, sizeof(policy->hostname), "%s", config->hostname);
		snprintf(policy->contact, sizeof(policy->contact), "%s", config->contact);
		if (build(policy, config, errors) && templates_compose(policy))
			return policy;
	}
	policy_free(policy);
	return NULL;
}

void policy_free(struct bs_policy *policy)
{
	if (policy == NULL)
		return;
	for (uint32_t i = 0; i < policy->domain_count; i++)
		free(policy->domains[i]);
	free(policy->domains);
	bs_class_table_free(policy->classes);
	free(policy);
}
