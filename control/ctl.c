// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl: the operator's hand on the running barscreen, over its control socket.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl_call.h"
#include "control/ctl_show.h"
#include "control/nearest.h"

#define DEFAULT_SOCKET "/run/barscreen/control"

struct options {
	const char *socket;
	bool json, all;
	const char *command;
};

static const char usage[] =
	"Usage: barscreenctl [OPTION...] COMMAND\n"
	"\n"
	"Commands\n"
	"  status         ports, links, gateways, cores, sessions and connections now\n"
	"  stats          counters and reasons of drops, summed up over all cores\n"
	"  stop           refuse new connections, let sessions end, then exit\n"
	"  help           this text\n"
	"\n"
	"Options\n"
	"  --socket PATH  control socket of the daemon (" DEFAULT_SOCKET ")\n"
	"  --json         the daemon's answer as it is, for machines; stats by core too\n"
	"  --all          stats: counters that are zero too\n"
	"  --version      version of this program\n"
	"\n"
	"Exit status: 0 done, 1 refused, 2 wrong usage, 3 no daemon there or no answer.\n";

static int usage_error(const char *format, const char *what)
{
	fprintf(stderr, "barscreenctl: ");
	fprintf(stderr, format, what);
	fprintf(stderr, "; 'barscreenctl help' shows what there is\n");
	return CTL_USAGE;
}

static int unknown_command(const char *command)
{
	static const char *const known[] = {"status", "stats", "stop", "help"};
	struct nearest nearest = {0};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(command, known[i]) == 0)
			return CTL_OK;
		nearest_offer(&nearest, command, known[i]);
	}
	if (nearest.word != NULL)
		fprintf(stderr, "barscreenctl: unknown command '%s'; did you mean '%s'?\n", command,
			nearest.word);
	else
		usage_error("unknown command '%s'", command);
	return CTL_USAGE;
}

// Exits for --help and --version, and for what is wrong.
static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'}, {"all", no_argument, NULL, 'a'},
		{"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct options options = {.socket = DEFAULT_SOCKET};
	int option;
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.socket = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'a':
			options.all = true;
			break;
		case 'V':
			puts("barscreenctl " BS_VERSION);
			exit(CTL_OK);
		case 'h':
			fputs(usage, stdout);
			exit(CTL_OK);
		default: // getopt_long() said what
			fputs(usage, stderr);
			exit(CTL_USAGE);
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		exit(CTL_USAGE);
	}
	options.command = argv[optind];
	if (unknown_command(options.command) != CTL_OK)
		exit(CTL_USAGE);
	if (optind + 1 < argc)
		exit(usage_error("'%s' is one word too many", argv[optind + 1]));
	return options;
}

static void show(const struct options *options, const json_t *answer)
{
	if (options->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else if (strcmp(options->command, "status") == 0) {
		ctl_show_status(stdout, answer);
	} else if (strcmp(options->command, "stats") == 0) {
		ctl_show_stats(stdout, answer, options->all);
	} else {
		puts("barscreen is stopping: no new connections, sessions end at their next "
		     "command");
	}
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	char error[CTL_ERROR];
	json_t *answer = NULL;
	if (!options.json && strcmp(options.command, "help") == 0) {
		fputs(usage, stdout);
		return CTL_OK;
	}
	enum ctl_exit result = ctl_call(options.socket, options.command, &answer, error);
	if (result != CTL_OK) {
		fprintf(stderr, "barscreenctl: %s\n", error);
		return (int)result;
	}
	show(&options, answer);
	json_decref(answer);
	if (fflush(stdout) != 0) {
		perror("barscreenctl: standard output");
		return CTL_NO_DAEMON;
	}
	return CTL_OK;
}
