// SPDX-License-Identifier: BSD-3-Clause
//
// A policy put together: the configuration's numbers, the base, the overlay, the texts.
#include "control/policy/policy.h"

#include <stdlib.h>
#include <string.h>

#include "control/policy/policy_make.h"
#include "control/policy/templates.h"

struct bs_policy *policy_make(const struct config *config, const struct policy_base *base,
	struct bs_overlay *overlay, const struct bs_template_set *texts, uint8_t text_set)
{
	struct bs_policy *policy = malloc(sizeof(*policy));

	if (policy == NULL)
		return NULL;
	*policy = config->smtp; // its numbers; all else is zero there
	snprintf(policy->hostname, sizeof(policy->hostname), "%s", config->hostname);
	snprintf(policy->contact, sizeof(policy->contact), "%s", config->contact);
	memcpy(policy->class, base->class, sizeof(policy->class));
	policy->class_count = base->class_count;
	policy->classes = base->classes;
	policy->domains = base->domains;
	policy->domain_count = base->domain_count;
	policy->domain_index = base->domain_index;
	policy->names = base->names;
	policy->known_recipients = base->recipients;
	policy->recipient_policy = base->recipient_policy;
	policy->recipient_policy_count = base->recipient_policy_count;
	policy->recipient_map = base->recipient_map;
	policy->dnsl = base->dnsl;
	policy->dnsl_count = base->dnsl_count;
	policy->rate_exceptions = base->rate_exceptions;
	policy->rate_exception_count = base->rate_exception_count;
	policy->impairment.on = bs_impairment_any(&policy->impairment.receive) ||
				bs_impairment_any(&policy->impairment.send);
	policy->overlay = overlay;
	policy->texts = texts;
	policy->text_set = text_set;
	return policy;
}

// One that nobody else has a part of: the policy, and what it alone owns.
struct alone {
	struct bs_policy policy;
	struct policy_base *base;
	struct bs_template_set texts[BS_TEMPLATE_SETS];
};

struct bs_policy *policy_new(const struct config *config, FILE *errors)
{
	struct alone *alone = calloc(1, sizeof(*alone));
	struct template_words words = template_words_of(config);
	struct bs_policy *policy;

	if (alone == NULL)
		return NULL;
	alone->base = policy_base_new(config, errors);
	policy = alone->base == NULL || !templates_compose(&words, alone->texts)
			 ? NULL
			 : policy_make(config, alone->base, NULL, alone->texts, 0);
	if (policy == NULL) {
		policy_free(&alone->policy);
		return NULL;
	}
	alone->policy = *policy;
	free(policy);
	return &alone->policy;
}

void policy_free(struct bs_policy *policy)
{
	struct alone *alone = (struct alone *)policy;

	if (alone == NULL)
		return;
	policy_base_free(alone->base);
	free(alone);
}
