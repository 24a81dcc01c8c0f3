// SPDX-License-Identifier: BSD-3-Clause
//
// Which core runs what: one lcore a distinct core, on each its dataplane and worker roles as machine { } says. Dataplane
// number n polls queue n of each port that has one. Control thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/start/daemon.h"
#include "control/start/lcore.h"
#include "control/start/ports.h"
#include "dataplane/dataplane.h"
#include "smtp/backend.h"
#include "smtp/worker/helper.h"
#include "smtp/worker/worker.h"

struct core {
	int number;
	struct bs_bell bell;
	struct lcore_settings settings;
	struct lcore *lcore;
};

struct roles {
	struct daemon *daemon;
	struct core core[2 * CONFIG_CORES_MOST];
	unsigned cores;
	struct dataplane *dataplane[CONFIG_CORES_MOST];
	struct bs_streams *streams[CONFIG_CORES_MOST];
	struct worker *worker[CONFIG_CORES_MOST];
	struct handover *handover; // NULL where every port keeps its connections on their queues
};

// Makes dataplanes and workers and tells the log of them. `roles` is zero but for `daemon`, and undone by the three below also after a
// failure. False with a line in `error`.
bool roles_make(struct roles *roles, const struct port_pools *pools, struct backend *backend,
	struct helper_pool *helpers, char error[256]);
bool roles_start(struct roles *roles, char error[256]);
// Ends the naps of all lcores: something they all must see was written.
void roles_wake(struct roles *roles);

// In this order. Between the second and the third the log writer ends: it reads the dataplanes' notices.
void roles_stop(struct roles *roles); // daemon->stop was set
void roles_free_workers(struct roles *roles);
void roles_free(struct roles *roles);
