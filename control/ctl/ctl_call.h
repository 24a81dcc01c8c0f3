// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl's way to the daemon: one request, and its answer or answers.
#pragma once

#include <jansson.h>
#include <stdbool.h>

// barscreenctl's exit status.
enum ctl_exit {
	CTL_OK = 0,
	CTL_REFUSED = 1,   // the daemon said no, or its socket is not ours to open
	CTL_USAGE = 2,     // the command line is wrong
	CTL_NO_DAEMON = 3, // nobody there, or no whole answer came
};

#define CTL_ERROR 512

// Sends `request` to the daemon at `path` and waits for the answer, some seconds at most. On CTL_OK `*answer` is the
// caller's; else `error` says what is wrong and how to mend it.
enum ctl_exit ctl_call(
	const char *path, const json_t *request, json_t **answer, char error[CTL_ERROR]);
// The same for a request that has answers as long as one stays: each is given to `take` until that returns false.
enum ctl_exit ctl_follow(const char *path, const json_t *request,
	bool (*take)(const json_t *answer, void *context), void *context, char error[CTL_ERROR]);
