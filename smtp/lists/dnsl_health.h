// SPDX-License-Identifier: BSD-3-Clause
//
// Are the DNS lists to be believed? A list counts only while its test points (RFC 5782, section 5) are good and it does not
// have everybody. Lists died and then listed the world; who asked them refused all mail. What is known of a list is shared by all
// workers, by its name and zone, so that a reload keeps it.
//
//   points  asked at the start, each minute, and early when hits come in a row
//   share   of those asked about lately, each counted once: over the list's bound it is suspended; so it is when a run of hits without
//           a miss is too long for chance
//
// How many clients a list that starts to have everybody can cost before it is suspended:
//   its points tell (it has its unlisted point too): after DNSL_PROOF hits in a row the points are asked, and DNSL_UNPROVED are
//   believed at most until they have answered well. So DNSL_PROOF and those of a round trip, never more than DNSL_UNPROVED.
//   its points don't tell: a run of DNSL_RUN where up to three of four clients were listed before; a longer one where more were, since there
//   it is likelier by chance: the clients in it that would not have been hit are never more than DNSL_RUN.
//   one that has nearly everybody, and misses between: its share, over at most two windows of DNSL_WINDOW.
// Answers that resolvers remember are believed for as long as they may (TTL).
//
// Atomics, no lock: a worker that counts may suspend at once. One worker, always the same, asks the points and says in the log what
// changed: dnsl_health_turn().
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/policy/policy.h"
#include "smtp/checks/dnsl_answer.h"
#include "smtp/checks/dnsl_points.h"
#include "smtp/dns/dns.h"

#define DNSL_PROOF       16u     // hits in a row after which the points are asked
#define DNSL_UNPROVED    64u     // hits in a row that are believed without an answer to that
#define DNSL_RUN         50u     // hits in a row that suspend, see above
#define DNSL_LEAST       50u     // asked about, for a share
#define DNSL_WINDOW      500u    // asked about; the share is of this window and the one before
#define DNSL_WINDOW_MS   300000u // or so long, if at least DNSL_LEAST were
#define DNSL_TEST_MS     60000u  // between tests
#define DNSL_RETRY_MS    5000u   // after the first without answer
#define DNSL_PATIENCE_MS 8000u   // for the answers to one test
#define DNSL_EARLY_MS    100u    // between tests that hits in a row ask for

struct bs_bell;
struct bs_log;
struct dnsl_health;
struct resolver;

// NULL without memory. Control thread.
struct dnsl_health *dnsl_health_new(void);
void dnsl_health_free(struct dnsl_health *health);

enum dnsl_trust {
	DNSL_SILENCED, // not to be asked: its points are bad, or not known yet
	DNSL_WATCHED,  // asked so that its share is known; nobody waits for it and no answer counts
	DNSL_COUNTS,
};

// Any worker.
enum dnsl_trust dnsl_health_trust(struct dnsl_health *health, const struct bs_dnsl *list);
// Takes an answer to heart. `octets`: of dnsl_read(). `subject`: a hash of whom it is about (dnsl_health_subject()). Then
// dnsl_health_trust() says whether this answer counts. Any worker; cheap for who was counted already.
void dnsl_health_count(struct dnsl_health *health, const struct bs_dnsl *list, uint64_t subject,
	enum dnsl_reading reading, const uint8_t octets[4], uint64_t now_ms);
// A client is an IPv4 address or an IPv6 /64. Keyed: nobody can choose addresses that are taken for one.
uint64_t dnsl_health_client(const struct dnsl_health *health, const struct bs_address *client);
uint64_t dnsl_health_name(const struct dnsl_health *health, const char *name);

// What the worker that asks the points has. Pointers outlive its last turn.
struct dnsl_tools {
	struct dns_source *source;
	struct bs_log *log;
	struct bs_bell
		*bell; // of its lcore: other workers ring when points are wanted early; may be NULL
	// resolver_forget(): a point is to be asked, not remembered. NULL: the source remembers nothing.
	uint32_t (*forget)(struct resolver *resolver, const char *name, enum dns_type type);
	struct resolver *resolver;
};

// Part of a worker's turn, always the same worker's. Returns how much was done: little work while nothing is due.
unsigned dnsl_health_turn(struct dnsl_health *health, const struct dnsl_tools *tools,
	const struct bs_policy *policy, uint64_t now_ms);
// When the turn is due at the latest, UINT64_MAX: never. The same worker.
uint64_t dnsl_health_next(const struct dnsl_health *health);
// There is something for it to do now. The same worker.
bool dnsl_health_ready(const struct dnsl_health *health);
// The same worker, before its resolver goes: asks no more.
void dnsl_health_leave(struct dnsl_health *health);

// For status, stats and explain.
struct dnsl_view {
	bool counts;                // is believed now
	bool suspended;             // is not, with an alarm
	char why[DNSL_POINTS_TEXT]; // "" when it counts
	uint64_t asked;             // clients (or names) asked about, each once a window
	uint64_t hits;              // of these
	uint64_t errors;            // answers that are no entry
	uint64_t suspensions;
	uint32_t share;  // per cent of `lately`
	uint32_t lately; // asked about in the last one or two windows
};

// Any thread.
void dnsl_health_view(
	const struct dnsl_health *health, const struct bs_dnsl *list, struct dnsl_view *view);
