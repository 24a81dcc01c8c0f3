// SPDX-License-Identifier: BSD-3-Clause
//
// A refused connection (RFC 5321, 3.1: after a 554 greeting the server waits for QUIT and answers all else with 503), for five
// seconds at most, and any other farewell that needs no worker.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"

// Says `text` and enters STAGE_REFUSED; all that was said before must be acknowledged, but for a teaser. With BS_TEMPLATE_NONE what is
// being said goes on, and `flags` may add to it: CONNECTION_SYNC, CONNECTION_CLOSE.
void refuse(struct dataplane *dataplane, struct connection *connection,
	enum bs_template_number text, uint8_t flags);

enum bs_reason refused_input(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);
void refused_expired(struct dataplane *dataplane, struct connection *connection);
