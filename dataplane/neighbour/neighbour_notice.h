// SPDX-License-Identifier: BSD-3-Clause
//
// What the neighbour lcore tells the operator. Rare, so it may format text.
#pragma once

#include <stdint.h>

#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"
#include "dataplane/seam/log.h"

struct dataplane;

// A BS_NOTICE_NEIGHBOUR "ADDRESS WORDS MAC"; `mac` is a MAC_KNOWN word, 0: none.
void neighbour_notice(struct dataplane *dataplane, enum bs_severity severity,
	const struct bs_address *address, const char *words, uint64_t mac);
