// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: checks { }, dnsl { } and policy { }: what is well formed and yet can't be meant so.
#include <stdlib.h>
#include <string.h>

#include "control/audit/audit_say.h"
#include "control/configuration/config_keys.h"
#include "control/configuration/config_score.h"
#include "control/policy/policy_make.h"
#include "smtp/checks/check.h"

#define WHERE CONFIG_PLACE

static const char *where(const struct config *config, const char *name, char text[WHERE])
{
	return config_key_place(config, "checks", name, text);
}

static bool is_set(const struct config *config, const char *name)
{
	const struct config_key *key = config_key_find("checks", name);

	return key != NULL && config->where != NULL &&
	       config->where[key - config_keys].file != NULL;
}

static int32_t larger(int16_t hit, int16_t miss)
{
	int32_t most = hit > miss ? hit : miss;

	return most > 0 ? most : 0;
}

// No session's total in a row of policies is larger.
static int32_t most_of(const struct bs_policy *policy, unsigned row)
{
	uint64_t lists = bs_check_lists(policy, row);
	int32_t most = 0;

	for (unsigned i = 0; i < BS_CHECK_COUNT; i++) {
		struct bs_score score = bs_check_score(policy, row, (enum bs_check)i);

		if (i != BS_CHECK_CLIENT_LISTS &&
			bs_check_mode(policy, row, (enum bs_check)i) == BS_MODE_ENFORCE)
			most += larger(score.hit, score.miss);
	}
	if (bs_check_mode(policy, row, BS_CHECK_CLIENT_LISTS) != BS_MODE_ENFORCE)
		return most;
	for (uint32_t i = 0; i < policy->dnsl_count; i++) {
		const struct bs_dnsl *list = &policy->dnsl[i];

		if ((lists >> i & 1) != 0 && list->mode == BS_MODE_ENFORCE)
			most += larger(list->hit, list->miss);
	}
	return most;
}

static void audit_total(struct audit *audit, const struct bs_policy *policy, unsigned row,
	const char *place, const char *of)
{
	int32_t most = most_of(policy, row), refuse = bs_check_thresholds(policy, row).refuse;
	char total[CONFIG_SCORE_TEXT], threshold[CONFIG_SCORE_TEXT];

	if (refuse != 0 && most < refuse)
		audit_warning(audit,
			"%s: %srefuse-score = %s is never reached: what is enforced has weights of "
			"%s at most; make it smaller, or enforce more",
			place, of, config_hundredths_format(refuse, threshold),
			config_hundredths_format(most, total));
}

// Its own, where it sets one; and the common one, if there is anything that counts or somebody set it.
static void audit_totals(struct audit *audit, const struct bs_policy *policy)
{
	const struct config *config = audit->config;
	char place[WHERE], of[BS_POLICY_NAME + 20];

	if (most_of(policy, 0) > 0 || is_set(config, "refuse-score"))
		audit_total(audit, policy, 0, where(config, "refuse-score", place), "checks.");
	for (size_t i = 0; i < config->policy_count; i++) {
		const struct config_policy *own = &config->policy[i];

		if (!own->rules.refuse_set)
			continue;
		snprintf(place, sizeof(place), "%.280s:%u", own->source, own->line);
		snprintf(of, sizeof(of), "policy \"%s\": ", own->rules.name);
		audit_total(audit, policy, (unsigned)i + 1, place, of);
	}
}

// Somebody thought that it counts.
static void audit_observed_weights(struct audit *audit, const struct bs_policy *policy)
{
	for (unsigned i = 0; i < BS_CHECK_COUNT; i++) {
		char name[64], place[WHERE];
		unsigned mode = bs_check_mode(policy, 0, (enum bs_check)i);

		snprintf(name, sizeof(name), "%s-score", checks[i].name);
		if (mode != BS_MODE_ENFORCE && is_set(audit->config, name))
			audit_warning(audit,
				"%s: checks.%s does not count: %s is %s; write %s = enforce, or "
				"remove the weight",
				where(audit->config, name, place), name, checks[i].name,
				mode == BS_MODE_OFF ? "off" : "only observed", checks[i].name);
	}
}

static void audit_lists_of_clients(struct audit *audit, const struct bs_policy *policy)
{
	const struct config *config = audit->config;
	unsigned mode = bs_check_mode(policy, 0, BS_CHECK_CLIENT_LISTS);
	char place[WHERE];

	where(config, "client-lists", place);
	if (config->dnsl_count == 0 && mode == BS_MODE_ENFORCE)
		audit_warning(audit,
			"%s: checks.client-lists never hits: no DNS list is configured; add dnsl "
			"\"zen.spamhaus.org\" { }, or client-lists = off",
			place);
	else if (config->dnsl_count > 0 && mode != BS_MODE_ENFORCE)
		audit_warning(audit,
			"%s: checks.client-lists is %s, so none of the %zu DNS lists counts; write "
			"client-lists = enforce",
			place, mode == BS_MODE_OFF ? "off" : "only observed", config->dnsl_count);
	for (size_t i = 0; i < config->dnsl_count; i++) {
		const struct config_dnsl *dnsl = &config->dnsl[i];

		// By its name: who has a mirror of it calls it so.
		if (strstr(dnsl->list.name, "dnswl") != NULL && dnsl->list.hit > 0)
			audit_warning(audit,
				"%s:%u: dnsl \"%s\" is a list of good clients, and its weight is "
				"against them; write score = -1",
				dnsl->source, dnsl->line, dnsl->list.name);
	}
}

// What needs the clients' names, where these are not looked up.
static void audit_names(struct audit *audit, const struct bs_policy *policy)
{
	static const enum bs_check of_name[] = {
		BS_CHECK_NAME_MISSING, BS_CHECK_NAME_UNCONFIRMED, BS_CHECK_NAME_DYNAMIC};
	const struct config *config = audit->config;
	char place[WHERE];

	for (size_t i = 0; policy->nameless && i < sizeof(of_name) / sizeof(of_name[0]); i++) {
		const char *name = checks[of_name[i]].name;

		if (bs_check_mode(policy, 0, of_name[i]) == BS_MODE_ENFORCE ||
			(is_set(config, name) &&
				bs_check_mode(policy, 0, of_name[i]) != BS_MODE_OFF))
			audit_warning(audit,
				"%s: checks.%s never hits: clients' names are not looked up; write "
				"client-name = yes in dns { }, or %s = off",
				where(config, name, place), name, name);
	}
	for (size_t i = 0; policy->nameless && i < config->list_count; i++) {
		const struct config_list *list = &config->list[i];

		if (list->of == LIST_OF_CLIENT_NAMES)
			audit_warning(audit,
				"%s:%u: list \"%s\" never hits: clients' names are not looked up; "
				"write client-name = yes in dns { }, or remove the list",
				list->source, list->line, list->name);
	}
}

static bool is_ours(const struct config *config, const char *domain)
{
	for (size_t i = 0; i < config->domain_count; i++) {
		if (strcasecmp(config->domains[i], domain) == 0)
			return true;
	}
	return false;
}

static void audit_owner(struct audit *audit, const struct config_policy *policy, const char *text)
{
	const char *at = strchr(text, '@'), *domain = at == NULL ? text : at + 1;

	if (domain[0] != '\0' && !is_ours(audit->config, domain))
		audit_warning(audit,
			"%s:%u: policy \"%s\" is for %s, which is no domain of ours: no mail for "
			"it "
			"is taken; add it to domains, or remove it",
			policy->source, policy->line, policy->rules.name, text);
}

static void audit_owners(struct audit *audit)
{
	for (size_t p = 0; p < audit->config->policy_count; p++) {
		const struct config_policy *policy = &audit->config->policy[p];

		for (size_t i = 0; i < policy->domain_count; i++)
			audit_owner(audit, policy, policy->domains[i]);
		for (size_t i = 0; i < policy->address_count; i++)
			audit_owner(audit, policy, policy->addresses[i]);
	}
}

static void audit_refuse_at(struct audit *audit)
{
	char place[WHERE];

	if (audit->config->smtp.refuse_at != BS_AT_RCPT)
		audit_warning(audit,
			"%s: checks.refuse-at: who is refused before RCPT can't reach postmaster "
			"either; write refuse-at = rcpt if he should",
			where(audit->config, "refuse-at", place));
}

void audit_checks(struct audit *audit, const struct policy_base *base)
{
	struct bs_policy *policy = policy_make(audit->config, base, NULL, NULL, 0);

	if (policy == NULL) {
		audit_error(audit, "checks: no policy can be built; free some memory");
		return;
	}
	audit_owners(audit);
	audit_lists_of_clients(audit, policy);
	audit_totals(audit, policy);
	audit_observed_weights(audit, policy);
	audit_names(audit, policy);
	audit_refuse_at(audit);
	free(policy);
}
