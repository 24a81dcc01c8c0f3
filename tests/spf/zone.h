// SPDX-License-Identifier: BSD-3-Clause
//
// A DNS as the RFC 7208 test suite writes it down: names with records, aliases and timeouts. A dns_source.
#pragma once

#include <stddef.h>

#include "smtp/dns/dns.h"

enum zone_kind { ZONE_RECORD, ZONE_ALIAS, ZONE_TIMEOUT, ZONE_NONE };

struct zone_entry {
	char *name;
	enum zone_kind kind;
	bool spf;           // of type SPF: stands for TXT where the name has no TXT entry
	enum dns_type type; // of ZONE_RECORD and ZONE_NONE
	unsigned preference;
	char *text; // any bytes
	size_t length;
};

struct zone_made; // an answer that was given

struct zone {
	struct dns_source source; // first
	struct zone_entry *entry;
	size_t entries;
	struct zone_made *made;
	bool late; // each question is answered only when it is asked a second time
};

void zone_init(struct zone *zone);
void zone_clear(struct zone *zone);
struct zone_entry *zone_add(struct zone *zone, const char *name);
