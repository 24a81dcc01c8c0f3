// SPDX-License-Identifier: BSD-3-Clause
//
// What the dataplane does with packets, measured in one process on an in-memory port (bed.h): packets BENCH [options].
// Run by scripts/bench; benchmarks/README.md says what each bench is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "benchmarks/packets/prefixes.h"
#include "benchmarks/packets/bed.h"
#include "benchmarks/packets/compare.h"

static const struct {
	const char *name;
	bool (*run)(const struct options *options);
} bench[] = {
	{"drop", bench_drop},
	{"cookies", bench_cookies},
	{"stages", bench_stages},
	{"reload", bench_reload},
};

static void usage(void)
{
	fprintf(stderr, "usage: packets BENCH [-r ROUNDS] [-n FRAMES] [-p PREFIXES] [-u SOURCES] "
			"[-o FILE] [-6] [-s] [-q]; "
			"BENCH is one of:\n");
	for (unsigned i = 0; i < sizeof(bench) / sizeof(bench[0]); i++)
		fprintf(stderr, "  %s\n", bench[i].name);
	fprintf(stderr, "  -s: the port neither verifies nor fills in checksums; -q: packets come "
			"by turns, not by the clock\n");
	exit(2);
}

static uint32_t number(const char *text, uint32_t most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (*end != '\0' || value < 1 || value > most)
		usage();
	return (uint32_t)value;
}

int main(int argc, char **argv)
{
	struct options options = {
		.rounds = 800, .frames = 1024, .prefixes = 1000000, .sources = 262144};
	int option;
	while ((option = getopt(argc, argv, "r:n:p:u:o:6sq")) != -1) {
		switch (option) {
		case 'r':
			options.rounds = number(optarg, 1000000);
			break;
		case 'n':
			options.frames = number(optarg, BED_ROUND_MAX);
			break;
		case 'p':
			options.prefixes = number(optarg, PREFIXES_MOST);
			break;
		case 'u':
			options.sources = number(optarg, 16777216);
			break;
		case 'o':
			options.file = optarg;
			break;
		case '6':
			options.ipv6 = 100;
			break;
		case 'q':
			options.unpaced = true;
			break;
		case 's':
			options.software = true;
			break;
		default:
			usage();
		}
	}
	if (optind + 1 != argc)
		usage();
	for (unsigned i = 0; i < sizeof(bench) / sizeof(bench[0]); i++) {
		if (strcmp(argv[optind], bench[i].name) != 0)
			continue;
		bed_start_dpdk();
		return bench[i].run(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	usage();
}
