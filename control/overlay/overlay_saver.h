// SPDX-License-Identifier: BSD-3-Clause
//
// The thread that writes runtime entries to disk (control/overlay/overlay_file.h), so that control never waits for a disk. It
// writes the latest state it was given; while it is at work control keeps the next one to itself.
#pragma once

#include "control/overlay/overlay_file.h"

struct overlay_saver;

// NULL without memory or thread. Signals are blocked in the thread if they are in the caller.
struct overlay_saver *overlay_saver_new(const char *folder);
// Waits for the write under way.
void overlay_saver_free(struct overlay_saver *saver);

// Hands a copy of the entries over. False when it is still writing, or without memory: try again. Control thread.
bool overlay_saver_offer(struct overlay_saver *saver, const struct overlay_entries *entries);

// True once after a write that ended otherwise than the one before: `error` says why, or is "" when all is well again.
bool overlay_saver_news(struct overlay_saver *saver, char error[OVERLAY_ERROR]);
