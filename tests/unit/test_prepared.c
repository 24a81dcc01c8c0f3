// SPDX-License-Identifier: BSD-3-Clause
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "smtp/judge/prepared.h"

#define NOW 1000000u

static struct facts facts_of(const char *helo, const struct mailbox *sender)
{
	return (struct facts){
		.client = bs_address_from_ipv4("\300\000\002\007"), .helo = helo, .sender = sender};
}

Test(prepared, holds_for_its_time_and_for_its_facts_only)
{
	struct prepared *prepared = calloc(1, sizeof(*prepared));
	cr_assert_not_null(prepared);
	struct mailbox sender = {.local = "a", .domain = "example.net"}, other = sender;
	snprintf(other.domain, sizeof(other.domain), "example.com");
	struct facts facts = facts_of("host.example.net", &sender);
	uint64_t key = prepared_key(&facts);
	cr_assert_not(prepared_lately(prepared, key, NOW));
	prepared_note(prepared, key, NOW);
	cr_assert(prepared_lately(prepared, prepared_key(&facts), NOW + PREPARED_MS - 1));
	cr_assert_not(prepared_lately(prepared, key, NOW + PREPARED_MS));

	struct facts before = facts_of("host.example.net", NULL);
	struct facts helo = facts_of("host.example.nes", &sender);
	struct facts domain = facts_of("host.example.net", &other);
	struct facts client = facts;
	client.client.octet[15] ^= 1;
	cr_assert_not(prepared_lately(prepared, prepared_key(&before), NOW));
	cr_assert_not(prepared_lately(prepared, prepared_key(&helo), NOW));
	cr_assert_not(prepared_lately(prepared, prepared_key(&domain), NOW));
	cr_assert_not(prepared_lately(prepared, prepared_key(&client), NOW));
	free(prepared);
}

Test(prepared, none_is_never_lately)
{
	struct facts facts = facts_of("", NULL);
	prepared_note(NULL, prepared_key(&facts), NOW);
	cr_assert_not(prepared_lately(NULL, prepared_key(&facts), NOW));
}
