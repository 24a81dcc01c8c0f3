// SPDX-License-Identifier: BSD-3-Clause
//
// The resolver of a worker: c-ares on the worker's poller, a cache, and one question on the wire for all who ask it.
//
// Owner: one worker.
#pragma once

#include <stdint.h>

#include "smtp/dns/dns.h"

struct bs_worker_counters; // of which the resolver counts those called dns_...
struct heap;
struct poller;

// Part of the configuration, section dns { }; read at start.
struct resolver_settings {
	char servers[512];     // "192.0.2.53,[2001:db8::53]:5353"; "": those of /etc/resolv.conf
	uint32_t timeout_ms;   // of one try
	uint32_t tries;        // of a server
	uint32_t cache_size;   // answers remembered by each worker
	uint32_t ttl_least_ms; // no answer is remembered shorter,
	uint32_t ttl_most_ms;  // none longer,
	uint32_t negative_most_ms; // and none that says no longer than this (RFC 2308)
	uint32_t trouble_ms; // a question without answer is not asked again so long (RFC 9520)
	uint32_t in_flight;  // questions on the wire; more wait
};

// NULL with a line in `error` that names fault and cure.
struct resolver *resolver_new(const struct resolver_settings *settings, struct heap *heap,
	struct poller *poller, struct bs_worker_counters *counters, char error[256]);
void resolver_free(struct resolver *resolver);
struct dns_source *resolver_source(struct resolver *resolver);

// Tells askers what came; returns how many. Once a turn, after poller_turn().
unsigned resolver_turn(struct resolver *resolver, uint64_t now_ms);
// When resolver_turn() is due at the latest, or UINT64_MAX.
uint64_t resolver_next(const struct resolver *resolver);

// Forgets what is remembered of a name; returns how many answers. `type` 0: all types. Any time on the worker's thread. What
// there is shows resolver_view() (smtp/dns/view.h).
uint32_t resolver_forget(struct resolver *resolver, const char *name, enum dns_type type);
