// SPDX-License-Identifier: BSD-3-Clause
//
// The policy pointer and its classes live with the leaves: every room reads them.
#include "control/policy/policy.h"

_Atomic(const struct bs_policy *) bs_policy_current;

// A deny entry takes the place of what would judge or refuse; what is allowed or dropped already stays so.
static uint8_t denied(const struct bs_policy *policy, uint8_t class)
{
	uint8_t action = policy->class[class].action;
	switch (action) {
	case BS_ACTION_NONE:
	case BS_ACTION_REFUSE:
	case BS_ACTION_STUTTER:
	case BS_ACTION_OBSERVE:
		return BS_CLASS_RUNTIME_DENY;
	default:
		return class;
	}
}

void bs_policy_classify(const struct bs_policy *policy, const struct bs_address *addresses,
	uint8_t *classes, size_t count)
{
	bs_classify_bulk(policy->classes, addresses, classes, count);
	if (policy->overlay == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		switch (bs_overlay_lookup(policy->overlay, &addresses[i])) {
		case BS_OVERLAY_NONE:
			break;
		case BS_OVERLAY_ALLOW:
			classes[i] = BS_CLASS_RUNTIME_ALLOW;
			break;
		case BS_OVERLAY_DENY:
			classes[i] = denied(policy, classes[i]);
			break;
		}
	}
}

bool bs_policy_has_domain(const struct bs_policy *policy, const char *domain)
{
	return bs_domains_has(policy->domain_index, domain);
}
