// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/memory_plan.h"

#include <inttypes.h>
#include <stdio.h>

#include "dataplane/dataplane.h"
#include "dataplane/handover.h"
#include "dataplane/port/port_open.h"
#include "dataplane/seam/source.h"
#include "dataplane/seam/stream.h"
#include "smtp/memory/memory.h"

#define MEGABYTE (UINT64_C(1) << 20)

// A connection's record (dataplane/tcp/connection.h).
#define RECORD_BYTES 64u

// What DPDK puts round a packet's bytes: object header, struct rte_mbuf, headroom.
#define MBUF_AROUND (64u + 128u + 128u)

// Ethernet header, VLAN tag and its sibling (some devices count two), frame check sequence.
#define FRAME_AROUND (14u + 4u + 4u + 4u)

// AF_XDP takes our packet buffers as its chunks, and a chunk is at most a page.
#define XDP_CHUNK 4096u

// An AF_XDP socket keeps its fill ring (twice 2048) and the completion ring filled beside ours.
#define XDP_RINGS (3u * 2048u)

// Heap headers, device structures, a mempool's own ring and caches, rounding to whole pages.
#define DPDK_OWN (32u * MEGABYTE)

// In ordinary memory no packet buffer lies across two pages: what is left of each page is lost.
#define PAGE 4096u

static uint64_t in_pages(uint64_t object)
{
	return object > PAGE ? (object + PAGE - 1) / PAGE * PAGE : PAGE / (PAGE / object);
}

uint32_t memory_plan_frame(uint16_t mtu)
{
	// In front of a frame the kernel writes struct tpacket2_hdr and a socket address, 66 bytes with alignment.
	uint32_t need = mtu + FRAME_AROUND + 96;
	return need <= 2048 ? 2048 : (need + 4095) & ~4095u;
}

static uint32_t room_of_port(const struct config_port *port)
{
	uint32_t need = port->mtu + FRAME_AROUND;
	switch (port->device) {
	case DEVICE_AF_PACKET:
	case DEVICE_MEMIF:
		return memory_plan_frame(port->mtu);
	case DEVICE_PCI: // receive buffer sizes of common NICs are multiples of a kilobyte
		need = (need + 1023) & ~1023u;
		break;
	case DEVICE_TAP:
	case DEVICE_AF_XDP:
		need = (need + 63) & ~63u;
		break;
	}
	return need < 2048 ? 2048 : need;
}

// The index over `records` (dataplane/tcp/connection_index.c): lines of seven entries, a power of two, seven tenths full at most.
static uint64_t index_bytes(uint64_t records)
{
	uint64_t lines = 2;
	while (lines * 7 * 7 / 10 < records)
		lines *= 2;
	return lines * 64;
}

// Rings from each lcore to each other, where a port may move connections between its queues. Whether an AF_XDP interface does is known when it is open: it is counted.
static uint64_t rings_bytes(const struct config *config)
{
	bool wanted = false;
	uint32_t mtu = 0;
	for (size_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->port[i];
		bool several = port->device == DEVICE_MEMIF ? port->queues > 1 : port->queues != 1;
		wanted |= several && (port->device == DEVICE_TAP || port->device == DEVICE_MEMIF ||
					     port->device == DEVICE_AF_XDP);
		mtu = port->mtu > mtu ? port->mtu : mtu;
	}
	return wanted ? handover_bytes(
				(uint32_t)config->dataplane_core_count, mtu + HANDOVER_AROUND)
		      : 0;
}

bool memory_plan_make(const struct config *config, struct memory_plan *plan, char error[256])
{
	const struct config_port *widest = NULL, *xdp = NULL;
	uint32_t room = 2048, mbufs = 0;
	for (size_t i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->port[i];
		uint32_t need = room_of_port(port);
		if (need > room) {
			room = need;
			widest = port;
		}
		mbufs += PORT_RX_DESCRIPTORS + PORT_TX_DESCRIPTORS + 2 * BURST;
		if (port->device == DEVICE_AF_XDP) {
			mbufs += XDP_RINGS;
			xdp = port;
		}
	}
	if (xdp != NULL && widest != NULL && room + MBUF_AROUND > XDP_CHUNK) {
		snprintf(error, 256,
			"port %s: mtu %u is too large%s%s: an AF_XDP packet buffer is at most a "
			"page, which is an mtu of 3400 or "
			"so; lower it or use another device",
			widest->name, widest->mtu,
			widest == xdp ? "" : " beside the net_af_xdp port ",
			widest == xdp ? "" : xdp->name);
		return false;
	}
	// Each lcore's cache hides up to one and a half times its size.
	mbufs += PORT_MBUF_CACHE * 3 / 2;
	// A mempool is smallest at a power of two less one.
	uint32_t size = 1024;
	while (size - 1 < mbufs)
		size *= 2;
	plan->mbufs = size - 1;
	plan->mbuf_room = (uint16_t)room;

	size_t lcores = config->dataplane_core_count;
	uint64_t share = (config->connections + lcores - 1) / lcores;
	plan->records = lcores * (share * RECORD_BYTES + index_bytes(share));
	plan->blocks = (uint64_t)config->talking * sizeof(struct bs_stream);
	plan->data_rings = (uint64_t)config->data_rings * config->data_ring_size;
	plan->packets = lcores * plan->mbufs * (uint64_t)(room + MBUF_AROUND);
	plan->straddled = lcores * plan->mbufs * in_pages(room + MBUF_AROUND) - plan->packets;
	plan->handover = rings_bytes(config);
	plan->sources = bs_sources_size(config->sources);
	plan->memory = memory_size(config->memory_entries);
	plan->total = plan->records + plan->blocks + plan->data_rings + plan->packets;
	plan->total += plan->total / 16 + DPDK_OWN;
	return true;
}

char *memory_plan_format(
	const struct memory_plan *plan, const struct config *config, char *text, size_t size)
{
	snprintf(text, size,
		"memory: %" PRIu64 " MB for %" PRIu32 " connections, %" PRIu64 " MB for %" PRIu32
		" talking, %" PRIu64 " MB for %" PRIu32 " mails under way, %" PRIu64
		" MB for packets; with reserve %" PRIu64 " MB; besides %" PRIu64 " MB for %" PRIu32
		" sources, %" PRIu64 " MB for %" PRIu32 " entries remembered, %" PRIu64
		" MB between cores",
		plan->records / MEGABYTE, config->connections, plan->blocks / MEGABYTE,
		config->talking, plan->data_rings / MEGABYTE, config->data_rings,
		plan->packets / MEGABYTE, plan->total / MEGABYTE, plan->sources / MEGABYTE,
		config->sources, plan->memory / MEGABYTE, config->memory_entries,
		(plan->handover + MEGABYTE - 1) / MEGABYTE);
	return text;
}
