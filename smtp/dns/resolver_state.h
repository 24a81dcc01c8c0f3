// SPDX-License-Identifier: BSD-3-Clause
//
// The inside of the resolver: for smtp/dns/resolver.c, which faces the askers, and smtp/dns/resolver_wire.c, which faces the servers.
//
// Owner: one worker.
#pragma once

#include "control/counters.h"
#include "smtp/dns/cache.h"
#include "smtp/dns/channel.h"
#include "smtp/dns/message.h"
#include "smtp/dns/resolver.h"

struct dns_hold {
	SLIST_ENTRY(dns_hold) of_asker;
	LIST_ENTRY(dns_hold) of_entry; // while the entry is under way
	struct dns_asker *asker;
	struct dns_entry *entry;
};

// A question is in one of three queues: it waits for its turn on the wire, it is there, or it is done.
struct question {
	struct channel_ask ask;
	TAILQ_ENTRY(question) link;
	struct resolver *resolver;
	struct dns_entry *entry;
	unsigned first, attempt; // the server asked first, and how many were since
	bool plain;              // was asked without EDNS
	enum channel_outcome outcome;
	struct dns_message read;
};
TAILQ_HEAD(questions, question);
TAILQ_HEAD(dns_askers, dns_asker);

struct resolver {
	struct dns_source source;
	struct resolver_settings settings;
	struct bs_worker_counters *counters;
	struct heap *heap;
	struct dns_servers servers;
	uint64_t plain_ms[DNS_SERVERS]; // until then it is asked without EDNS
	unsigned preferred;             // the server that answered last
	struct channels *channels;
	struct dns_cache *cache;
	struct timers timers; // askers' deadlines
	struct questions queue, wire, done;
	uint32_t queued, under_way;
	struct dns_askers news;
	uint64_t now_ms;
};

// Tells it at the end of this turn or in the next.
void resolver_tell(struct resolver *resolver, struct dns_asker *asker);
// A question that nobody asked yet; it waits for resolver_send(). NULL without memory.
struct dns_entry *resolver_begin(struct resolver *resolver, const char *name, enum dns_type type);
// Sends what waits, as many as may be on the wire.
void resolver_send(struct resolver *resolver);
// A bounded number of questions that are done: finished, or asked again.
void resolver_take_done(struct resolver *resolver);
// At the end of all: what is left is freed.
void resolver_end_questions(struct resolver *resolver);
