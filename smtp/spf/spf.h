// SPDX-License-Identifier: BSD-3-Clause
//
// SPF (RFC 7208): may this client send for this identity? libspf2 evaluates, behind a layer of ours that asks our resolver and
// bounds what libspf2 does not: lookups over all includes, void lookups, record length, macro grammar, names.
//
// Owner: one worker.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/seam/address.h"
#include "smtp/dns/dns.h"

enum spf_result { // RFC 7208, 2.6; libspf2 calls its own SPF_RESULT_*
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
	SPF_RESULTS
};

#define SPF_DETAIL 120

struct spf_outcome {
	enum spf_result result;
	char detail
		[SPF_DETAIL]; // one line of ours, no text of the record's owner: "mechanism -all of example.org"
};

struct spf; // of a worker

// `hostname`: ours, for the macro %{r}. NULL without memory.
struct spf *spf_new(const char *hostname);
void spf_free(struct spf *spf);

// Evaluates `local`@`domain` for a client that said `helo`. For the HELO identity, and for <>, local is "postmaster" and domain the HELO
// (RFC 7208, 2.4). True when `outcome` is there; false when answers are pending: call it again after the asker's news, with the
// same arguments.
bool spf_evaluate(struct spf *spf, struct dns_asker *asker, const struct bs_address *client,
	const char *helo, const char *local, const char *domain, struct spf_outcome *outcome);

const char *spf_result_name(enum spf_result result); // "pass"
