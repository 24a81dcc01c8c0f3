// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/text.h"
#include "smtp/spf/evaluation.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "smtp/spf/validated.h"

#define VOIDS 2 // lookups without result that are borne (RFC 7208, 4.6.4)

// Questions asked before libspf2 comes to them, so that the terms of a record don't wait for one another.
#define AHEAD (2 * SPF_LOOKUPS)

void evaluation_stop(struct evaluation *evaluation, enum spf_result result, const char *format, ...)
{
	va_list arguments;
	if (evaluation->stopped || evaluation->pending)
		return;
	evaluation->stopped = true;
	evaluation->outcome.result = result;
	va_start(arguments, format);
	bs_vprint(
		evaluation->outcome.detail, sizeof(evaluation->outcome.detail), format, arguments);
	va_end(arguments);
}

// The answer, or NULL: then the evaluation has stopped.
static const struct dns_answer *look(
	struct evaluation *evaluation, const char *name, enum dns_type type)
{
	const struct dns_answer *answer = dns_look(evaluation->asker, name, type);
	if (answer == NULL) {
		evaluation->pending = true;
	} else if (answer->status == DNS_TROUBLE) {
		evaluation_stop(evaluation, SPF_TEMPERROR, "DNS of %s: %s", name, answer->why);
		return NULL;
	}
	return answer;
}

static bool asks(unsigned kind)
{
	return kind >= SPF_KIND_INCLUDE;
}

static bool count_lookup(struct evaluation *evaluation)
{
	if (++evaluation->lookups > SPF_LOOKUPS)
		evaluation_stop(evaluation, SPF_PERMERROR,
			"more than %d terms that ask the DNS, at %s", SPF_LOOKUPS,
			evaluation->last->record);
	return !evaluation->stopped;
}

static bool count_void(struct evaluation *evaluation, const struct dns_answer *answer)
{
	if (answer->count == 0 && ++evaluation->voids > VOIDS)
		evaluation_stop(evaluation, SPF_PERMERROR,
			"more than %d names without records, at %s", VOIDS,
			evaluation->last->record);
	return !evaluation->stopped;
}

static enum dns_type address_type(const struct evaluation *evaluation)
{
	return bs_address_is_ipv4(evaluation->client) ? DNS_A : DNS_AAAA;
}

static void ask_ahead(struct evaluation *evaluation, const struct evaluation_term *term)
{
	if (!asks(term->kind) || evaluation->ahead >= AHEAD || term->name[0] == 0)
		return;
	evaluation->ahead++;
	if (term->kind == SPF_KIND_INCLUDE || term->kind == SPF_KIND_REDIRECT)
		dns_look(evaluation->asker, term->name, DNS_TXT);
	else if (term->kind == SPF_KIND_MX)
		dns_look(evaluation->asker, term->name, DNS_MX);
	else if (term->kind == SPF_KIND_EXISTS)
		dns_look(evaluation->asker, term->name, DNS_A);
	else if (term->kind == SPF_KIND_A)
		dns_look(evaluation->asker, term->name, address_type(evaluation));
}

// `*name` becomes the client's name for %{p}.
static bool client_name(struct evaluation *evaluation, const struct spf_term *term,
	const char *domain, const char **name)
{
	*name = "unknown";
	if (term->domain_length > 0 && spf_macro_needs_name(term->domain, term->domain_length) &&
		!spf_validated_name(evaluation->asker, evaluation->client, domain, name))
		evaluation->pending = true;
	return !evaluation->pending;
}

// Gives a term its number and writes it. False when the evaluation has to stop.
static bool add_term(struct evaluation *evaluation, const struct spf_term *term, const char *domain,
	char text[EVALUATION_RECORD])
{
	struct evaluation_term *made = &evaluation->term[evaluation->count];
	size_t used = strlen(text), room = EVALUATION_RECORD - used;
	unsigned number = evaluation->count;
	struct spf_macro_values values = {evaluation->client, evaluation->helo, evaluation->local,
		evaluation->domain, domain, NULL};
	if (number == EVALUATION_TERMS) // can't be: only so many records are entered
		return false;
	if (!client_name(evaluation, term, domain, &values.client_name))
		return false;
	evaluation->count++;
	*made = (struct evaluation_term){
		.kind = term->kind, .qualifier = term->qualifier, .record = domain};
	if (evaluation->entered != NULL)
		made->within = evaluation->entered->kind == SPF_KIND_INCLUDE
				       ? evaluation->entered
				       : evaluation->entered->within;
	if (term->domain_length == 0)
		bs_print(made->name, sizeof(made->name), "%s", domain);
	else if (!spf_expand(term->domain, term->domain_length, &values, made->name))
		made->name[0] = 0;
	switch (term->kind) {
	case SPF_KIND_INCLUDE:
		bs_print(text + used, room, " %cinclude:%u.t", term->qualifier, number);
		break;
	case SPF_KIND_REDIRECT:
		bs_print(text + used, room, " redirect=%u.t", number);
		break;
	case SPF_KIND_A:
	case SPF_KIND_MX:
		made->any = (bs_address_is_ipv4(evaluation->client) ? term->ipv4 : term->ipv6) == 0;
		// libspf2 refuses a length of 0; then we answer with the client's own address
		bs_print(text + used, room, " %c%s:%u.t/%u//%u", term->qualifier,
			spf_kind_name(term->kind), number, term->ipv4 == 0 ? 32u : term->ipv4,
			term->ipv6 == 0 ? 128u : term->ipv6);
		break;
	default:
		// Those that match in any case, and `ptr`, which libspf2 can't do: they ask us.
		bs_print(text + used, room, " %cexists:%u.t", term->qualifier, number);
		break;
	}
	ask_ahead(evaluation, made);
	return true;
}

static enum fetched rewrite(struct evaluation *evaluation, const char *domain,
	const struct dns_record *found, char text[EVALUATION_RECORD])
{
	struct spf_record record;
	const char *fault = spf_record_parse(
		found->text, found->length, evaluation->client, &record);
	if (fault != NULL) {
		evaluation_stop(evaluation, SPF_PERMERROR, "record of %s: %s", domain, fault);
		return FETCHED_STOPPED;
	}
	bs_print(text, EVALUATION_RECORD, "v=spf1");
	for (unsigned i = 0; i < record.count; i++)
		if (!add_term(evaluation, &record.term[i], domain, text))
			return FETCHED_STOPPED;
	if (record.redirect.kind == SPF_KIND_REDIRECT &&
		!add_term(evaluation, &record.redirect, domain, text))
		return FETCHED_STOPPED;
	return FETCHED;
}

enum fetched evaluation_fetch(
	struct evaluation *evaluation, const char *domain, char text[EVALUATION_RECORD])
{
	const struct dns_record *found = NULL;
	const struct dns_answer *answer = look(evaluation, domain, DNS_TXT);
	if (answer == NULL)
		return FETCHED_STOPPED;
	for (unsigned i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->record[i];
		if (!spf_record_is(record->text, record->length))
			continue;
		if (found != NULL) { // RFC 7208, 4.5
			evaluation_stop(
				evaluation, SPF_PERMERROR, "%s has several records", domain);
			return FETCHED_STOPPED;
		}
		found = record;
	}
	return found == NULL ? FETCHED_NOTHING : rewrite(evaluation, domain, found, text);
}

// The term of a number, NULL when there is none: libspf2 gives back what it was given.
static struct evaluation_term *term_of(struct evaluation *evaluation, const char *number)
{
	char *end;
	unsigned long value = strtoul(number, &end, 10);
	if (end == number || strcmp(end, ".t") != 0 || value >= evaluation->count)
		return NULL;
	return &evaluation->term[value];
}

enum fetched evaluation_enter(
	struct evaluation *evaluation, const char *number, char text[EVALUATION_RECORD])
{
	struct evaluation_term *term = term_of(evaluation, number);
	if (term == NULL || evaluation->stopped || evaluation->pending)
		return FETCHED_STOPPED;
	evaluation->last = evaluation->entered = term;
	if (!count_lookup(evaluation))
		return FETCHED_STOPPED;
	enum fetched fetched = evaluation_fetch(evaluation, term->name, text);
	if (fetched == FETCHED_NOTHING) // RFC 7208, 5.2 and 6.1
		evaluation_stop(evaluation, SPF_PERMERROR, "%s of %s leads to no record",
			spf_kind_name(term->kind), term->record);
	return fetched == FETCHED ? FETCHED : FETCHED_STOPPED;
}

static void give_addresses(const struct evaluation *evaluation, const struct evaluation_term *term,
	const struct dns_answer *found, struct evaluation_answer *answer)
{
	if (term->any && found->count > 0)
		answer->address[answer->count++] = *evaluation->client;
	else
		for (unsigned i = 0; i < found->count; i++)
			answer->address[answer->count++] = found->record[i].address;
}

// One of the hosts of an `mx`. None of them counts as a lookup or as void: only terms do (RFC 7208, 4.6.4), and a client of
// IPv6 is not to blame for hosts that have IPv4 only.
static bool look_host(struct evaluation *evaluation, const char *number, enum dns_type type,
	struct evaluation_answer *answer)
{
	char *rest;
	unsigned long host = strtoul(number, &rest, 10);
	struct evaluation_term *term = *rest == '-' ? term_of(evaluation, rest + 1) : NULL;
	const struct dns_answer *hosts = term == NULL ? NULL : look(evaluation, term->name, DNS_MX);
	if (hosts == NULL || host >= hosts->count)
		return false;
	const struct dns_answer *found = look(evaluation, hosts->record[host].text, type);
	if (found == NULL)
		return false;
	give_addresses(evaluation, term, found, answer);
	return true;
}

static bool look_hosts(struct evaluation *evaluation, const struct evaluation_term *term,
	struct evaluation_answer *answer)
{
	const struct dns_answer *hosts = look(evaluation, term->name, DNS_MX);
	if (hosts == NULL || !count_void(evaluation, hosts))
		return false;
	answer->count = hosts->count;
	answer->term = (unsigned)(term - evaluation->term);
	for (unsigned i = 0; i < hosts->count && i < SPF_LOOKUPS; i++)
		dns_look(evaluation->asker, hosts->record[i].text, address_type(evaluation));
	return true;
}

static bool look_ptr(struct evaluation *evaluation, const struct evaluation_term *term,
	struct evaluation_answer *answer)
{
	const char *name;
	if (!spf_validated_name(evaluation->asker, evaluation->client, term->name, &name)) {
		evaluation->pending = true;
		return false;
	}
	if (spf_name_within(name, term->name))
		answer->address[answer->count++] = *evaluation->client;
	return true;
}

static bool look_term(struct evaluation *evaluation, const struct evaluation_term *term,
	enum dns_type type, struct evaluation_answer *answer)
{
	evaluation->last = term;
	if (!asks(term->kind)) {
		answer->address[answer->count++] = *evaluation->client;
		return true;
	}
	if (!count_lookup(evaluation))
		return false;
	if (term->kind == SPF_KIND_MX)
		return look_hosts(evaluation, term, answer);
	if (term->kind == SPF_KIND_PTR)
		return look_ptr(evaluation, term, answer);
	const struct dns_answer *found = look(evaluation, term->name, type);
	if (found == NULL || !count_void(evaluation, found))
		return false;
	give_addresses(evaluation, term, found, answer);
	return true;
}

bool evaluation_look(struct evaluation *evaluation, const char *number, enum dns_type type,
	struct evaluation_answer *answer)
{
	answer->count = 0;
	if (evaluation->stopped || evaluation->pending)
		return false;
	struct evaluation_term *term = term_of(evaluation, number);
	return term != NULL ? look_term(evaluation, term, type, answer)
			    : look_host(evaluation, number, type, answer);
}
