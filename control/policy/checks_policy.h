// SPDX-License-Identifier: BSD-3-Clause
//
// What the checks (smtp/checks/rows.h) may do, as part of the policy snapshot: one set of rules for all, and others for recipients
// of a `policy "NAME" { }`, which say only what is different there.
//
// A leaf. Immutable once published; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "smtp/checks/rows.h"

struct bs_score {
	int16_t hit, miss; // hundredths
};

// Where an answer that refuses is given at the earliest.
enum bs_checks_at { BS_AT_RCPT, BS_AT_MAIL, BS_AT_CONNECT };

struct bs_greylist_rules {
	uint32_t delay_ms;    // before a retry passes
	uint32_t retry_ms;    // within so long it must come
	uint32_t lifetime_ms; // of a triplet that passed, since its last use
	uint32_t auto_allow;  // passes after which a network is not asked any more; 0: never
	int32_t only_from;    // hundredths: only sessions with at least this score; INT32_MIN: all
	bool spf_key;         // the SPF-passing domain instead of the network
};

struct bs_rates {
	uint32_t window_ms;   // in which these are counted
	uint32_t connections; // of a source; 0: no limit
	uint32_t mails;       // accepted
	uint32_t recipients;  // asked for
};

// A reply's text, before its $words are replaced: so short that that of early-talk fits its template with the longest
// hostname and contact (RFC 5321, 4.5.3.1.5).
#define BS_CHECK_REPLY 116

#define BS_DNSL_MOST 64u // DNS lists; a bit each

struct bs_checks {
	uint8_t mode[BS_CHECK_COUNT]; // enum bs_mode
	struct bs_score score[BS_CHECK_COUNT];
	int32_t refuse, defer, skip; // totals in hundredths; 0: never. skip: at most, so negative
	struct bs_greylist_rules greylist;
};

// `policy "NAME" { }`: what is not set there is as in the rules for all. A field is set when its bit is.
#define BS_POLICY_NAME 32
struct bs_recipient_policy {
	char name[BS_POLICY_NAME];
	struct bs_checks checks;
	uint64_t mode_set, score_set; // bit = enum bs_check
	uint64_t lists;               // bit = row of bs_policy.dnsl that counts here
	bool lists_set, refuse_set, defer_set, skip_set;
};
_Static_assert(BS_CHECK_COUNT <= 64, "a bit each");

struct bs_policy;

// Row of the policy for a recipient: 0 is the rules for all, n is policy->recipient_policy[n - 1]. `local` and `domain` in any
// case; an address is looked for with its extension, then without it (recipients.delimiter), then its domain.
unsigned bs_policy_for(const struct bs_policy *policy, const char *local, const char *domain);

// What holds in a row.
unsigned bs_check_mode(const struct bs_policy *policy, unsigned row, enum bs_check check);
struct bs_score bs_check_score(const struct bs_policy *policy, unsigned row, enum bs_check check);
struct bs_thresholds {
	int32_t refuse, defer, skip;
};
struct bs_thresholds bs_check_thresholds(const struct bs_policy *policy, unsigned row);
// Bits of the DNS lists that count.
uint64_t bs_check_lists(const struct bs_policy *policy, unsigned row);
// Two rows that answer alike after DATA: recipients of both can be in one mail.
bool bs_policy_same_content(const struct bs_policy *policy, unsigned a, unsigned b);

struct bs_address;
// A client of rates.exceptions: nothing of it is limited by struct bs_rates. At most BS_RATE_EXCEPTIONS comparisons.
#define BS_RATE_EXCEPTIONS 256u
bool bs_rates_spare(const struct bs_policy *policy, const struct bs_address *client);
