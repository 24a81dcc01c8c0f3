// SPDX-License-Identifier: BSD-3-Clause
//
// dataplane/seam/reserved.h as rules of the class table.
#include "control/lists/bogon.h"

#include <stdlib.h>

#include "dataplane/seam/reserved.h"

bool bogon_rules(struct class_rules *rules, uint8_t class, uint8_t priority,
	const struct bs_prefix *trusted, size_t trusted_count)
{
	struct bs_prefix *holes = calloc(bs_reachable_count + trusted_count, sizeof(*holes));
	bool added;

	if (holes == NULL)
		return false;
	memcpy(holes, bs_reachable, bs_reachable_count * sizeof(*holes));
	if (trusted_count > 0)
		memcpy(holes + bs_reachable_count, trusted, trusted_count * sizeof(*holes));
	added = class_rules_add_without(rules, bs_reserved, bs_reserved_count, class, priority,
		holes, bs_reachable_count + trusted_count);
	free(holes);
	return added;
}
