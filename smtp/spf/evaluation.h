// SPDX-License-Identifier: BSD-3-Clause
//
// One run of an SPF evaluation: which terms were met, what they ask the DNS, how much of that is allowed. spf.c puts libspf2 on top.
//
// Each term gets a number, and libspf2 sees nothing but such numbers in the place of names: no text of a record's owner or of
// the client goes into it.
//
// Owner: one worker; within a call of spf_evaluate().
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/dns/dns.h"
#include "smtp/spf/macro.h"
#include "smtp/spf/record.h"
#include "smtp/spf/spf.h"

#define EVALUATION_TERMS ((SPF_TERMS + 1) * (SPF_LOOKUPS + 1))

struct evaluation_term {
	uint8_t kind;
	char qualifier;
	bool any; // `a`, `mx` of prefix length 0 for this client: any address there is matches
	char name[DNS_NAME];                  // what it asks for; "" when that is no name
	const char *record;                   // the domain in whose record it stands
	const struct evaluation_term *within; // the include that led there; NULL: none
};

struct evaluation {
	struct dns_asker *asker;
	const struct bs_address *client;
	const char *helo, *local, *domain;
	unsigned lookups, voids, ahead;
	bool pending; // an answer is missing: what came out means nothing
	bool stopped; // `outcome` stands, whatever libspf2 makes of it
	struct spf_outcome outcome;
	const struct evaluation_term *entered; // what led to the latest record; NULL: nothing
	const struct evaluation_term
		*last; // asked for: when libspf2 says that a mechanism matched, this one
	unsigned count;
	struct evaluation_term term[EVALUATION_TERMS];
};

// A record as libspf2 gets it: "v=spf1 ?include:12.t -exists:13.t"
#define EVALUATION_RECORD 512

enum fetched { FETCHED, FETCHED_NOTHING, FETCHED_STOPPED };

// Gets the record of a domain and writes it with numbers for names. `domain` must live as long as the evaluation.
enum fetched evaluation_fetch(
	struct evaluation *evaluation, const char *domain, char text[EVALUATION_RECORD]);
// include and redirect.
enum fetched evaluation_enter(
	struct evaluation *evaluation, const char *number, char text[EVALUATION_RECORD]);

// What libspf2 asks for, with a number for a name.
struct evaluation_answer {
	unsigned count;
	struct bs_address address[DNS_RECORDS]; // A, AAAA
	unsigned term;                          // MX: its hosts are called "i-TERM.t"
};
// False: stop.
bool evaluation_look(struct evaluation *evaluation, const char *number, enum dns_type type,
	struct evaluation_answer *answer);

void evaluation_stop(struct evaluation *evaluation, enum spf_result result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
