// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl: the operator's hand on the running barscreen, over its control socket.
#include <stdio.h>

#include "control/ctl_call.h"
#include "control/ctl_options.h"

static void show(const struct ctl_options *options, const json_t *answer)
{
	if (!options->json) {
		ctl_command_show(stdout, options->command, answer, &options->view);
		return;
	}
	json_dumpf(answer, stdout, JSON_COMPACT);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct ctl_options options = ctl_options_read(argc, argv);
	char error[CTL_ERROR], why[CTL_WHY];
	json_t *answer = NULL;
	if (!options.json && options.command == &commands[COMMAND_HELP]) {
		ctl_usage(stdout);
		return CTL_OK;
	}
	json_t *request = ctl_command_request(options.command, options.count, options.word, why);
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
