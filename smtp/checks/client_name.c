// SPDX-License-Identifier: BSD-3-Clause
//
// name-missing, name-unconfirmed, name-dynamic: one question about the client's address, and one about each of its names.
#include "smtp/checks/client_name.h"

#include "dataplane/seam/text.h"
#include "smtp/checks/dynamic.h"
#include "smtp/checks/hosts.h"

#define NOT_LOOKED_UP "dns.client-name = no"

// The names of the client; NULL with a result when there are none to look at.
static const struct dns_answer *names_of(
	struct hosts *hosts, const struct check_context *context, struct check_result *result)
{
	const struct dns_answer *names = NULL;
	char reversed[DNS_NAME];
	if (context->policy->nameless) {
		check_says(result, CHECK_NOT_RUN, NOT_LOOKED_UP);
		return NULL;
	}
	if (dns_reverse(&context->facts->client, "", reversed)) // always fits
		names = hosts_ask(hosts, context, reversed, DNS_PTR);
	if (names != NULL && names->record[0].text[0] != 0) // some say PTR to the root for "none"
		return names;
	if (!hosts_open(hosts, result))
		check_says(result, CHECK_NOT_RUN, "no name");
	return NULL;
}

static unsigned looked_at(const struct dns_answer *names)
{
	return names->count < HOSTS_MOST ? names->count : HOSTS_MOST;
}

void check_run_name_missing(const struct check_context *context, struct check_result *result)
{
	struct hosts hosts = {0};
	const struct dns_answer *names = names_of(&hosts, context, result);
	if (names != NULL)
		check_says(result, CHECK_MISS, "%s", names->record[0].text);
	else if (result->outcome == CHECK_NOT_RUN && !context->policy->nameless)
		check_says(result, CHECK_HIT, "no name");
}

// Which of the names leads back, or NULL. Earlier ones first, so that log and replies always name the same one.
static const char *confirmed(
	struct hosts *hosts, const struct check_context *context, const struct dns_answer *names)
{
	for (unsigned i = 0; i < looked_at(names); i++) {
		struct hosts one = {0};
		hosts_compare(&one, context, names->record[i].text);
		if (one.client && !hosts->pending)
			return names->record[i].text;
		hosts->pending |= one.pending || one.client;
		if (one.trouble != NULL)
			hosts->trouble = one.trouble;
	}
	return NULL;
}

void check_run_name_unconfirmed(const struct check_context *context, struct check_result *result)
{
	struct hosts hosts = {0};
	const struct dns_answer *names = names_of(&hosts, context, result);
	const char *name;
	if (names == NULL)
		return;
	name = confirmed(&hosts, context, names);
	if (name != NULL)
		check_says(result, CHECK_MISS, "%s", name);
	else if (!hosts_open(&hosts, result))
		check_says(result, CHECK_HIT, "%s", names->record[0].text);
}

// All of the names must look so: who has a proper one besides is no dialup.
void check_run_name_dynamic(const struct check_context *context, struct check_result *result)
{
	struct hosts hosts = {0};
	const struct dns_answer *names = names_of(&hosts, context, result);
	const char *why = NULL;
	if (names == NULL)
		return;
	for (unsigned i = 0; i < looked_at(names); i++) {
		const char *name = names->record[i].text;
		why = name_looks_dynamic(name, &context->facts->client);
		if (why == NULL) {
			check_says(result, CHECK_MISS, "%s", name);
			return;
		}
	}
	check_says(result, CHECK_HIT, "%s: %s", names->record[0].text, why);
}

bool checks_client_name_comes(const struct check_context *context, char name[DNS_NAME])
{
	struct hosts hosts = {0};
	struct check_result result;
	name[0] = 0;
	if (context->policy->nameless)
		return false;
	const struct dns_answer *names = names_of(&hosts, context, &result);
	const char *found = names == NULL ? NULL : confirmed(&hosts, context, names);
	bs_text_copy(name, DNS_NAME, found == NULL ? "" : found);
	return found == NULL && hosts.pending;
}

bool checks_client_name(const struct check_context *context, char name[DNS_NAME])
{
	return !checks_client_name_comes(context, name) && name[0] != 0;
}
