// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: the DNS lists. All test points (RFC 5782, section 5) are asked at once, through the resolver as configured, for five
// seconds at most.
#include <stdlib.h>

#include "control/audit/audit_net.h"
#include "control/audit/audit_say.h"
#include "control/counters.h"
#include "smtp/checks/dnsl_points.h"
#include "smtp/dns/resolver.h"

#define PATIENCE_MS 5000u

_Static_assert(BS_DNSL_MOST *DNSL_POINTS <= DNS_QUESTIONS, "one asker for all");

struct asking {
	struct audit_net net;
	struct resolver *resolver;
	struct bs_worker_counters counters;
	struct dns_asker asker;
};

static void no_news(struct dns_asker *asker)
{
	(void)asker; // asking_wait() looks by itself
}

static void asking_end(struct asking *asking)
{
	if (asking == NULL)
		return;
	if (asking->resolver != NULL) {
		dns_asker_forget(&asking->asker);
		resolver_free(asking->resolver);
	}
	audit_net_end(&asking->net);
	free(asking);
}

static struct asking *asking_begin(const struct config *config, char error[256])
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL)
		return NULL;
	if (audit_net_begin(&asking->net))
		asking->resolver = resolver_new(&config->dns, asking->net.heap, asking->net.poller,
			&asking->counters, error);
	if (asking->resolver == NULL) {
		asking_end(asking);
		return NULL;
	}
	dns_asker_init(&asking->asker, resolver_source(asking->resolver), no_news);
	return asking;
}

static void ask_points(struct asking *asking, const struct bs_dnsl *list)
{
	struct dnsl_point point[DNSL_POINTS];
	unsigned points = dnsl_points(list, point);

	for (unsigned i = 0; i < points; i++)
		dns_look(&asking->asker, point[i].name, DNS_A);
}

static void ask_all(struct asking *asking, const struct bs_dnsl *lists, uint32_t count)
{
	for (uint32_t i = 0; i < count && i < BS_DNSL_MOST; i++)
		if (lists[i].mode != BS_MODE_OFF)
			ask_points(asking, &lists[i]);
}

static void wait_for_answers(struct asking *asking, const struct bs_dnsl *lists, uint32_t count)
{
	uint64_t now_ms = audit_net_now(), end_ms = now_ms + PATIENCE_MS;

	resolver_turn(asking->resolver, now_ms); // tells it the time
	dns_asker_deadline(&asking->asker, end_ms);
	for (ask_all(asking, lists, count); asking->asker.pending != 0 && now_ms < end_ms;
		ask_all(asking, lists, count)) {
		now_ms = audit_net_turn(&asking->net);
		resolver_turn(asking->resolver, now_ms);
	}
}

static void say_list(struct audit *audit, struct asking *asking, const struct bs_dnsl *list)
{
	struct dnsl_point point[DNSL_POINTS];
	unsigned points = dnsl_points(list, point);
	char why[DNSL_POINTS_TEXT];

	if (!list->tested) {
		audit_warning(audit,
			"DNS list %s is not tested: that it is dead or has everybody is noticed "
			"late; set test-listed and test-unlisted (RFC 5782) instead of test = no",
			list->name);
		return;
	}
	for (unsigned i = 0; i < points; i++) {
		const struct dns_answer *answer = dns_look(&asking->asker, point[i].name, DNS_A);
		struct dnsl_points_word word = {.state = DNSL_POINTS_SILENT, .point = (uint8_t)i};

		if (answer != NULL)
			word.state = dnsl_point_read(list, &point[i], answer, word.octets);
		if (word.state == DNSL_POINTS_GOOD)
			continue;
		audit_warning(audit, "DNS list %s will not count: %s", list->name,
			dnsl_points_say(list, word, why));
		return;
	}
	audit_ok(audit, "DNS list %s: its test points are as they should be", list->name);
}

void audit_dns_lists(struct audit *audit, const struct bs_dnsl *lists, uint32_t count)
{
	char error[256] = "no memory; free some";
	struct asking *asking;

	if (count == 0)
		return;
	asking = asking_begin(audit->config, error);
	if (asking == NULL) {
		audit_warning(audit, "dns: the lists can't be tested: %s", error);
		return;
	}
	wait_for_answers(asking, lists, count);
	for (uint32_t i = 0; i < count && i < BS_DNSL_MOST; i++)
		if (lists[i].mode != BS_MODE_OFF)
			say_list(audit, asking, &lists[i]);
	asking_end(asking);
}
