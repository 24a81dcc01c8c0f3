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

static void overlay(
	const struct bs_policy *policy, const struct bs_address *address, uint8_t *class)
{
	switch (bs_overlay_lookup(policy->overlay, address)) {
	case BS_OVERLAY_NONE:
		break;
	case BS_OVERLAY_ALLOW:
		*class = BS_CLASS_RUNTIME_ALLOW;
		break;
	case BS_OVERLAY_DENY:
		*class = denied(policy, *class);
		break;
	}
}

void bs_policy_classify_burst(
	const struct bs_policy *policy, const struct bs_class_burst *burst, uint8_t *classes)
{
	bs_classify_burst(policy->classes, burst, classes);
	if (policy->overlay == NULL)
		return;
	_Static_assert(BS_CLASS_BURST <= 64, "a bit each");
	uint64_t perhaps = bs_overlay_may_hold_ipv4(policy->overlay, burst->ipv4, burst->count4);
	for (; perhaps != 0; perhaps &= perhaps - 1) {
		unsigned i = (unsigned)__builtin_ctzll(perhaps);
		uint32_t octets = htobe32(burst->ipv4[i]);
		struct bs_address address = bs_address_from_ipv4(&octets);
		overlay(policy, &address, &classes[burst->place4[i]]);
	}
	perhaps = bs_overlay_may_hold_ipv6(policy->overlay, burst->high, burst->low, burst->count6);
	for (; perhaps != 0; perhaps &= perhaps - 1) {
		unsigned i = (unsigned)__builtin_ctzll(perhaps);
		uint64_t halves[2] = {htobe64(burst->high[i]), htobe64(burst->low[i])};
		struct bs_address address = bs_address_from_ipv6(halves);
		overlay(policy, &address, &classes[burst->place6[i]]);
	}
}

void bs_policy_classify(const struct bs_policy *policy, const struct bs_address *addresses,
	uint8_t *classes, size_t count)
{
	bs_classify_bulk(policy->classes, addresses, classes, count);
	if (policy->overlay == NULL)
		return;
	for (size_t i = 0; i < count; i++)
		overlay(policy, &addresses[i], &classes[i]);
}

bool bs_policy_has_domain(const struct bs_policy *policy, const char *domain)
{
	return bs_domains_has(policy->domain_index, domain);
}
