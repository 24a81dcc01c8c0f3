// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen: reads the configuration, puts the program together and waits for its end.
//
// Faults before the program runs go to standard error, one line each that begins with "barscreen: "; after that only
// the log speaks. Exit status: 0 after a clean stop, 1 after a fault, 2 for wrong options.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/start/assembly.h"
#include "control/audit/audit.h"
#include "control/configuration/config.h"
#include "control/start/daemon.h"
#include "control/start/lcore.h"
#include "control/overlay/overlay_keeper.h"
#include "control/policy/policy_store.h"
#include "control/policy/reload.h"
#include "control/start/supervise.h"

#define CONFIG_FILE "/etc/barscreen/barscreen.conf"

#define EXIT_OPTIONS 2

struct options {
	const char *config;
	bool check, print;
};

static void usage(FILE *out)
{
	fputs("Usage: barscreen [--config FILE] [--check | --print-config]\n"
	      "  --config FILE    configuration (" CONFIG_FILE ")\n"
	      "  --check          examine the configuration and what it refers to, and exit\n"
	      "  --print-config   write all keys with the values in force, and exit\n"
	      "  --version        write the version, and exit\n"
	      "  --help           write this, and exit\n"
	      "It stays in the foreground. SIGTERM ends it when its sessions have ended, a second "
	      "one at once;\n"
	      "SIGHUP reads the configuration and opens the log file again. barscreenctl asks and "
	      "steers it.\n",
		out);
}

// Returns false when the program is to end with `status`.
static bool read_options(int argc, char **argv, struct options *options, int *status)
{
	static const struct option known[] = {{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 't'}, {"print-config", no_argument, NULL, 'p'},
		{"version", no_argument, NULL, 'V'}, {"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0}};
	int option;
	*status = EXIT_SUCCESS;
	while ((option = getopt_long(argc, argv, "c:th", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 't':
			options->check = true;
			break;
		case 'p':
			options->print = true;
			break;
		case 'V':
			puts("barscreen " BS_VERSION);
			return false;
		case 'h':
			usage(stdout);
			return false;
		default:
			usage(stderr);
			*status = EXIT_OPTIONS;
			return false;
		}
	}
	if (optind == argc)
		return true;
	fprintf(stderr, "barscreen: what is \"%s\"? Options begin with --\n", argv[optind]);
	usage(stderr);
	*status = EXIT_OPTIONS;
	return false;
}

// Writes collected fault lines to standard error, each with our name before it.
static void write_faults(char *text)
{
	char *rest = text, *line;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line != '\0')
			fprintf(stderr, "barscreen: %s\n", line);
}

// Publishes the first policy, with the entries that were added in an earlier run. Takes `base` over.
static bool make_policies(
	struct daemon *daemon, struct policy_base *base, char trouble[OVERLAY_ERROR])
{
	struct policy_readers readers = {
		&daemon->qsbr, daemon->dataplane, &daemon->dataplane_count};
	daemon->policies = policy_store_new(&readers, daemon->config, base);
	if (daemon->policies == NULL)
		return false;
	daemon->overlay = overlay_keeper_new(
		daemon->policies, daemon->config->state_folder, trouble);
	daemon->reload = reload_new(daemon->running, daemon->policies);
	return daemon->overlay != NULL && daemon->reload != NULL;
}

static void free_policies(struct daemon *daemon)
{
	reload_free(daemon->reload);
	overlay_keeper_free(daemon->overlay);
	policy_store_free(daemon->policies);
}

static bool run_assembly(struct supervisor *supervisor, struct daemon *daemon, const char *trouble)
{
	char error[256] = "";
	struct assembly *assembly = assembly_start(daemon, error);
	if (assembly == NULL) {
		fprintf(stderr, "barscreen: %s\n", error);
		return false;
	}
	if (trouble[0] != '\0')
		bs_log(assembly_log(assembly), BS_LOG_ERROR, "%s", trouble);
	assembly_stop(assembly, supervisor_run(supervisor, assembly, daemon));
	return true;
}

static int run(struct config *config, struct policy_base *base)
{
	char error[256] = "no memory", trouble[OVERLAY_ERROR] = "";
	static struct daemon daemon; // many lcores' marks, a cache line each
	bool good = false;
	daemon.config = daemon.running = config;
	bs_qsbr_init(&daemon.qsbr);
	struct supervisor *supervisor = NULL;
	if (!make_policies(&daemon, base, trouble) || (supervisor = supervisor_new(error)) == NULL)
		fprintf(stderr, "barscreen: %s\n", error);
	else
		good = run_assembly(supervisor, &daemon, trouble);
	free_policies(&daemon);
	if (supervisor != NULL)
		supervisor_free(supervisor);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options options = {.config = CONFIG_FILE};
	int status;
	if (!read_options(argc, argv, &options, &status))
		return status;
	// A writer whose reader is gone gets an error; a TAP device with more news than the kernel keeps says SIGIO.
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	lcore_block_signals();

	char *text = NULL;
	size_t size;
	FILE *faults = open_memstream(&text, &size);
	if (faults == NULL) {
		fputs("barscreen: no memory\n", stderr);
		return EXIT_FAILURE;
	}
	status = EXIT_FAILURE;
	struct config *config = config_read(options.config, faults);
	struct policy_base *base = config != NULL && !options.print
					   ? policy_base_new(config, faults)
					   : NULL;
	if (config != NULL && options.print) {
		config_print(config, stdout);
		status = EXIT_SUCCESS;
	} else if (base != NULL && options.check) {
		status = config_audit(config, stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	fclose(faults);
	write_faults(text);
	free(text);
	if (base != NULL && !options.check)
		status = run(config, base);
	else
		policy_base_free(base);
	config_free(config);
	return status;
}
