// SPDX-License-Identifier: BSD-3-Clause
//
// A processor of its own that puts frames into the port: what it wrote lies in the caches that all processors share, as a NIC leaves it,
// and the caches of the one that is measured hold what the dataplane left there. So that little time passes between two
// rounds, in which others would use those caches, the frames are made before, and both sides wait awake. On a machine
// with one processor who asks does it himself.
#pragma once

#include <stdint.h>

struct bed;
struct mix;
struct filler;

// A million frames of the mix, put again and again. Exits where it can't be made. The first processor that we may not run on gets
// the thread.
struct filler *filler_new(struct bed *bed, struct mix *mix);
void filler_free(struct filler *filler);

// The next `count` of them; returns when they are in the receive ring.
void filler_fill(struct filler *filler, uint32_t count);
