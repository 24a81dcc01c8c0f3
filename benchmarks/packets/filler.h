// SPDX-License-Identifier: BSD-3-Clause
//
// A processor of its own that makes the frames: what it wrote lies in the caches that all processors share, as a NIC leaves it, and the
// caches of the one that is measured hold what the dataplane left there. On a machine with one processor who asks does it himself.
#pragma once

#include <stdint.h>

struct bed;
struct mix;
struct filler;

// Exits where it can't be made. The first processor that we may not run on gets the thread.
struct filler *filler_new(void);
void filler_free(struct filler *filler);

// bed_fill(), over there; returns when the frames are in the ring.
void filler_fill(struct filler *filler, struct bed *bed, struct mix *mix, uint32_t count);
