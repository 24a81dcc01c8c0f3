// SPDX-License-Identifier: BSD-3-Clause
//
// A refusal that takes its time (OpenBSD's spamd had it first): a greeting of several 554- lines, a byte a second, into
// a small window. It costs us a record, a timer and a segment a second; it costs the other side a connection for
// minutes. Bounded in number and in time (waiting { } says how): after that the rest is said at once, and it always ends in the 554 that
// is due. In overload (overload.h) none begins and all end.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Begins it, instead of refuse(). False when there are enough of them, or no room for any.
bool stutter_begin(
	struct dataplane *dataplane, struct connection *connection, enum bs_template_number text);

enum bs_reason stutter_input(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);
void stutter_expired(struct dataplane *dataplane, struct connection *connection);
