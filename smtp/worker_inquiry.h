// SPDX-License-Identifier: BSD-3-Clause
//
// A worker's answers to control (dataplane/seam/inquiry.h): its sessions.
//
// Owner: one worker.
#pragma once

#include "dataplane/seam/inquiry.h"
#include "smtp/worker.h"

// A bounded piece of what is asked; returns how many streams were looked at.
unsigned worker_inquiry_turn(const struct worker_settings *settings);
