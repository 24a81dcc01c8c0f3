// SPDX-License-Identifier: BSD-3-Clause
//
// What the checks may do for a recipient: see the header.
#include "control/policy/checks_policy.h"

#include "control/lists/address_text.h"
#include "control/policy/policy.h"
#include "control/lists/recipient_map.h"

// The address in its domain before the address in all domains.
static unsigned address_row(
	const struct bs_recipient_map *map, const char *local, size_t length, const char *domain)
{
	unsigned row = bs_recipient_map_find(map, local, length, domain);

	return row != 0 ? row : bs_recipient_map_find(map, local, length, "");
}

unsigned bs_policy_for(const struct bs_policy *policy, const char *local, const char *domain)
{
	const struct bs_recipient_map *map = policy->recipient_map;
	struct address_text address;
	unsigned row;

	if (map == NULL ||
		!address_text_set(&address, local, domain, bs_recipient_map_delimiters(map)))
		return 0;
	domain = address_text_domain(&address);
	row = address_row(map, address.text, address.local, domain);
	if (row == 0 && address.without < address.local)
		row = address_row(map, address.text, address.without, domain);
	return row != 0 ? row : bs_recipient_map_find(map, "", 0, domain);
}

static const struct bs_recipient_policy *row_of(const struct bs_policy *policy, unsigned row)
{
	static const struct bs_recipient_policy nothing_set;

	return row == 0 || row > policy->recipient_policy_count
		       ? &nothing_set
		       : &policy->recipient_policy[row - 1];
}

unsigned bs_check_mode(const struct bs_policy *policy, unsigned row, enum bs_check check)
{
	const struct bs_recipient_policy *own = row_of(policy, row);

	return (own->mode_set >> check & 1) != 0 ? own->checks.mode[check]
						 : policy->checks.mode[check];
}

struct bs_score bs_check_score(const struct bs_policy *policy, unsigned row, enum bs_check check)
{
	const struct bs_recipient_policy *own = row_of(policy, row);

	return (own->score_set >> check & 1) != 0 ? own->checks.score[check]
						  : policy->checks.score[check];
}

struct bs_thresholds bs_check_thresholds(const struct bs_policy *policy, unsigned row)
{
	const struct bs_recipient_policy *own = row_of(policy, row);

	return (struct bs_thresholds){
		.refuse = own->refuse_set ? own->checks.refuse : policy->checks.refuse,
		.defer = own->defer_set ? own->checks.defer : policy->checks.defer,
		.skip = own->skip_set ? own->checks.skip : policy->checks.skip,
	};
}

uint64_t bs_check_lists(const struct bs_policy *policy, unsigned row)
{
	const struct bs_recipient_policy *own = row_of(policy, row);
	uint64_t all = policy->dnsl_count >= BS_DNSL_MOST ? UINT64_MAX
							  : (UINT64_C(1) << policy->dnsl_count) - 1;

	return own->lists_set ? own->lists & all : all;
}

// Of the checks one alone looks at a mail's content.
bool bs_policy_same_content(const struct bs_policy *policy, unsigned a, unsigned b)
{
	return bs_check_mode(policy, a, BS_CHECK_BARE_NEWLINE) ==
	       bs_check_mode(policy, b, BS_CHECK_BARE_NEWLINE);
}

bool bs_rates_spare(const struct bs_policy *policy, const struct bs_address *client)
{
	for (uint32_t i = 0; i < policy->rate_exception_count; i++) {
		if (bs_prefix_contains(&policy->rate_exceptions[i], client))
			return true;
	}
	return false;
}
