// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl: the operator's hand on the running barscreen, over its control socket.
#include <stdio.h>

#include "control/ctl/ctl_call.h"
#include "control/ctl/ctl_options.h"
#include "control/ctl/ctl_top.h"

// True when more answers are wanted and this one could be written.
static bool show(const json_t *answer, void *context)
{
	const struct ctl_options *options = context;
	if (options->json) {
		json_dumpf(answer, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		ctl_command_show(stdout, options->command, answer, &options->view);
	}
	return fflush(stdout) == 0 && options->follows;
}

static enum ctl_exit ask(struct ctl_options *options)
{
	char error[CTL_ERROR], why[CTL_WHY];
	json_t *request = ctl_command_request(options->command, options->count, options->word, why);
	if (request == NULL) {
		fprintf(stderr, "barscreenctl: %s\n", why);
		return CTL_USAGE;
	}
	options->follows = json_is_true(json_object_get(request, "follow"));
	enum ctl_exit result = ctl_follow(options->socket, request, show, options, error);
	json_decref(request);
	if (result != CTL_OK)
		fprintf(stderr, "barscreenctl: %s\n", error);
	return result;
}

int main(int argc, char **argv)
{
	struct ctl_options options = ctl_options_read(argc, argv);
	enum ctl_exit result = CTL_OK;
	if (options.command == NULL)
		result = ctl_top(&options);
	else if (!options.json && options.command == &commands[COMMAND_HELP])
		ctl_usage(stdout);
	else
		result = ask(&options);
	if (result == CTL_OK && fflush(stdout) != 0) {
		perror("barscreenctl: standard output");
		return CTL_NO_DAEMON;
	}
	return (int)result;
}
