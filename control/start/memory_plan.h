// SPDX-License-Identifier: BSD-3-Clause
//
// How much memory the configured limits need, computed before anything is taken: it decides how many hugepages are asked
// for and is said once at start. Pure functions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/configuration/config.h"

struct memory_plan {
	uint64_t records;    // bytes: connection records and their index
	uint64_t blocks;     // bytes: session blocks
	uint64_t data_rings; // bytes: large receive rings
	uint64_t packets;    // bytes: packet buffers of all dataplane lcores
	uint64_t handover;   // bytes: rings between lcores, at most; not of DPDK's memory
	uint64_t sources;    // bytes: the source table; the same
	uint64_t memory;     // bytes: what outlives sessions; the same
	uint64_t total;      // bytes: the sum of DPDK's, with a reserve for what DPDK itself needs
	uint64_t straddled;  // bytes: what more the packet buffers take where pages are small
	uint32_t mbufs;      // packet buffers of one dataplane lcore
	uint16_t mbuf_room;  // bytes a packet buffer holds, without headroom
};

// The sizes that `config` leads to. False with a line in `error` when ports can't go together.
bool memory_plan_make(const struct config *config, struct memory_plan *plan, char error[256]);

// Frame size of an af_packet ring for IP packets of `mtu` bytes: 2048, or whole pages.
uint32_t memory_plan_frame(uint16_t mtu);

// "memory: 21 MB for 262144 connections, ..."; returns `text`.
char *memory_plan_format(
	const struct memory_plan *plan, const struct config *config, char *text, size_t size);
