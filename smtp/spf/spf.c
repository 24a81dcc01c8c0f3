// SPDX-License-Identifier: BSD-3-Clause
//
// libspf2 on top of an evaluation: it walks the mechanisms, qualifiers, includes and redirects of records whose every name is a number of
// ours (evaluation.h), and compares addresses. Each question of it comes to look_up() and get_record(), which answer from what the asker
// knows or make it stop.
//
// What libspf2 1.2.10 would do wrong if it were left to it, and who does it instead:
//   10 lookups are counted anew in each include          evaluation.c
//   void lookups are not counted                         evaluation.c
//   ptr: the 11th name is an error, as is DNS trouble    validated.c
//   a, mx: a prefix length of 0 is refused               evaluation.c
//   redirect takes effect where it stands                written last
//   of a record only 511 compiled bytes count            record.c: few terms are left
//   ip6 networks of more than 15 characters              record.c
//   macros: memory errors, wrong delimiters and escapes  macro.c
//   127.0.0.0/8 passes in any case                       SPF_record_interpret() is below that
//   exp= is fetched, though nobody asked                 record.c leaves it out
//   several records, malformed names, type 99            evaluation_fetch()
// It aborts the process when a lookup gives NULL; so there is an answer in reserve.
#include "dataplane/seam/text.h"
#include "smtp/spf/spf.h"

#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>

#include "smtp/spf/evaluation.h"

struct spf {
	SPF_dns_server_t layer; // hook: this
	SPF_server_t *server;
	SPF_dns_rr_t *reserve;
	struct evaluation evaluation;
};

static SPF_dns_rr_t *empty_answer(struct spf *spf, const char *name, ns_type type, int status)
{
	SPF_dns_rr_t *made = SPF_dns_rr_new_init(&spf->layer, name, type, 0, status);
	if (made != NULL)
		return made;
	evaluation_stop(&spf->evaluation, SPF_TEMPERROR, "no memory");
	made = spf->reserve;
	spf->reserve = NULL;
	made->rr_type = type;
	made->herrno = TRY_AGAIN; // ends the evaluation, so that the reserve lasts
	return made;
}

static SPF_dns_rr_t *give_up(struct spf *spf, SPF_dns_rr_t *answer)
{
	evaluation_stop(&spf->evaluation, SPF_TEMPERROR, "no memory");
	answer->num_rr = 0;
	answer->herrno = TRY_AGAIN;
	return answer;
}

static SPF_dns_rr_t *look_up(
	SPF_dns_server_t *layer, const char *name, ns_type type, int should_cache)
{
	struct spf *spf = layer->hook;
	struct evaluation_answer found;
	char host[32];
	if (!evaluation_look(&spf->evaluation, name, (enum dns_type)type, &found))
		return empty_answer(spf, name, type, TRY_AGAIN);
	SPF_dns_rr_t *answer = empty_answer(
		spf, name, type, found.count > 0 ? NETDB_SUCCESS : NO_DATA);
	if (answer->herrno != NETDB_SUCCESS)
		return answer;
	for (unsigned i = 0; i < found.count; i++) {
		if (SPF_dns_rr_buf_realloc(answer, (int)i, sizeof(host)) != SPF_E_SUCCESS)
			return give_up(spf, answer);
		if (type == ns_t_mx) {
			bs_print(host, sizeof(host), "%u-%u.t", i, found.term);
			memcpy(answer->rr[i]->mx, host, sizeof(host));
		} else if (type == ns_t_a) {
			memcpy(&answer->rr[i]->a, found.address[i].octet + 12, 4);
		} else {
			memcpy(&answer->rr[i]->aaaa, found.address[i].octet, 16);
		}
		answer->num_rr = (int)i + 1;
	}
	return answer;
}

static SPF_errcode_t get_record(SPF_server_t *server, SPF_request_t *request,
	SPF_response_t *response, SPF_record_t **record)
{
	struct spf *spf = server->resolver->hook;
	char text[EVALUATION_RECORD];
	*record = NULL;
	if (evaluation_enter(&spf->evaluation, request->cur_dom, text) != FETCHED)
		return SPF_E_DNS_ERROR;
	SPF_errcode_t error = SPF_record_compile(server, response, record, text);
	if (error != SPF_E_SUCCESS) // it is ours: memory
		evaluation_stop(&spf->evaluation, SPF_TEMPERROR, "no memory");
	return error;
}

struct spf *spf_new(const char *hostname)
{
	struct spf *spf = calloc(1, sizeof(*spf));
	SPF_response_t *response = NULL;
	if (spf == NULL)
		return NULL;
	spf->layer = (SPF_dns_server_t){
		.lookup = look_up, .get_spf = get_record, .name = "barscreen", .hook = spf};
	spf->server = SPF_server_new_dns(&spf->layer, 0);
	if (spf->server == NULL) {
		free(spf);
		return NULL;
	}
	// Ours are counted; libspf2's own counts begin anew in each include.
	SPF_server_set_max_dns_mech(spf->server, 1000);
	// It writes an explanation for each result; a constant saves it the macros.
	SPF_errcode_t error = SPF_server_set_explanation(spf->server, "no", &response);
	if (response != NULL)
		SPF_response_free(response);
	if (error != SPF_E_SUCCESS ||
		SPF_server_set_rec_dom(spf->server, hostname) != SPF_E_SUCCESS) {
		spf_free(spf);
		return NULL;
	}
	return spf;
}

void spf_free(struct spf *spf)
{
	if (spf == NULL)
		return;
	if (spf->reserve != NULL)
		SPF_dns_rr_free(spf->reserve);
	SPF_server_free(spf->server);
	free(spf);
}

// RFC 7208, 4.3. A literal has no record either.
static bool is_domain(const char *domain)
{
	size_t length = strlen(domain), label = 0;
	bool several = false;
	if (length > 0 && domain[length - 1] == '.')
		length--;
	if (length == 0 || length > DNS_NAME - 1 || domain[0] == '[')
		return false;
	for (size_t i = 0; i <= length; i++) {
		if (i < length && domain[i] != '.') {
			label++;
			continue;
		}
		if (label == 0 || label > 63)
			return false;
		several = several || i < length;
		label = 0;
	}
	return several;
}

static enum spf_result result_of(SPF_result_t result)
{
	switch (result) {
	case SPF_RESULT_NEUTRAL:
		return SPF_NEUTRAL;
	case SPF_RESULT_PASS:
		return SPF_PASS;
	case SPF_RESULT_FAIL:
		return SPF_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return SPF_SOFTFAIL;
	case SPF_RESULT_NONE:
		return SPF_NONE;
	case SPF_RESULT_PERMERROR:
		return SPF_PERMERROR;
	default:
		return SPF_TEMPERROR;
	}
}

// What decided: the mechanism that matched, or the include with another qualifier that it matched in.
static const struct evaluation_term *decider(const struct evaluation *evaluation)
{
	const struct evaluation_term *last = evaluation->last, *outermost = last;
	while (outermost->within != NULL)
		outermost = outermost->within;
	return outermost->qualifier == last->qualifier ? last : outermost;
}

static void conclude(struct evaluation *evaluation, const SPF_response_t *response)
{
	enum spf_result result = result_of(response->result);
	const struct evaluation_term *last = evaluation->last;
	if (last == NULL || response->reason == SPF_REASON_DEFAULT) {
		evaluation_stop(
			evaluation, result, "no mechanism of %s matches", evaluation->domain);
	} else if (result == SPF_PERMERROR) { // all else has stopped before
		evaluation_stop(evaluation, result, "mx of %s has more than %d hosts", last->record,
			SPF_LOOKUPS);
	} else {
		last = decider(evaluation);
		evaluation_stop(evaluation, result, "mechanism %c%s of %s", last->qualifier,
			spf_kind_name(last->kind), last->record);
	}
}

// Under SPF_request_query_mailfrom(), which lets loopback pass.
static void interpret(struct spf *spf, const char *text)
{
	struct evaluation *evaluation = &spf->evaluation;
	SPF_request_t *request = SPF_request_new(spf->server);
	SPF_response_t *response = request == NULL ? NULL : SPF_response_new(request);
	SPF_record_t *record = NULL;
	if (response == NULL ||
		SPF_record_compile(spf->server, response, &record, text) != SPF_E_SUCCESS) {
		evaluation_stop(evaluation, SPF_TEMPERROR, "no memory");
	} else {
		struct in_addr ipv4;
		struct in6_addr ipv6;
		memcpy(&ipv4, evaluation->client->octet + 12, sizeof(ipv4));
		memcpy(&ipv6, evaluation->client->octet, sizeof(ipv6));
		if (bs_address_is_ipv4(evaluation->client))
			SPF_request_set_ipv4(request, ipv4);
		else
			SPF_request_set_ipv6(request, ipv6);
		request->cur_dom = "t";
		response->spf_record_exp = record;
		SPF_record_interpret(record, request, response, 0);
		conclude(evaluation, response);
	}
	if (record != NULL)
		SPF_record_free(record);
	if (response != NULL)
		SPF_response_free(response);
	if (request != NULL)
		SPF_request_free(request);
}

static void evaluate(struct spf *spf)
{
	struct evaluation *evaluation = &spf->evaluation;
	char text[EVALUATION_RECORD];
	if (!is_domain(evaluation->domain)) {
		evaluation_stop(evaluation, SPF_NONE, "%s is no domain", evaluation->domain);
		return;
	}
	if (spf->reserve == NULL)
		spf->reserve = SPF_dns_rr_new();
	if (spf->reserve == NULL) {
		evaluation_stop(evaluation, SPF_TEMPERROR, "no memory");
		return;
	}
	enum fetched fetched = evaluation_fetch(evaluation, evaluation->domain, text);
	if (fetched == FETCHED_NOTHING)
		evaluation_stop(evaluation, SPF_NONE, "%s has no record", evaluation->domain);
	else if (fetched == FETCHED)
		interpret(spf, text);
}

bool spf_evaluate(struct spf *spf, struct dns_asker *asker, const struct bs_address *client,
	const char *helo, const char *local, const char *domain, struct spf_outcome *outcome)
{
	struct evaluation *evaluation = &spf->evaluation;
	evaluation->asker = asker;
	evaluation->client = client;
	evaluation->helo = helo;
	evaluation->local = local[0] != 0 ? local : "postmaster"; // RFC 7208, 4.3
	evaluation->domain = domain;
	evaluation->lookups = evaluation->voids = evaluation->ahead = evaluation->count = 0;
	evaluation->pending = evaluation->stopped = false;
	evaluation->last = evaluation->entered = NULL;
	evaluate(spf);
	if (evaluation->pending)
		return false;
	*outcome = evaluation->outcome;
	for (char *byte = outcome->detail; *byte != 0; byte++)
		if (!isprint((unsigned char)*byte))
			*byte = '?';
	return true;
}

const char *spf_result_name(enum spf_result result)
{
	static const char *const names[SPF_RESULTS] = {[SPF_NONE] = "none",
		[SPF_NEUTRAL] = "neutral",
		[SPF_PASS] = "pass",
		[SPF_FAIL] = "fail",
		[SPF_SOFTFAIL] = "softfail",
		[SPF_TEMPERROR] = "temperror",
		[SPF_PERMERROR] = "permerror"};
	return names[result];
}
