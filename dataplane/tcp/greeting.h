// SPDX-License-Identifier: BSD-3-Clause
//
// The moment a wait is over: the client is judged once more, and greeted or told what there is against it.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/tcp/connection.h"

// The class of a connection under the policy of this turn.
void greeting_classify(struct dataplane *dataplane, struct connection *connection);

// Of a connection in STAGE_WAITING whose class is of now. True when it was told something else in the greeting's place.
bool greeting_refused(struct dataplane *dataplane, struct connection *connection);

// From here on it is greeted: STAGE_GREETED, its text the greeting. Nothing is sent.
void greeting_begin(struct dataplane *dataplane, struct connection *connection);

// Greets a connection in STAGE_WAITING whose class is of now, or refuses it.
void greet(struct dataplane *dataplane, struct connection *connection);

// Not acknowledged: the greeting once more, or the end.
void greeting_again(struct dataplane *dataplane, struct connection *connection);

// Greets who workers say need not wait; returns how many were asked for. Once a turn.
unsigned greetings_wished(struct dataplane *dataplane);

// --- Waits that end together: tables are asked about all at once, and greetings copied. BURST at most, all in STAGE_WAITING. ---
// Sets their classes. verdict[i]: what c[i] is to be told in the greeting's place (enum bs_verdict), BS_VERDICT_NONE.
void greetings_judge(
	struct dataplane *dataplane, struct connection *const *c, unsigned count, uint8_t *verdict);
// One of them, which stands in no queue: refuses it, or begins its greeting. True when that is to be sent, by greetings_send().
bool greeting_due(
	struct dataplane *dataplane, struct connection *connection, enum bs_verdict verdict);
// The greetings of those that began them this moment (greeting_send.c).
void greetings_send(struct dataplane *dataplane, struct connection *const *c, unsigned count);
