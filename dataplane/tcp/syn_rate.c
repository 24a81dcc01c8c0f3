// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/syn_rate.h"

#include <string.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "dataplane/frame/frame.h"
#include "dataplane/seam/siphash_bulk.h"

struct entry {
	uint32_t last_ms;
	uint32_t spent; // thousandths of SYNs above the refill; zeroed memory is a full bucket
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

void syn_rate_prepare(const struct syn_rate *rates, struct frame *const *frames, unsigned count)
{
	struct bs_siphash_burst burst;
	for (unsigned i = 0; i < count; i++) {
		const struct bs_address *source = &frames[i]->source;
		memcpy(&burst.word[0][i], source->octet, 8);
		memcpy(&burst.word[1][i], source->octet + 8, 8);
		if (!bs_address_is_ipv4(source))
			burst.word[1][i] = 0;
	}
	bs_siphash13_bulk(&rates->key, &burst, 2, count);
	for (unsigned i = 0; i < count; i++) {
		frames[i]->rate = (uint32_t)(burst.hash[i] % SYN_RATE_BUCKETS);
		rte_prefetch0(&rates->entry[frames[i]->rate]);
	}
}

bool syn_rate_take(
	struct syn_rate *rates, const struct frame *frame, uint32_t queues, uint32_t now_ms)
{
	struct entry *entry = &rates->entry[frame->rate];
	uint64_t back = (uint64_t)(now_ms - entry->last_ms) * SYN_RATE_REFILL;
	entry->last_ms = now_ms;
	entry->spent = back >= entry->spent ? 0 : entry->spent - (uint32_t)back;
	uint32_t price = 1000 * queues;
	if (entry->spent + price > SYN_RATE_BURST * 1000)
		return false;
	entry->spent += price;
	return true;
}
