// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/syn_rate.h"

#include <rte_malloc.h>

struct entry {
	uint32_t last_ms;
	uint32_t spent; // thousandths of a SYN above the refill; zeroed memory is a full bucket
};

struct syn_rate {
	struct siphash_key key;
	struct entry entry[SYN_RATE_BUCKETS];
};

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

bool syn_rate_take(struct syn_rate *rates, const struct bs_address *source, uint32_t now_ms)
{
	uint64_t word[2];
	memcpy(word, source->octet, 16);
	if (!bs_address_is_ipv4(source))
		word[1] = 0;
	uint64_t h = siphash(&rates->key, word, 2, 1, 3);
	struct entry *entry = &rates->entry[h % SYN_RATE_BUCKETS];
	uint64_t back = (uint64_t)(now_ms - entry->last_ms) * SYN_RATE_REFILL;
	entry->last_ms = now_ms;
	entry->spent = back >= entry->spent ? 0 : entry->spent - (uint32_t)back;
	if (entry->spent + 1000 > SYN_RATE_BURST * 1000)
		return false;
	entry->spent += 1000;
	return true;
}
