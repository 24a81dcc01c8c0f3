// SPDX-License-Identifier: BSD-3-Clause
//
// helo-unresolved, helo-other: where the name of a HELO leads.
#include "smtp/checks/helo.h"
#include "smtp/checks/hosts.h"

// False, said, when there is no name to look up.
static bool take_name(
	const struct check_context *context, struct helo_said *helo, struct check_result *result)
{
	helo_read(context->facts->helo, helo);
	if (helo->kind == HELO_KIND_NAME)
		return true;
	check_says(result, CHECK_NOT_RUN, "no name");
	return false;
}

void check_run_helo_unresolved(const struct check_context *context, struct check_result *result)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA, DNS_MX};
	struct helo_said helo;
	struct hosts hosts = {0};
	if (!take_name(context, &helo, result))
		return;
	for (size_t i = 0; i < 3 && !hosts.found; i++)
		hosts_ask(&hosts, context, helo.name, types[i]);
	if (hosts.found)
		check_says(result, CHECK_MISS, "%s", helo.name);
	else if (!hosts_open(&hosts, result))
		check_says(result, CHECK_HIT, "%s has no A, AAAA or MX", helo.name);
}

void check_run_helo_other(const struct check_context *context, struct check_result *result)
{
	struct helo_said helo;
	if (take_name(context, &helo, result))
		hosts_judge_client(context, helo.name, result);
}
