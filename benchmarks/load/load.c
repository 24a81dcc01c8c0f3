// SPDX-License-Identifier: BSD-3-Clause
//
// SMTP sessions over a memif, from a million addresses. What can be asked for: options.c; what it prints: run.h. Exit status: 0 when
// every session went as its script says, else 1.
#include "benchmarks/load/options.h"

int main(int count, char **words)
{
	static struct load load;
	const char *socket = load_options(&load, count, words, "SOCKET");
	load_port_open(&load.port, socket);
	bool good = load_run(&load);
	load_port_close(&load.port);
	return !good;
}
