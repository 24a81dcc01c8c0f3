// SPDX-License-Identifier: BSD-3-Clause
//
// What the control socket tells about the running program, as JSON objects that already say "ok": true. The members
// are described in doc/control-socket.md.
//
// Control thread. NULL without memory; else the caller's, json_decref().
#pragma once

#include <jansson.h>

#include "control/start/daemon.h"

json_t *report_status(const struct daemon *daemon);
json_t *report_stats(const struct daemon *daemon);
// How each DNS list stands: a part of both, and the answer to "dnsl".
json_t *report_dns_lists(const struct daemon *daemon);

// Counters, added up over all lcores. Parts of the reports above.
// What was lost at a port.
json_t *report_losses(const struct daemon *daemon, unsigned port);
json_t *report_gauges(const struct daemon *daemon);
uint64_t report_sessions_now(const struct daemon *daemon);
