// SPDX-License-Identifier: BSD-3-Clause
//
// A worker's answers to control (dataplane/seam/inquiry.h): its sessions, and what its resolver remembers.
//
// Owner: one worker.
#pragma once

#include "dataplane/seam/inquiry.h"
#include "smtp/worker/worker.h"

struct resolver;

// A bounded piece of what is asked; returns how many streams were looked at. `resolver` may be NULL.
unsigned worker_inquiry_turn(const struct worker_settings *settings, struct resolver *resolver);
