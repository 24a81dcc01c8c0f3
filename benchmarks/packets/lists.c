// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/lists.h"

#include <stdio.h>
#include <stdlib.h>

#include "control/policy/policy.h"
#include "dataplane/seam/reserved.h"

static _Noreturn void fail(void)
{
	fprintf(stderr, "packets: not enough memory for the lists\n");
	exit(EXIT_FAILURE);
}

static size_t add(struct bs_class_rule *rules, size_t at, const struct prefixes *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++)
		rules[at + i] = (struct bs_class_rule){
			prefixes->prefix[i], (uint8_t)(BS_CLASS_LISTS + i % 8), 0};
	return at + prefixes->count;
}

void lists_make(struct lists *lists, size_t ipv4, size_t ipv6)
{
	*lists = (struct lists){0};
	if ((ipv4 > 0 && !prefixes_ipv4(&lists->ipv4, ipv4, LISTS_SEED)) ||
		(ipv6 > 0 && !prefixes_ipv6(&lists->ipv6, ipv6, LISTS_SEED)))
		fail();
	struct bs_class_rule *rules = calloc(ipv4 + ipv6 + bs_reserved_count, sizeof(*rules));
	if (rules == NULL)
		fail();
	size_t count = add(rules, add(rules, 0, &lists->ipv4), &lists->ipv6);
	for (size_t i = 0; i < bs_reserved_count; i++)
		rules[count++] = (struct bs_class_rule){bs_reserved[i], BS_CLASS_BOGON, 1};
	lists->table = bs_class_table_new(rules, count);
	free(rules);
	if (lists->table == NULL)
		fail();
	fprintf(stderr, "packets: class table of %zu IPv4 and %zu IPv6 prefixes: %.1f MB\n", ipv4,
		ipv6, (double)bs_class_table_size(lists->table) / 1e6);
}

void lists_free(struct lists *lists)
{
	prefixes_free(&lists->ipv4);
	prefixes_free(&lists->ipv6);
}
