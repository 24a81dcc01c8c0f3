// SPDX-License-Identifier: BSD-3-Clause
//
// The load and the filter in one process, with nothing between them but two rings: the filter's dataplane, worker and log on the core
// that its configuration says, the load on the first. Prints what load.c does, then the lines of the log that were lost.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "benchmarks/load/options.h"
#include "benchmarks/session/filter.h"

int main(int count, char **words)
{
	static struct load load;
	const char *configuration = load_options(&load, count, words, "CONFIGURATION");
	struct filter *filter = filter_start(configuration);
	struct rte_ring *to = filter_receive(filter), *from = filter_transmit(filter);
	int id = rte_eth_from_rings("load", &from, 1, &to, 1, 0);
	if (id < 0) {
		fprintf(stderr, "load: no port\n");
		return EXIT_FAILURE;
	}
	load_port_make(&load.port, (uint16_t)id);
	memcpy(load.port.mac, "\x02\0\0\0\0\x01", 6); // a ring has none
	bool good = load_run(&load);
	printf("lines-lost=%" PRIu64 "\n", log_writer_lost(filter_daemon(filter)->log));
	filter_stop(filter);
	load_port_close(&load.port);
	filter_free(filter);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
