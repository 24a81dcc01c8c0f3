// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/lists.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/policy/policy.h"
#include "dataplane/seam/reserved.h"

struct bs_class_table *lists_new(struct prefixes *prefixes, size_t count, bool ipv6)
{
	bool made = ipv6 ? prefixes_ipv6(prefixes, count, LISTS_SEED)
			 : prefixes_ipv4(prefixes, count, LISTS_SEED);
	struct bs_class_rule *rules = calloc(count + bs_reserved_count, sizeof(*rules));
	if (!made || rules == NULL) {
		fprintf(stderr, "packets: not enough memory for %zu prefixes\n", count);
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < count; i++)
		rules[i] = (struct bs_class_rule){
			prefixes->prefix[i], (uint8_t)(BS_CLASS_LISTS + i % 8), 0};
	for (size_t i = 0; i < bs_reserved_count; i++)
		rules[count + i] = (struct bs_class_rule){bs_reserved[i], BS_CLASS_BOGON, 1};
	struct bs_class_table *table = bs_class_table_new(rules, count + bs_reserved_count);
	free(rules);
	if (table == NULL)
		exit(EXIT_FAILURE);
	fprintf(stderr, "packets: class table of %zu IPv%c prefixes: %.1f MB\n", count,
		ipv6 ? '6' : '4', (double)bs_class_table_size(table) / 1e6);
	return table;
}
