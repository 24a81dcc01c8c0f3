// SPDX-License-Identifier: BSD-3-Clause
//
// How long bs_classify_bulk() takes for an address: a million scattered prefixes, bursts of 64
// addresses drawn uniformly from them. Usage: classify [prefixes]. Compare figures of one machine only.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/class/class.h"

#define BURST   BS_CLASS_BURST
#define LOOKUPS (1u << 22)

static uint64_t state = 1;

static uint64_t random_64(void) // splitmix64
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct bs_prefix ipv4_host(void)
{
	uint32_t number = (uint32_t)random_64();
	return (struct bs_prefix){bs_address_from_ipv4(&number), 128};
}

static struct bs_prefix ipv6(uint8_t length)
{
	uint64_t half[2] = {random_64(), length == 128 ? random_64() : 0};
	struct bs_prefix prefix = {bs_address_from_ipv6(half), length};

	prefix.address.octet[0] = 0x20 | (prefix.address.octet[0] & 0x1f); // 2000::/3
	memset(prefix.address.octet + length / 8, 0, 16 - length / 8);
	return prefix;
}

// All in one /32, as the customers of one hoster are.
static struct bs_prefix ipv6_crowd(void)
{
	struct bs_prefix prefix = ipv6(64);
	memcpy(prefix.address.octet, "\x2a\x01\x04\xf8", 4);
	return prefix;
}

enum kind { IPV4, IPV6_48, IPV6_64, IPV6_CROWD, IPV6_128, MIXED, KINDS };

static struct bs_prefix draw(enum kind kind)
{
	switch (kind) {
	case IPV4:
		return ipv4_host();
	case IPV6_48:
		return ipv6(48);
	case IPV6_64:
		return ipv6(64);
	case IPV6_CROWD:
		return ipv6_crowd();
	case IPV6_128:
		return ipv6(128);
	default:
		return random_64() % 2 ? ipv4_host() : ipv6(64);
	}
}

static double time_lookups(const struct bs_class_table *table, const struct bs_class_rule *rules,
	size_t count, uint64_t *sum)
{
	struct bs_address *ask = malloc(LOOKUPS * sizeof(*ask));
	uint8_t classes[BURST];
	double begin;

	if (ask == NULL)
		exit(EXIT_FAILURE);
	for (uint32_t i = 0; i < LOOKUPS; i++)
		ask[i] = rules[random_64() % count].prefix.address;
	begin = seconds();
	for (uint32_t i = 0; i < LOOKUPS; i += BURST) {
		bs_classify_bulk(table, ask + i, classes, BURST);
		*sum += classes[i % BURST];
	}
	begin = seconds() - begin;
	free(ask);
	return begin / LOOKUPS * 1e9;
}

static void measure(enum kind kind, size_t count)
{
	static const char *const name[KINDS] = {"IPv4 /32", "IPv6 /48", "IPv6 /64",
		"IPv6 /64 in one /32", "IPv6 /128", "half IPv4 /32, half IPv6 /64"};
	struct bs_class_rule *rules = calloc(count, sizeof(*rules));
	struct bs_class_table *table;
	uint64_t sum = 0;
	double begin, built, lookup;

	if (rules == NULL)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < count; i++)
		rules[i] = (struct bs_class_rule){.prefix = draw(kind), .class = 1 + i % 200};
	begin = seconds();
	table = bs_class_table_new(rules, count);
	built = seconds() - begin;
	if (table == NULL)
		exit(EXIT_FAILURE);
	lookup = time_lookups(table, rules, count, &sum);
	printf("%-29s %8zu prefixes  build %5.2f s  %5.1f MB  %6.1f ns a lookup  (%" PRIu64 ")\n",
		name[kind], count, built, (double)bs_class_table_size(table) / 1e6, lookup, sum);
	bs_class_table_free(table);
	free(rules);
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;

	if (count < 1 || count > 10000000) {
		fprintf(stderr, "usage: classify [prefixes], 1 to 10000000\n");
		return EXIT_FAILURE;
	}
	for (enum kind kind = 0; kind < KINDS; kind++)
		measure(kind, (size_t)count);
	return EXIT_SUCCESS;
}
