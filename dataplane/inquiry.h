// SPDX-License-Identifier: BSD-3-Clause
//
// The dataplane's answers to control (dataplane/seam/inquiry.h): its connections, but for those that a worker has, which
// answers for them itself.
//
// Owner: one dataplane lcore.
#pragma once

#include "dataplane/dataplane.h"

// A bounded piece of what is asked; returns how many records were looked at.
unsigned inquiry_turn(struct dataplane *dataplane);
