// SPDX-License-Identifier: BSD-3-Clause
//
// client-lists: what DNS lists (RFC 5782) say of the client, or of the names that it gives. Each list has a weight for a hit and one
// for a plain no; one that does not answer, or is not to be believed (smtp/lists/dnsl_health.h), has none.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "smtp/checks/check.h"
#include "smtp/checks/client_name.h"
#include "smtp/checks/dnsl_answer.h"
#include "smtp/lists/dnsl_health.h"
#include "smtp/judge/judge.h"

#define TEXT_SHOWN 80 // bytes of a list's own words

struct listed {
	const struct bs_dnsl *list;
	uint8_t octets[4];
	char name[DNS_NAME]; // that was asked; with the zone, so never shown
};

struct lists {
	const struct check_context *context;
	int32_t enforced, observed; // hundredths
	int32_t doubt;              // what is unknown might have taken off
	unsigned asked;             // lists that have something to say here
	unsigned unknown;           // of these
	bool pending;
	unsigned hits;
	struct listed *
		hit; // room for BS_DNSL_MOST, of which `hits` are written: to clear them all would cost more than to ask
};

// What one list makes of all it is asked.
struct opinion {
	const struct bs_dnsl *list;
	bool waits; // for answers that are not there
	unsigned questions, pending, unknown, other, hits;
	struct listed *hit; // where the first is written
};

static void ask(struct lists *lists, struct opinion *opinion, const char *name, uint64_t subject)
{
	const struct check_context *context = lists->context;
	const struct bs_dnsl *list = opinion->list;
	const struct dns_answer *answer;
	enum dnsl_reading reading;
	uint8_t octets[4];

	opinion->questions++;
	if (!opinion->waits && dnsl_health_trust(context->judge->health, list) == DNSL_SILENCED)
		return;
	answer = dns_look(context->dns, name, DNS_A);
	if (answer == NULL) {
		opinion->pending++;
		return;
	}
	reading = dnsl_read(list, answer, octets);
	if (!context->explain)
		dnsl_health_count(context->judge->health, list, subject, reading, octets,
			context->facts->now_ms);
	if (reading == DNSL_HIT && opinion->hits++ == 0) {
		opinion->hit->list = list;
		memcpy(opinion->hit->octets, octets, sizeof(octets));
		memcpy(opinion->hit->name, name, strlen(name) + 1);
	}
	opinion->other += reading == DNSL_OTHER;
	opinion->unknown += reading == DNSL_UNKNOWN || reading == DNSL_ERROR;
}

static void ask_about_address(struct lists *lists, struct opinion *opinion)
{
	const struct bs_address *client = &lists->context->facts->client;
	uint8_t family = bs_address_is_ipv4(client) ? BS_DNSL_IPV4 : BS_DNSL_IPV6;
	char name[DNS_NAME];

	if ((opinion->list->families & family) != 0 &&
		dns_reverse(client, opinion->list->zone, name))
		ask(lists, opinion, name,
			dnsl_health_client(lists->context->judge->health, client));
}

// A literal or a bare word is no name that a list could have.
static bool is_domain(const char *name)
{
	return strchr(name, '.') != NULL && name[0] != '[' &&
	       name[strspn(name, "0123456789.")] != '\0' && strchr(name, ':') == NULL;
}

static void ask_about_name(struct lists *lists, struct opinion *opinion, const char *subject)
{
	char name[DNS_NAME];
	int length = snprintf(name, sizeof(name), "%s.%s", subject, opinion->list->zone);

	if (is_domain(subject) && length > 0 && (size_t)length < sizeof(name))
		ask(lists, opinion, name, dnsl_health_name(lists->context->judge->health, subject));
}

static void ask_about_names(struct lists *lists, struct opinion *opinion)
{
	const struct facts *facts = lists->context->facts;
	char client_name[DNS_NAME];

	if (checks_client_name_comes(lists->context, client_name)) {
		opinion->questions++;
		opinion->pending++;
	} else {
		ask_about_name(lists, opinion, client_name);
	}
	// Whoever likes can give these: they may tell against him, not for him.
	if (opinion->list->hit < 0)
		return;
	ask_about_name(lists, opinion, facts->helo);
	if (facts->sender != NULL)
		ask_about_name(lists, opinion, facts->sender->domain);
}

static void add_weight(struct lists *lists, const struct bs_dnsl *list, int16_t weight)
{
	*(list->mode == BS_MODE_ENFORCE ? &lists->enforced : &lists->observed) += weight;
}

static void add_doubt(struct lists *lists, const struct bs_dnsl *list)
{
	int32_t least = list->hit < list->miss ? list->hit : list->miss;
	lists->unknown++;
	if (list->mode == BS_MODE_ENFORCE && least < 0)
		lists->doubt += least;
}

static void ask_list(struct lists *lists, const struct bs_dnsl *list)
{
	struct dnsl_health *health = lists->context->judge->health;
	struct opinion opinion = {.list = list,
		.waits = dnsl_health_trust(health, list) == DNSL_COUNTS,
		.hit = &lists->hit[lists->hits]};

	if (list->kind == BS_DNSL_NAME_KIND)
		ask_about_names(lists, &opinion);
	else
		ask_about_address(lists, &opinion);
	if (opinion.questions == 0)
		return;
	lists->asked++;
	// After the answers have been counted: they may be those that suspend it.
	if (dnsl_health_trust(health, list) != DNSL_COUNTS) {
		add_doubt(lists, list);
	} else if (opinion.hits != 0) {
		lists->hits++;
		add_weight(lists, list, list->hit);
	} else if (opinion.pending != 0) {
		lists->pending = true;
	} else if (opinion.unknown != 0) {
		add_doubt(lists, list);
	} else if (opinion.other == 0) { // listed for something else is no plain no
		add_weight(lists, list, list->miss);
	}
}

// Before another in what is shown: what is enforced, then what weighs more.
static bool goes_before(const struct bs_dnsl *a, const struct bs_dnsl *b)
{
	if (a->mode != b->mode)
		return a->mode == BS_MODE_ENFORCE;
	return a->hit > b->hit;
}

static void sort_hits(struct lists *lists)
{
	for (unsigned i = 1; i < lists->hits; i++) {
		struct listed moved = lists->hit[i];
		unsigned at = i;

		for (; at > 0 && goes_before(moved.list, lists->hit[at - 1].list); at--)
			lists->hit[at] = lists->hit[at - 1];
		lists->hit[at] = moved;
	}
}

// A zone is not shown: its labels may be a key. So neither are words of a list that name it, unless it is the list's name anyway.
static bool tells_zone(const char *text, const struct bs_dnsl *list)
{
	const char *zone = list->zone;
	char label[64];
	size_t length = strcspn(zone, ".");

	if (strcasecmp(list->name, zone) == 0)
		return false;
	snprintf(label, sizeof(label), "%.*s", (int)length, zone);
	return strcasestr(text, zone) != NULL || (length >= 8 && strcasestr(text, label) != NULL);
}

// Why it is listed, in the list's own words, for those who ask what would be.
static void explain_hit(struct lists *lists, const struct listed *hit, char *text, size_t room)
{
	const struct dns_answer *answer = dns_look(lists->context->dns, hit->name, DNS_TXT);

	snprintf(text, room, " (%u.%u.%u.%u)", hit->octets[0], hit->octets[1], hit->octets[2],
		hit->octets[3]);
	if (answer == NULL)
		lists->pending = true;
	else if (answer->status == DNS_FOUND && !tells_zone(answer->record[0].text, hit->list))
		snprintf(text, room, " (%u.%u.%u.%u \"%.*s\")", hit->octets[0], hit->octets[1],
			hit->octets[2], hit->octets[3], TEXT_SHOWN, answer->record[0].text);
}

// Names of the lists that hit. Those that speak for the client only when no other has it.
static void name_hits(struct lists *lists, char detail[CHECK_DETAIL])
{
	bool against = lists->hit[0].list->hit >= 0;
	size_t used = 0;

	detail[0] = '\0';
	for (unsigned i = 0; i < lists->hits; i++) {
		const struct listed *hit = &lists->hit[i];
		char more[CHECK_DETAIL] = "";
		int length;

		if (against && hit->list->hit < 0)
			continue;
		if (lists->context->explain)
			explain_hit(lists, hit, more, sizeof(more));
		length = snprintf(detail + used, CHECK_DETAIL - used, "%s%s%s",
			used == 0 ? "" : ", ", hit->list->name, more);
		if (length < 0 || (size_t)length >= CHECK_DETAIL - used) {
			detail[used] = '\0'; // whole ones only
			return;
		}
		used += (size_t)length;
	}
}

static int16_t clamped(int32_t hundredths)
{
	if (hundredths > INT16_MAX)
		return INT16_MAX;
	return (int16_t)(hundredths < INT16_MIN ? INT16_MIN : hundredths);
}

static void conclude(struct lists *lists, struct check_result *result)
{
	char detail[CHECK_DETAIL];

	if (lists->hits != 0) {
		sort_hits(lists);
		name_hits(lists, detail);
	}
	if (lists->pending) {
		check_says(result, CHECK_PENDING, "lists have not answered");
		return;
	}
	result->own_weights = true;
	result->weight = clamped(lists->enforced);
	result->observed = clamped(lists->observed);
	result->doubt = clamped(lists->doubt);
	if (lists->hits != 0)
		check_says(result, CHECK_HIT, "%s", detail);
	else if (lists->asked == 0)
		check_says(result, CHECK_NOT_RUN, "no list to ask");
	else if (lists->unknown == lists->asked)
		check_says(result, CHECK_UNKNOWN, "no list gives an answer that counts");
	else
		check_says(result, CHECK_MISS, "in none of %u lists", lists->asked);
}

void check_run_client_lists(const struct check_context *context, struct check_result *result)
{
	uint64_t counts = bs_check_lists(context->policy, context->row);
	struct listed hit[BS_DNSL_MOST];
	struct lists lists = {.context = context, .hit = hit};

	if (context->judge->health == NULL) {
		check_says(result, CHECK_UNKNOWN, "nothing is known of the lists");
		return;
	}
	for (uint32_t i = 0; i < context->policy->dnsl_count && i < BS_DNSL_MOST; i++) {
		const struct bs_dnsl *list = &context->policy->dnsl[i];

		if ((counts >> i & 1) == 0 || list->mode == BS_MODE_OFF)
			continue;
		result->of_names |= list->kind == BS_DNSL_NAME_KIND;
		ask_list(&lists, list);
	}
	conclude(&lists, result);
}
