// SPDX-License-Identifier: BSD-3-Clause
//
// What names lead to, added up over the questions of one check, so that it asks them all at once and judges by what is there.
//
// Owner: one worker.
#pragma once

#include "smtp/checks/check.h"

#define HOSTS_MOST 10 // PTR and MX names looked at; a record set without end costs no more

struct hosts {
	bool pending;        // an answer is to come
	bool found;          // a record
	bool client;         // an address that is the client's
	bool near;           // one of the client's network: /24, /64
	const char *trouble; // why an answer does not come; NULL: all came
};

// The answer when it has records, else NULL; `hosts` says why.
const struct dns_answer *hosts_ask(struct hosts *hosts, const struct check_context *context,
	const char *name, enum dns_type type);

// Asks for the addresses of the client's family and compares.
void hosts_compare(struct hosts *hosts, const struct check_context *context, const char *name);

// Something is missing: the check says so (CHECK_PENDING, CHECK_UNKNOWN) and comes to no other end.
bool hosts_open(const struct hosts *hosts, struct check_result *result);

// Is the client one of the addresses or mail servers of `name`? CHECK_MISS when it is, CHECK_NOT_RUN when one is in its network, else
// CHECK_HIT; policyd-weight counts the same way.
void hosts_judge_client(
	const struct check_context *context, const char *name, struct check_result *result);
