// SPDX-License-Identifier: BSD-3-Clause
//
// Not getopt_long(): which options there are depends on the command, which stands behind the first of them.
#include "control/ctl/ctl_options.h"

#include <stdlib.h>
#include <string.h>

#include "control/ctl/ctl_complete.h"

#define DEFAULT_SOCKET "/run/barscreen/control"
#define COLUMN         18 // of the sentences

void ctl_usage(FILE *out)
{
	fputs("Usage: barscreenctl [OPTION...] COMMAND [ARGUMENT...]\n\nCommands\n", out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		char synopsis[CTL_SYNOPSIS];
		ctl_command_synopsis(&commands[i], synopsis);
		int width = fprintf(out, "  %s%s%s", commands[i].name,
			synopsis[0] == '\0' ? "" : " ", synopsis);
		if (width >= COLUMN) {
			fputc('\n', out);
			width = 0;
		}
		fprintf(out, "%*s%s\n", COLUMN - width, "", commands[i].sentence);
	}
	fputs("  top [--count NUMBER] [--interval SECONDS]\n"
	      "                  rates, a line each second\n"
	      "\nOptions\n"
	      "  --socket PATH   control socket of the daemon (" DEFAULT_SOCKET ")\n"
	      "  --json          the daemon's answer as it is, for machines; stats by core too\n"
	      "  --all           stats: counters that are zero too\n"
	      "  --version       version of this program\n"
	      "\n"
	      "Exit status: 0 done, 1 refused, 2 wrong usage, 3 no daemon there or no answer.\n",
		out);
}

__attribute__((noreturn)) static void leave(const char *why)
{
	fprintf(stderr, "barscreenctl: %s\n", why);
	exit(CTL_USAGE);
}

// An option of ours at argv[i]; how many words it takes, 0 for what is none.
static int own_option(struct ctl_options *options, int left, char **word)
{
	if (strcmp(word[0], "--json") == 0) {
		options->json = true;
		return 1;
	}
	if (strcmp(word[0], "--all") == 0) {
		options->view.all = true;
		return 1;
	}
	if (strncmp(word[0], "--socket=", 9) == 0) {
		options->socket = word[0] + 9;
		return 1;
	}
	if (strcmp(word[0], "--socket") == 0) {
		if (left < 2)
			leave("--socket wants a path");
		options->socket = word[1];
		return 2;
	}
	if (strcmp(word[0], "--version") == 0) {
		puts("barscreenctl " BS_VERSION);
		exit(CTL_OK);
	}
	if (strcmp(word[0], "--help") == 0) {
		ctl_usage(stdout);
		exit(CTL_OK);
	}
	return 0;
}

static unsigned number(const char *option, const char *text, unsigned long most)
{
	char *end, why[CTL_WHY];
	unsigned long value = strtoul(text, &end, 10);
	if (end != text && *end == '\0' && text[0] != '-' && value > 0 && value <= most)
		return (unsigned)value;
	snprintf(why, sizeof(why), "%s wants a number from 1 to %lu", option, most);
	leave(why);
}

static void read_top(struct ctl_options *options, int count, char **word)
{
	char why[CTL_WHY];
	options->interval_s = 1;
	for (int i = 0; i < count; i += 2) {
		bool rounds = strcmp(word[i], "--count") == 0 || strcmp(word[i], "-n") == 0;
		bool interval = strcmp(word[i], "--interval") == 0;
		if (!rounds && !interval) {
			snprintf(why, sizeof(why), "top takes --count and --interval, not '%.60s'",
				word[i]);
			leave(why);
		}
		unsigned value = number(
			word[i], i + 1 < count ? word[i + 1] : "", rounds ? 1000000000 : 3600);
		*(rounds ? &options->rounds : &options->interval_s) = value;
	}
}

struct ctl_options ctl_options_read(int argc, char **argv)
{
	struct ctl_options options = {.socket = DEFAULT_SOCKET};
	char why[CTL_WHY], *word[CTL_WORDS_MAX];
	int count = 0, used = 0;
	bool ours = true; // until "--"
	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		ctl_complete(argc - 2, argv + 2);
		exit(CTL_OK);
	}
	for (int i = 1; i < argc;) {
		int taken = ours && argv[i][0] == '-' ? own_option(&options, argc - i, argv + i)
						      : 0;
		if (taken == 0 && count == CTL_WORDS_MAX)
			leave("too many words");
		if (taken == 0 && count == 0 && argv[i][0] == '-') {
			ctl_usage(stderr);
			snprintf(why, sizeof(why), "unknown option '%.60s'", argv[i]);
			leave(why);
		}
		if (taken == 0) {
			ours = ours && strcmp(argv[i], "--") != 0;
			word[count++] = argv[i];
			taken = 1;
		}
		i += taken;
	}
	if (count == 0) {
		ctl_usage(stderr);
		exit(CTL_USAGE);
	}
	if (strcmp(word[0], "top") == 0) {
		read_top(&options, count - 1, word + 1);
		return options;
	}
	options.command = ctl_command_find(count, word, &used, why);
	if (options.command == NULL)
		leave(why);
	options.count = count - used;
	memcpy(options.word, word + used, sizeof(word[0]) * (size_t)options.count);
	return options;
}
