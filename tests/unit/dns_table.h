// SPDX-License-Identifier: BSD-3-Clause
//
// A DNS for unit tests: a table written down as text, in the place of the resolver.
//
//   struct dns_table table;
//   dns_table_new(&table, "example.org MX 10 mx.example.org\n"
//                         "mx.example.org A 192.0.2.25\n"
//                         "slow.example.org A ?\n"             answered after dns_table_arrive()
//                         "broken.example.org TXT !SERVFAIL\n" DNS_TROUBLE
//                         "example.org TXT v=spf1 -all\n");
//
// One record a line; lines of one name and type make one answer, in their order. A name that stands nowhere is DNS_NO_NAME, one without
// records of the type DNS_NO_DATA. PTR are written by the reversed name, or as "192.0.2.25 PTR mx.example.org". MX "." is the root.
#pragma once

#include "smtp/dns/dns.h"

#define DNS_TABLE_ANSWERS 1024

struct dns_table {
	struct dns_source source; // first: look() makes a table of it
	const char *text;
	bool arrived;       // "?" are answered
	unsigned asked;     // look() was called so often
	unsigned forgotten; // forget() was
	struct dns_table_answer *answer[DNS_TABLE_ANSWERS];
	unsigned answers;
};

// `text` must outlive the table.
void dns_table_new(struct dns_table *table, const char *text);
void dns_table_free(struct dns_table *table);
// What was late ("?") is there now, as DNS_NO_DATA unless the line says more behind the question mark. Calls news of no one.
void dns_table_arrive(struct dns_table *table);
