// SPDX-License-Identifier: BSD-3-Clause
//
// sender-domain, sender-null-mx, sender-other: can an answer reach the sender's domain, and is the client part of it?
#include "smtp/checks/hosts.h"
#include "smtp/checks/sender.h"

const char *sender_domain_of(const struct check_context *context, struct check_result *result)
{
	const struct mailbox *sender = context->facts->sender;
	if (sender == NULL)
		check_says(result, CHECK_NOT_RUN, "no sender yet");
	else if (sender->domain[0] == 0) // RFC 5321, 4.5.5: a notification
		check_says(result, CHECK_NOT_RUN, "<>");
	else if (sender->domain[0] == '[')
		check_says(result, CHECK_NOT_RUN, "address literal");
	else if (bs_policy_has_domain(context->policy, sender->domain))
		check_says(result, CHECK_NOT_RUN, "%s is ours", sender->domain);
	else
		return sender->domain;
	return NULL;
}

// RFC 5321, 5.1: MX; without one, A or AAAA is where its mail goes. These are asked even if there is no such name: some
// servers say that of the type alone.
void check_run_sender_domain(const struct check_context *context, struct check_result *result)
{
	struct hosts hosts = {0};
	const char *domain = sender_domain_of(context, result);
	if (domain == NULL)
		return;
	hosts_ask(&hosts, context, domain, DNS_MX);
	if (!hosts.found && !hosts.pending) {
		hosts_ask(&hosts, context, domain, DNS_A);
		hosts_ask(&hosts, context, domain, DNS_AAAA);
	}
	if (hosts.found)
		check_says(result, CHECK_MISS, "%s", domain);
	else if (!hosts_open(&hosts, result))
		check_says(result, CHECK_HIT, "%s has no MX, A or AAAA", domain);
	result->defer = result->outcome == CHECK_UNKNOWN && context->policy->sender_failure_defers;
}

void check_run_sender_null_mx(const struct check_context *context, struct check_result *result)
{
	struct hosts hosts = {0};
	const char *domain = sender_domain_of(context, result);
	const struct dns_answer *mx;
	if (domain == NULL)
		return;
	mx = hosts_ask(&hosts, context, domain, DNS_MX);
	if (hosts_open(&hosts, result))
		return;
	// RFC 7505, 3: a single one, preference 0, and the root as its host.
	if (mx != NULL && mx->count == 1 && mx->record[0].preference == 0 &&
		mx->record[0].text[0] == 0)
		check_says(result, CHECK_HIT, "%s MX 0 .", domain);
	else
		check_says(result, CHECK_MISS, "%s", domain);
}

void check_run_sender_other(const struct check_context *context, struct check_result *result)
{
	const char *domain = sender_domain_of(context, result);
	if (domain != NULL)
		hosts_judge_client(context, domain, result);
}
