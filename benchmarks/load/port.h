// SPDX-License-Identifier: BSD-3-Clause
//
// The load's end of a wire, a port of DPDK: frames in bursts, nothing lost on the way out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PORT_BURST 64u
// So many that the load goes on taking in what comes while the other end stands still for some milliseconds: else answers would find
// no room on their way to it, and their sessions would wait for them to be said again.
#define PORT_OUT 4096u

struct rte_mbuf;
struct rte_mempool;

struct load_port {
	uint16_t id;
	struct rte_mempool *pool;
	struct rte_mbuf
		*out[2 * PORT_OUT]; // what waits for room in the ring, then the frame being written
	uint32_t out_first, out_count;
	uint64_t full;       // times the other end had not made room
	uint64_t full_since; // ticks; 0: it has
	uint64_t full_ticks; // it had not, before that
	uint8_t mac[6];
};

// Configures and starts DPDK's port `id`. Exits with a line where that fails.
void load_port_make(struct load_port *port, uint16_t id);
void load_port_close(struct load_port *port);

// Frames of the other end, the caller's from then on.
uint16_t load_port_receive(struct load_port *port, struct rte_mbuf *mbuf[PORT_BURST]);

// A frame to write to, then its length: it goes out with the next load_port_flush(). Exits where packet buffers lack:
// there are more of them than both rings and what waits.
uint8_t *load_port_frame(struct load_port *port);
void load_port_out(struct load_port *port, uint16_t length);

// How many more frames may be written before the next flush.
static inline uint32_t load_port_room(const struct load_port *port)
{
	return PORT_OUT - port->out_count;
}

// False when some of it must wait.
bool load_port_flush(struct load_port *port);
