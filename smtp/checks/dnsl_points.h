// SPDX-License-Identifier: BSD-3-Clause
//
// Test points of a DNS list (RFC 5782, section 5): names that a living list has, and names that no sane list has.
//
// Pure functions.
#pragma once

#include "smtp/checks/dnsl.h"
#include "smtp/checks/dnsl_answer.h"
#include "smtp/dns/dns.h"

#define DNSL_POINTS 4 // listed and not, of two families

struct dnsl_point {
	char name[DNS_NAME]; // to be asked for A
	const char *shown;   // without the zone: "127.0.0.2"; for log and audit
	bool listed;         // it has to be
};

// The points of `list`, which must outlive them; returns how many. 0 when it is not tested or none makes a name.
unsigned dnsl_points(const struct bs_dnsl *list, struct dnsl_point point[DNSL_POINTS]);

// How a list stands.
enum dnsl_points_state {
	DNSL_POINTS_AWAITED, // not known yet
	DNSL_POINTS_GOOD,
	DNSL_POINTS_SILENT, // no answer
	DNSL_POINTS_MISSING, // a point that must be listed is not: the list is dead or the zone another's
	DNSL_POINTS_LISTED, // one that must not be is: it lists the world
	DNSL_POINTS_ERROR,  // an address that is no entry
};

// How the points of a list stand: the worst of them.
struct dnsl_points_word {
	enum dnsl_points_state state;
	uint8_t point; // which, of dnsl_points()
	uint8_t octets[4];
};

// What the answer to one point says; `octets` as of dnsl_read().
enum dnsl_points_state dnsl_point_read(const struct bs_dnsl *list, const struct dnsl_point *point,
	const struct dns_answer *answer, uint8_t octets[4]);

#define DNSL_POINTS_TEXT 240

// What is wrong, and the cure. Returns `text`.
const char *dnsl_points_say(
	const struct bs_dnsl *list, struct dnsl_points_word word, char text[DNSL_POINTS_TEXT]);
