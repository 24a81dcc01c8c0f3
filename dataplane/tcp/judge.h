// SPDX-License-Identifier: BSD-3-Clause
//
// What the source table (seam/source.h) says about a connection, and what a connection tells the source table. A verdict is read
// at the SYN, when the handshake completes and when the wait is over; it never beats an allow list.
//
// Owner: one dataplane lcore. Without a table nothing is judged.
#pragma once

#include "dataplane/tcp/connection.h"
#include "dataplane/frame/frame.h"
#include "dataplane/seam/source.h"

// How the source of a SYN stands is asked with the action `drop`, or `full`: there is no room to remember a SYN, and cookies are for those
// who may be good.
static inline bool judge_asks(const struct dataplane *dataplane, bool full)
{
	return dataplane->sources != NULL &&
	       (full || dataplane->policy->verdicts.action == BS_VERDICT_DROP);
}

// Looks how sources of SYNs stand that were hashed, fetched and looked at (seam/source.h), into frame->standing. At most BURST of them.
void judge_prepare(const struct dataplane *dataplane, const struct bs_source_looks *looks,
	struct frame *const *syns, unsigned count);

// A verdict on a source is to be heeded now: by a SYN that was asked about and whose class does not spare it, it is not answered.
bool judge_acts(const struct dataplane *dataplane, unsigned verdict);

// No verdict beats the class of the allowed and of relays.
static inline bool judge_spares(const struct dataplane *dataplane, uint8_t class)
{
	return bs_action_spares(dataplane->policy->class[class].action);
}

// Takes a connection out of its source's count when it waits and talks no more; after each change of stage.
void judge_count(struct dataplane *dataplane, struct connection *connection);

// The handshake is complete. True when the connection was refused at once: a verdict, or too many from this source
// at once or in a time. Else it is counted among its source's connections, where there is room for the source: `*source` is the entry that it
// holds from now on, or NULL.
bool judge_open(
	struct dataplane *dataplane, struct connection *connection, struct bs_source **source);
// The connection begins to wait: where it is its source's only one, a worker hears of it. `source`: as judge_open() gave it.
void judge_announce(struct dataplane *dataplane, const struct connection *connection,
	const struct bs_source *source);
// The segment that completed it, then.
enum bs_reason judge_input(
	struct dataplane *dataplane, struct connection *connection, const struct frame *frame);

// Who goes first when there is not enough for all: the allowed, relays, and sources that behaved.
bool judge_is_good(
	const struct dataplane *dataplane, const struct bs_address *source, uint8_t class);

// How long a connection that may wait does, by its source's entry or NULL.
enum reputation { REPUTATION_PLAIN, REPUTATION_KNOWN, REPUTATION_SUSPICIOUS };
enum reputation judge_reputation(const struct dataplane *dataplane, const struct bs_source *source);

// The greeting is due. True when a verdict was told in its place.
bool judge_verdict(struct dataplane *dataplane, struct connection *connection);

// The same for BURST at most, in two steps: verdict[i] is what c[i] is to be told (enum bs_verdict), or BS_VERDICT_NONE;
void judge_verdicts(const struct dataplane *dataplane, struct connection *const *c, unsigned count,
	uint8_t *verdict);
// and tells it.
void judge_tell(struct dataplane *dataplane, struct connection *connection, unsigned verdict);

// What the connection teaches about its source; before it leaves STAGE_WAITING or STAGE_GREETED.
void judge_learn(
	struct dataplane *dataplane, struct connection *connection, const struct bs_lesson *lesson);
