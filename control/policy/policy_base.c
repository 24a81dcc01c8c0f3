// SPDX-License-Identifier: BSD-3-Clause
//
// Building the base of policies; the lists in it are control/policy/policy_lists.c.
#include "control/policy/policy_base.h"

#include <stdlib.h>
#include <string.h>

#include "control/class/class_rules.h"
#include "control/policy/policy_checks.h"
#include "control/policy/policy_lists.h"

static void add_class(struct policy_base *base, const char *name, uint8_t action, uint8_t refuse_at)
{
	struct bs_class *class = &base->class[base->class_count++];

	snprintf(class->name, sizeof(class->name), "%s", name);
	class->action = action;
	class->refuse_at = refuse_at;
}

static bool copy_domains(struct policy_base *base, const struct config *config)
{
	base->domains = calloc(config->domain_count + 1, sizeof(*base->domains));
	if (base->domains == NULL)
		return false;
	for (size_t i = 0; i < config->domain_count; i++) {
		base->domains[i] = strdup(config->domains[i]);
		if (base->domains[i] == NULL)
			return false;
		base->domain_count++;
	}
	base->domain_index = bs_domains_new(base->domains, base->domain_count);
	return base->domain_index != NULL;
}

static bool build(struct policy_base *base, const struct config *config, FILE *errors)
{
	struct class_rules rules = {0};
	bool good;

	add_class(base, "plain", BS_ACTION_NONE, BS_REFUSE_AT_RCPT);
	add_class(base, "bogon", BS_ACTION_BOGON, BS_REFUSE_AT_CONNECT);
	add_class(base, "own", BS_ACTION_OWN, BS_REFUSE_AT_CONNECT);
	add_class(base, "runtime-allow", BS_ACTION_ALLOW, BS_REFUSE_AT_RCPT);
	add_class(base, "runtime-deny", BS_ACTION_REFUSE, BS_REFUSE_AT_CONNECT);
	good = policy_lists_add(base, config, &rules, errors);
	good &= policy_recipients_add(base, config, errors);
	if (good) {
		base->classes = bs_class_table_new(rules.rule, rules.count);
		good = base->classes != NULL && copy_domains(base, config) &&
		       policy_checks_build(base, config);
		if (!good)
			fprintf(errors, "%s: no memory for %zu entries of lists; free some\n",
				config->file, rules.count);
	}
	class_rules_free(&rules);
	return good;
}

struct policy_base *policy_base_new(const struct config *config, FILE *errors)
{
	struct policy_base *base = calloc(1, sizeof(*base));

	if (base == NULL)
		fprintf(errors, "%s: no memory; free some\n", config->file);
	else if (build(base, config, errors))
		return base;
	policy_base_free(base);
	return NULL;
}

void policy_base_free_table(struct policy_base *base)
{
	bs_class_table_free(base->classes);
	base->classes = NULL;
}

void policy_base_free(struct policy_base *base)
{
	if (base == NULL)
		return;
	for (uint32_t i = 0; i < base->domain_count; i++)
		free(base->domains[i]);
	for (size_t i = 0; i < base->list_count; i++)
		free(base->list[i].entry);
	for (size_t i = 0; i < BASE_RECIPIENT_LISTS; i++)
		free(base->recipient_lists[i].entry);
	bs_domains_free(base->domain_index);
	bs_names_free(base->names);
	bs_recipients_free(base->recipients);
	free(base->domains);
	policy_checks_free(base);
	free(base->list);
	policy_base_free_table(base);
	free(base);
}

size_t policy_list_common(const struct policy_list *a, const struct policy_list *b)
{
	size_t common = 0;

	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		if (a->entry[i] == b->entry[j])
			common++;
		size_t step = a->entry[i] <= b->entry[j];

		j += b->entry[j] <= a->entry[i];
		i += step;
	}
	return common;
}
