// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/syn_rate.h"

#include <rte_malloc.h>

_Static_assert(SYN_RATE_BUCKETS == UINT16_MAX + 1u, "a bucket for each 16 bits");

struct syn_rate *syn_rate_new(const struct siphash_key *key)
{
	struct syn_rate *rates = rte_zmalloc("syn rates", sizeof(*rates), 64);
	if (rates != NULL)
		rates->key = *key;
	return rates;
}

void syn_rate_free(struct syn_rate *rates)
{
	rte_free(rates);
}
