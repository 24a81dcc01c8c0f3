// SPDX-License-Identifier: BSD-3-Clause
//
// Rows of the table of keys (control/configuration/config_keys.c) for what judges: each check of smtp/checks/rows.h gets a key with its
// name and one with its weights, in checks { } and, where it is judged for a recipient, in policy "NAME" { }.
//
// Only control/configuration/config_keys.c includes it.
#pragma once

#include "control/configuration/config.h"
#include "dataplane/seam/source.h"
#include "smtp/checks/dashed.h"

// clang-format off
#define X(identifier, row, ...) \
	_Static_assert(sizeof(#row "-score") <= CHECK_NAME, #row); \
	static const char name_##row[CHECK_NAME] = BS_DASHED(#row); \
	static const char score_##row[CHECK_NAME] = BS_DASHED(#row "-score");
BS_CHECKS(X) // NOLINT(bugprone-sizeof-expression): which bytes a name has is asked with sizeof
#undef X

#define MODES "off|observe|enforce"
#define MODE_WORD_OFF     "off"
#define MODE_WORD_OBSERVE "observe"
#define MODE_WORD_ENFORCE "enforce"

#define HIT_SCORES  "A hit adds its weight."
#define HIT_REFUSES "A hit refuses."
#define HIT_DEFERS  "A hit defers."

#define HUNDREDTHS_MOST 99999 // of a total: 999.99

// What stands for all recipients.
#define CHECK_KEYS(identifier, row, at, does, how, hits, misses, answer, digits, reply, says) \
	{"checks", name_##row, KIND_WORD, FIELD(config, smtp.checks.mode[BS_CHECK_##identifier]), .change = CHANGE_SET, .standard = MODE_WORD_##how, .words = MODES, \
	 .sentence = "Hit: " says ". " HIT_##does}, \
	{"checks", score_##row, KIND_SCORE, FIELD(config, smtp.checks.score[BS_CHECK_##identifier]), .change = CHANGE_SET, .score = {hits, misses}, \
	 .sentence = "Its weights."},

#define CHECKS_KEYS \
	{"checks", "preset", KIND_WORD, FIELD(config, checks_preset), .change = CHANGE_RELOAD, .standard = "standard", .words = "standard|policyd-weight", \
	 .sentence = "Where keys of this section that are not set have their defaults from. policyd-weight: weights, modes and threshold as that program has them; SPF and greylisting, which it hasn't, are off."}, \
	{"checks", "refuse-score", KIND_TOTAL, FIELD(config, smtp.checks.refuse), .change = CHANGE_SET, .standard = "1", .words = "never", .least = 1, .most = HUNDREDTHS_MOST, \
	 .sentence = "Total of the weights from which a client is refused. At 1 a hit in one DNS list of weight 1 is enough, as with postscreen: make it larger where several should agree."}, \
	{"checks", "defer-score", KIND_TOTAL, FIELD(config, smtp.checks.defer), .change = CHANGE_SET, .standard = "never", .words = "never", .least = 1, .most = HUNDREDTHS_MOST, \
	 .sentence = "Total from which a client is told to try again later."}, \
	{"checks", "skip-score", KIND_TOTAL, FIELD(config, smtp.checks.skip), .change = CHANGE_SET, .standard = "never", .words = "never", .least = (uint64_t)-HUNDREDTHS_MOST, .most = (uint64_t)-1, \
	 .sentence = "Total, below zero, down from which a client is spared the rest of the wait and greylisting."}, \
	{"checks", "refuse-at", KIND_WORD, FIELD(config, smtp.refuse_at), .change = CHANGE_SET, .standard = "rcpt", .words = "rcpt|mail|connect", \
	 .sentence = "Where a refusal is given at the earliest. rcpt: so that the log has sender and recipient, and postmaster, abuse and recipients of a policy can be reached; with mail and connect they can't."}, \
	BS_CHECKS(CHECK_KEYS)

// What is said when it refuses or defers.
#define REPLY_KEY(identifier, row, at, does, how, hits, misses, answer, digits, text, says) \
	{"replies", name_##row, KIND_REPLY, FIELD(config, smtp.reply[BS_CHECK_##identifier]), .change = CHANGE_RELOAD, .standard = (text), .most = BS_CHECK_REPLY - 1, \
	 .sentence = "Behind " #answer " " digits ": " says "."},

#define REPLIES_KEYS BS_CHECKS(REPLY_KEY)

#define GREYLIST_KEYS \
	{"greylist", "delay", KIND_DURATION, FIELD(config, smtp.checks.greylist.delay_ms), .change = CHANGE_SET, .standard = "5m", .least = SECOND, .most = DAY, \
	 .sentence = "How long after the first try a further one passes."}, \
	{"greylist", "retry-window", KIND_DURATION, FIELD(config, smtp.checks.greylist.retry_ms), .change = CHANGE_SET, .standard = "4h", .least = MINUTE, .most = 30 * DAY, \
	 .sentence = "How long after the first try it must have come. Longer than the delay; RFC 5321 has senders try for 4 days, some only each few hours."}, \
	{"greylist", "lifetime", KIND_DURATION, FIELD(config, smtp.checks.greylist.lifetime_ms), .change = CHANGE_SET, .standard = "36d", .least = HOUR, .most = 49 * DAY, \
	 .sentence = "How long what has passed is remembered after its last use."}, \
	{"greylist", "auto-allow", KIND_COUNT, FIELD(config, smtp.checks.greylist.auto_allow), .change = CHANGE_SET, .standard = "5", .most = 1000000, \
	 .sentence = "Passes of a network (or domain, see key) after which it is not greylisted any more; 0: it always is."}, \
	{"greylist", "only-from-score", KIND_TOTAL, FIELD(config, smtp.checks.greylist.only_from), .change = CHANGE_SET, .standard = "all", .words = "all", .word_value = INT32_MIN, .least = (uint64_t)-HUNDREDTHS_MOST, .most = HUNDREDTHS_MOST, \
	 .sentence = "Only sessions with at least this total of weights are greylisted. all: whatever the total."}, \
	{"greylist", "key", KIND_WORD, FIELD(config, smtp.checks.greylist.spf_key), .change = CHANGE_SET, .standard = "network", .words = "network|spf-domain", \
	 .sentence = "What is remembered with sender and recipient. network: the client's /24 or /64. spf-domain: the sender's domain where SPF passes, so that large senders may come from anywhere; else the network."},

#define RATES_KEYS \
	{"rates", "window", KIND_DURATION, FIELD(config, smtp.rates.window_ms), .change = CHANGE_SET, .standard = "1m", .least = SECOND, .most = DAY, \
	 .sentence = "The time within which these are counted, for each IPv4 address or IPv6 /64."}, \
	{"rates", "connections", KIND_COUNT, FIELD(config, smtp.rates.connections), .change = CHANGE_SET, .standard = "0", .most = BS_RATE_MOST, \
	 .sentence = "Connections of a source; the next is told 421. 0: no limit."}, \
	{"rates", "mails", KIND_COUNT, FIELD(config, smtp.rates.mails), .change = CHANGE_SET, .standard = "0", .most = BS_RATE_MOST, \
	 .sentence = "Mails accepted from a source; the next is told to come later. 0: no limit."}, \
	{"rates", "recipients", KIND_COUNT, FIELD(config, smtp.rates.recipients), .change = CHANGE_SET, .standard = "0", .most = BS_RATE_MOST, \
	 .sentence = "Recipients that a source asks for; the next is told to come later. 0: no limit."}, \
	{"rates", "exceptions", KIND_PREFIXES, LIST(config, rate_exceptions, rate_exception_count), .change = CHANGE_RELOAD, .standard = "", \
	 .sentence = "Networks that these do not hold for; at most 256."},

#define DNSL_KEYS \
	{"dnsl", "zone", KIND_ZONE, FIELD(config_dnsl, list.zone), .change = CHANGE_RELOAD, .most = 188, .secret = true, \
	 .sentence = "The zone that is asked. Default: the section's name. It may hold a secret key: log, replies and explain have the section's name instead, only --print-config writes the zone."}, \
	{"dnsl", "codes", KIND_CODES, LIST(config_dnsl, codes, code_count), .change = CHANGE_RELOAD, .standard = "", .most = 100, \
	 .sentence = "Answers that are hits, like 127.0.0.[2..11] or 127.0.[0..255].[1;3]. {}: all of 127/8. 127.255.255.x and what is not in 127/8 are errors and never hits."}, \
	{"dnsl", "score", KIND_SCORE, .offset = offsetof(struct config_dnsl, list.hit), .width = sizeof(struct bs_score), .change = CHANGE_RELOAD, .score = {100, 0}, \
	 .sentence = "Weights of a client that the list has, and behind a slash of one that it hasn't. Below zero for a list of good clients."}, \
	{"dnsl", "mode", KIND_WORD, FIELD(config_dnsl, list.mode), .change = CHANGE_RELOAD, .standard = "enforce", .words = MODES, \
	 .sentence = "As of a check; checks.client-lists is over it."}, \
	{"dnsl", "families", KIND_WORD, FIELD(config_dnsl, list.families), .change = CHANGE_RELOAD, .standard = "ipv4", .words = "ipv4|ipv6|both", .first_word = BS_DNSL_IPV4, \
	 .sentence = "Which clients it is asked about. A list that knows no IPv6 fails its IPv6 test points, and then counts for nobody."}, \
	{"dnsl", "kind", KIND_WORD, FIELD(config_dnsl, list.kind), .change = CHANGE_RELOAD, .standard = "client", .words = "client|name", \
	 .sentence = "client: asked about the client's address. name: about names, of the client, of its HELO, of the sender's domain."}, \
	{"dnsl", "test", KIND_WORD, FIELD(config_dnsl, list.tested), .change = CHANGE_RELOAD, .standard = "yes", .words = "no|yes", \
	 .sentence = "Whether it only counts while its test points are good (RFC 5782)."}, \
	{"dnsl", "test-listed", KIND_POINT, FIELD(config_dnsl, list.test_listed), .change = CHANGE_RELOAD, .standard = "", .most = 63, \
	 .sentence = "A point that it must have, or one of each family. Default: 127.0.0.2, ::ffff:7f00:2 or TEST."}, \
	{"dnsl", "test-unlisted", KIND_POINT, FIELD(config_dnsl, list.test_unlisted), .change = CHANGE_RELOAD, .standard = "", .most = 63, \
	 .sentence = "A point that it must not have. Default: 127.0.0.1, ::ffff:7f00:1 or INVALID."}, \
	{"dnsl", "max-share", KIND_COUNT, FIELD(config_dnsl, list.share), .change = CHANGE_RELOAD, .standard = "98", .least = 1, .most = 100, \
	 .sentence = "Per cent of the clients asked about that it may have; with more it lists the world, and is not believed for a time. 100: any."},

// What stands for recipients of a policy: all but what comes before the recipient is known.
#define POLICY_CHECK(identifier, row) \
	{"policy", name_##row, KIND_WORD, FIELD(config_policy, rules.checks.mode[BS_CHECK_##identifier]), .change = CHANGE_RELOAD, .words = MODES, .inherits = true, .sentence = ""}, \
	{"policy", score_##row, KIND_SCORE, FIELD(config_policy, rules.checks.score[BS_CHECK_##identifier]), .change = CHANGE_RELOAD, .inherits = true, .sentence = ""},
#define POLICY_AT_BEHAVIOUR(identifier, row)
#define POLICY_AT_CLIENT(identifier, row)    POLICY_CHECK(identifier, row)
#define POLICY_AT_HELO(identifier, row)      POLICY_CHECK(identifier, row)
#define POLICY_AT_SENDER(identifier, row)    POLICY_CHECK(identifier, row)
#define POLICY_AT_RECIPIENT(identifier, row) POLICY_CHECK(identifier, row)
#define POLICY_CHECKS(identifier, row, at, ...) POLICY_AT_##at(identifier, row)

#define POLICY_KEYS \
	{"policy", "domains", KIND_DOMAINS, LIST(config_policy, domains, domain_count), .change = CHANGE_RELOAD, .standard = "", \
	 .sentence = "Domains whose recipients have this policy."}, \
	{"policy", "addresses", KIND_RECIPIENTS, LIST(config_policy, addresses, address_count), .change = CHANGE_RELOAD, .standard = "", \
	 .sentence = "Recipients that have it, before the policy of their domain: user@example.org, or user@ for all domains; user+news@example.org has that of user@example.org, if none of its own."}, \
	{"policy", "lists", KIND_TITLES, LIST(config_policy, lists, list_count), .change = CHANGE_RELOAD, .inherits = true, \
	 .sentence = "Names of the dnsl sections that count. Without this key all do; {}: none."}, \
	{"policy", "refuse-score", KIND_TOTAL, FIELD(config_policy, rules.checks.refuse), .change = CHANGE_RELOAD, .words = "never", .least = 1, .most = HUNDREDTHS_MOST, .inherits = true, \
	 .sentence = "As in checks { }, and so are the keys of each check."}, \
	{"policy", "defer-score", KIND_TOTAL, FIELD(config_policy, rules.checks.defer), .change = CHANGE_RELOAD, .words = "never", .least = 1, .most = HUNDREDTHS_MOST, .inherits = true, \
	 .sentence = "As in checks { }."}, \
	{"policy", "skip-score", KIND_TOTAL, FIELD(config_policy, rules.checks.skip), .change = CHANGE_RELOAD, .words = "never", .least = (uint64_t)-HUNDREDTHS_MOST, .most = (uint64_t)-1, .inherits = true, \
	 .sentence = "As in checks { }, but that it spares greylisting alone: the wait is over."}, \
	POLICY_CHECK(BARE_NEWLINE, bare_newline) \
	BS_CHECKS(POLICY_CHECKS)
// clang-format on
