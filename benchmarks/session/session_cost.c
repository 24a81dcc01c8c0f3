// SPDX-License-Identifier: BSD-3-Clause
//
// session_cost CONFIGURATION SESSIONS: plays refused sessions against dataplane and worker in one thread, for callgrind to count
// what they cost (benchmarks/session_cost.py). Counting begins when the caches are warm and ends when the log is written.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <valgrind/callgrind.h>

#include "benchmarks/session/clients.h"
#include "benchmarks/session/filter.h"

#define WARM_UP 512u
#define ROUND   128u // sessions, then the log writer gets its time

static void let_log_write(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 60000000}, NULL); // three of its naps
}

static uint32_t most_refused(const struct filter *filter)
{
	return (uint32_t)filter_daemon(filter)->worker[0]->recipients_unknown;
}

int main(int argc, char **argv)
{
	uint32_t sessions = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	if (sessions == 0 || sessions % ROUND != 0) {
		fprintf(stderr, "usage: session_cost CONFIGURATION SESSIONS (a multiple of %u)\n",
			ROUND);
		return EXIT_FAILURE;
	}
	struct filter *filter = filter_new(argv[1]);
	struct clients *clients = clients_new(filter);
	for (uint32_t i = 0; i < WARM_UP; i += ROUND) {
		clients_play(clients, ROUND);
		let_log_write();
	}
	uint64_t sent = clients_sent(clients), received = clients_received(clients);
	uint32_t refused = most_refused(filter);
	CALLGRIND_ZERO_STATS;
	for (uint32_t i = 0; i < sessions; i += ROUND) {
		clients_play(clients, ROUND);
		let_log_write();
	}
	CALLGRIND_DUMP_STATS;
	printf("sessions=%u refused=%u sent=%.2f received=%.2f lost=%lu\n", sessions,
		most_refused(filter) - refused, (double)(clients_sent(clients) - sent) / sessions,
		(double)(clients_received(clients) - received) / sessions,
		(unsigned long)log_writer_lost(filter_daemon(filter)->log));
	clients_free(clients);
	filter_free(filter);
	return EXIT_SUCCESS;
}
