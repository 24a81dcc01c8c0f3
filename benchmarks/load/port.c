// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define POOL 16383u

static void die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(1);
}

void load_port_make(struct load_port *port, uint16_t id)
{
	struct rte_eth_conf conf = {0};
	struct rte_ether_addr mac;
	*port = (struct load_port){.id = id};
	port->pool = rte_pktmbuf_pool_create(
		"frames", POOL, 256, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	if (port->pool == NULL)
		die("packet buffers", rte_strerror(rte_errno));
	if (rte_eth_dev_configure(id, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(id, 0, 1024, 0, NULL, port->pool) != 0 ||
		rte_eth_tx_queue_setup(id, 0, 1024, 0, NULL) != 0 ||
		rte_eth_macaddr_get(id, &mac) != 0 || rte_eth_dev_start(id) != 0)
		die("the port", "can't be opened");
	memcpy(port->mac, mac.addr_bytes, 6);
}

void load_port_close(struct load_port *port)
{
	rte_pktmbuf_free_bulk(port->out + port->out_first, port->out_count);
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
}

uint16_t load_port_receive(struct load_port *port, struct rte_mbuf *mbuf[PORT_BURST])
{
	return rte_eth_rx_burst(port->id, 0, mbuf, PORT_BURST);
}

uint8_t *load_port_frame(struct load_port *port)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->pool);
	if (mbuf == NULL || port->out_count == PORT_OUT)
		die("packet buffers", "none left");
	port->out[port->out_first + port->out_count] = mbuf;
	return rte_pktmbuf_mtod(mbuf, uint8_t *);
}

void load_port_out(struct load_port *port, uint16_t length)
{
	struct rte_mbuf *mbuf = port->out[port->out_first + port->out_count++];
	mbuf->data_len = length;
	mbuf->pkt_len = length;
}

static void count_full(struct load_port *port, bool full)
{
	port->full += full;
	if (full == (port->full_since != 0))
		return;
	uint64_t now = rte_rdtsc();
	port->full_ticks += full ? 0 : now - port->full_since;
	port->full_since = full ? now : 0;
}

bool load_port_flush(struct load_port *port)
{
	while (port->out_count > 0) {
		uint16_t now = rte_eth_tx_burst(port->id, 0, port->out + port->out_first,
			(uint16_t)RTE_MIN(port->out_count, 128u));
		if (now == 0)
			break;
		port->out_first += now;
		port->out_count -= now;
	}
	count_full(port, port->out_count > 0);
	if (port->out_count == 0) {
		port->out_first = 0;
	} else if (port->out_first >= PORT_OUT) { // the rest has room in front
		memcpy(port->out, port->out + port->out_first,
			port->out_count * sizeof(struct rte_mbuf *));
		port->out_first = 0;
	}
	return port->out_count == 0;
}
