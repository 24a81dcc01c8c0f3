// SPDX-License-Identifier: BSD-3-Clause
//
// A name server for tests: a thread on 127.0.0.1 that answers, by UDP and TCP, as the first label of the name asked says:
//
//   a-N      an A record with TTL N             txt     a long TXT record; truncated by UDP
//   mx       three MX, not in their order       alias   CNAME to target.test, which has an A record
//   none     NXDOMAIN, SOA with minimum N of "none-N"   empty  no records, the same
//   silent   nothing                            fail, refused, formerr, notimp    that
//   wrong-id, wrong-name, short, echo           lies: then nothing
//   tc       truncated, and by TCP too          once    silence the first time, then an A record
//   edns     FORMERR when there is an OPT record
//
// All others get an A record, 127.0.0.2, TTL 300.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DNS_SERVER_PORTS 256

struct dns_server_thread {
	pthread_t thread;
	int udp, tcp, stop;
	uint16_t port;
	bool refuses;                    // REFUSED to everything
	atomic_uint asked, tcp_asked;    // questions seen
	uint16_t from[DNS_SERVER_PORTS]; // source ports of the first questions by UDP
};

// On a free port. False when there is no socket.
bool dns_server_start(struct dns_server_thread *server);
void dns_server_stop(struct dns_server_thread *server);
