// SPDX-License-Identifier: BSD-3-Clause
//
// policy "NAME" { }: see the header.
#include "control/configuration/config_policy.h"

#include <string.h>

#include "control/configuration/nearest.h"

#define POLICIES_MOST 1000 // rows of a map of 16 bits, and nobody keeps more apart

#define WITHIN(key, field) \
	((key)->offset >= offsetof(struct config_policy, field) && \
		(key)->offset < offsetof(struct config_policy, field) + \
					sizeof(((struct config_policy *)0)->field))
#define INDEX(key, field) \
	(((key)->offset - offsetof(struct config_policy, field)) / \
		sizeof(((struct config_policy *)0)->field[0]))

static bool *flag_of(struct bs_recipient_policy *rules, const struct config_key *key)
{
	if (WITHIN(key, rules.checks.refuse))
		return &rules->refuse_set;
	if (WITHIN(key, rules.checks.defer))
		return &rules->defer_set;
	if (WITHIN(key, rules.checks.skip))
		return &rules->skip_set;
	return WITHIN(key, lists) ? &rules->lists_set : NULL;
}

void config_policy_note(struct config_policy *policy, const struct config_key *key)
{
	struct bs_recipient_policy *rules = &policy->rules;

	if (WITHIN(key, rules.checks.mode))
		rules->mode_set |= UINT64_C(1) << INDEX(key, rules.checks.mode);
	else if (WITHIN(key, rules.checks.score))
		rules->score_set |= UINT64_C(1) << INDEX(key, rules.checks.score);
	else if (flag_of(rules, key) != NULL)
		*flag_of(rules, key) = true;
}

bool config_policy_has(const struct config_policy *policy, const struct config_key *key)
{
	struct bs_recipient_policy rules = policy->rules;

	if (WITHIN(key, rules.checks.mode))
		return (rules.mode_set >> INDEX(key, rules.checks.mode) & 1) != 0;
	if (WITHIN(key, rules.checks.score))
		return (rules.score_set >> INDEX(key, rules.checks.score) & 1) != 0;
	return flag_of(&rules, key) == NULL || *flag_of(&rules, key);
}

// `lists` names sections dnsl { }.
static void check_lists(
	struct config_reading *reading, unsigned instance, struct config_policy *policy)
{
	const struct config *config = reading->config;
	const struct config_key *key = config_key_find("policy", "lists");

	// An empty list is a value too: no DNS list counts.
	policy->rules.lists_set = config_setting_of(reading, instance, key)->place.file != NULL;
	for (size_t i = 0; i < policy->list_count; i++) {
		struct nearest nearest = {0};
		size_t row = 0;

		while (row < config->dnsl_count &&
			strcmp(config->dnsl[row].list.name, policy->lists[i]) != 0)
			nearest_offer(&nearest, policy->lists[i], config->dnsl[row++].list.name);
		if (row < config->dnsl_count && row < BS_DNSL_MOST)
			policy->rules.lists |= UINT64_C(1) << row;
		else if (nearest.word != NULL)
			config_fault(reading, instance, key, i,
				"there is no dnsl \"%.63s\" { }; the nearest known is \"%s\"",
				policy->lists[i], nearest.word);
		else
			config_fault(reading, instance, key, i,
				"there is no dnsl \"%.63s\" { }; add one, or remove it here",
				policy->lists[i]);
	}
}

// The policy before `last` that has the domain or address, or NULL.
static const struct config_policy *owner(
	const struct config *config, size_t last, const char *text, bool domain)
{
	for (size_t p = 0; p < last; p++) {
		const struct config_policy *policy = &config->policy[p];
		char *const *array = domain ? policy->domains : policy->addresses;
		size_t count = domain ? policy->domain_count : policy->address_count;

		for (size_t i = 0; i < count; i++) {
			if (strcmp(array[i], text) == 0)
				return policy;
		}
	}
	return NULL;
}

static void check_owners(struct config_reading *reading, unsigned instance, size_t number)
{
	const struct config_policy *policy = &reading->config->policy[number];

	for (int domain = 0; domain < 2; domain++) {
		const struct config_key *key = config_key_find(
			"policy", domain ? "domains" : "addresses");
		char *const *array = domain ? policy->domains : policy->addresses;
		size_t count = domain ? policy->domain_count : policy->address_count;

		for (size_t i = 0; i < count; i++) {
			const struct config_policy *other = owner(
				reading->config, number, array[i], domain);

			if (other != NULL)
				config_fault(reading, instance, key, i,
					"'%.100s' is in policy \"%s\" already (%s:%u); remove it "
					"here or there",
					array[i], other->rules.name, other->source, other->line);
		}
	}
}

// Thresholds and those for all together.
static void check_totals(
	struct config_reading *reading, unsigned instance, const struct config_policy *policy)
{
	const struct bs_recipient_policy *rules = &policy->rules;
	const struct bs_checks *all = &reading->config->smtp.checks;
	int32_t refuse = rules->refuse_set ? rules->checks.refuse : all->refuse;
	int32_t defer = rules->defer_set ? rules->checks.defer : all->defer;

	if ((rules->refuse_set || rules->defer_set) && refuse != 0 && defer >= refuse)
		config_fault(reading, instance,
			config_key_find(
				"policy", rules->defer_set ? "defer-score" : "refuse-score"),
			0,
			"defer-score is not below refuse-score here, so clients are refused and "
			"never deferred; set both");
}

static bool is_faulty(const struct config_reading *reading, unsigned instance, const char *name)
{
	return config_setting_of(reading, instance, config_key_find("policy", name))->faulty;
}

void config_check_policies(struct config_reading *reading)
{
	struct config *config = reading->config;
	size_t number = 0;

	for (unsigned i = 1; i < reading->parse->instance_count; i++) {
		const struct config_instance *instance = &reading->parse->instance[i];

		if (strcmp(instance->row->name, "policy") != 0)
			continue;
		struct config_policy *policy = &config->policy[number];

		if (number == POLICIES_MOST)
			faults_add(reading->faults, instance->place.file, instance->place.line,
				"policy: more than %d policies; put some of them together",
				POLICIES_MOST);
		if (policy->domain_count + policy->address_count == 0 &&
			!is_faulty(reading, i, "domains") && !is_faulty(reading, i, "addresses"))
			config_fault(reading, i, config_key_find("policy", "domains"), 0,
				"nobody has this policy; name domains or addresses");
		check_lists(reading, i, policy);
		check_owners(reading, i, number);
		check_totals(reading, i, policy);
		number++;
	}
}
