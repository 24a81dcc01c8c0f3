// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl: the operator's hand on the running barscreen, over its control socket.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ctl_call.h"
#include "control/ctl_command.h"

#define DEFAULT_SOCKET "/run/barscreen/control"

struct options {
	const char *socket;
	bool json;
	struct ctl_view view;
	const struct ctl_command *command;
	int words; // behind the command
	char **word;
};

static void usage(FILE *out)
{
	fputs("Usage: barscreenctl [OPTION...] COMMAND\n\nCommands\n", out);
	for (unsigned i = 0; i < ctl_command_count; i++) {
		const struct ctl_command *command = &ctl_commands[i];
		int width = fprintf(out, "  %s%s%s", command->name,
			command->words[0] == '\0' ? "" : " ", command->words);
		if (width > 16)
			width = fprintf(out, "\n") - 1;
		fprintf(out, "%*s%s\n", 17 - width, "", command->sentence);
	}
	fputs("\nOptions\n"
	      "  --socket PATH  control socket of the daemon (" DEFAULT_SOCKET ")\n"
	      "  --json         the daemon's answer as it is, for machines; stats by core too\n"
	      "  --all          stats: counters that are zero too\n"
	      "  --version      version of this program\n"
	      "\n"
	      "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no daemon there or no answer.\n",
		out);
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
			options.view.all = true;
			break;
		case 'V':
			puts("barscreenctl " BS_VERSION);
			exit(CTL_OK);
		case 'h':
			usage(stdout);
			exit(CTL_OK);
		default: // getopt_long() said what
			usage(stderr);
			exit(CTL_USAGE);
		}
	}
	if (optind == argc) {
		usage(stderr);
		exit(CTL_USAGE);
	}
	char why[CTL_WHY];
	options.command = ctl_command_find(argv[optind], why);
	if (options.command == NULL) {
		fprintf(stderr, "barscreenctl: %s\n", why);
		exit(CTL_USAGE);
	}
	options.words = argc - optind - 1;
	options.word = argv + optind + 1;
	return options;
}

static void show(const struct options *options, const json_t *answer)
{
	if (!options->json && options->command->show != NULL) {
		options->command->show(stdout, answer, &options->view);
		return;
	}
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
}

static bool is_help(const struct options *options)
{
	return !options->json && options->words == 0 && options->command->show == NULL &&
	       strcmp(options->command->name, "help") == 0;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	char error[CTL_ERROR], why[CTL_WHY];
	json_t *answer = NULL;
	if (is_help(&options)) {
		usage(stdout);
		return CTL_OK;
	}
	json_t *request = ctl_command_request(options.command, options.words, options.word, why);
	if (request == NULL) {
		fprintf(stderr, "barscreenctl: %s\n", why);
		return CTL_USAGE;
	}
	enum ctl_exit result = ctl_call(options.socket, request, &answer, error);
	json_decref(request);
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
