// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/port.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define POOL       16383u
#define RING_LOG   11
#define PATIENCE_S 30

static void die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(1);
}

static void start_dpdk(const char *socket)
{
	char device[256], prefix[64], lcore[32];
	cpu_set_t cpus;
	int cpu = 0;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
			cpu++;
	snprintf(lcore, sizeof(lcore), "0@%d", cpu);
	snprintf(prefix, sizeof(prefix), "load-%d", (int)getpid());
	snprintf(device, sizeof(device),
		"net_memif0,role=client,id=0,rsize=%d,bsize=2048,socket=%s,socket-abstract=no,"
		"mac=02:00:00:00:00:01",
		RING_LOG, socket);
	char *argument[] = {"load", "--lcores", lcore, "--file-prefix", prefix, "--no-telemetry",
		"--no-shconf", "--no-huge", "-m", "128", "--no-pci", "--iova-mode=va", "--vdev",
		device, "--log-level=lib.*:warning", "--log-level=pmd.*:warning", NULL};
	int count = sizeof(argument) / sizeof(argument[0]) - 1;
	if (rte_eal_init(count, argument) < 0)
		die("DPDK does not start", rte_strerror(rte_errno));
}

static void wait_for_link(uint16_t id)
{
	struct rte_eth_link link = {0};
	for (unsigned i = 0; i < PATIENCE_S * 100; i++) {
		if (rte_eth_link_get_nowait(id, &link) == 0 && link.link_status != 0)
			return;
		usleep(10000);
	}
	die("the other end", "does not answer at its socket");
}

void load_port_open(struct load_port *port, const char *socket)
{
	struct rte_eth_conf conf = {0};
	struct rte_ether_addr mac;
	*port = (struct load_port){0};
	start_dpdk(socket);
	port->pool = rte_pktmbuf_pool_create(
		"frames", POOL, 256, 0, 2048 + RTE_PKTMBUF_HEADROOM, 0);
	if (port->pool == NULL)
		die("packet buffers", rte_strerror(rte_errno));
	if (rte_eth_dev_get_port_by_name("net_memif0", &port->id) != 0 ||
		rte_eth_dev_configure(port->id, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(port->id, 0, 1024, 0, NULL, port->pool) != 0 ||
		rte_eth_tx_queue_setup(port->id, 0, 1024, 0, NULL) != 0 ||
		rte_eth_macaddr_get(port->id, &mac) != 0 || rte_eth_dev_start(port->id) != 0)
		die(socket, "can't be opened");
	memcpy(port->mac, mac.addr_bytes, 6);
	wait_for_link(port->id);
}

void load_port_close(struct load_port *port)
{
	rte_pktmbuf_free_bulk(port->out + port->out_first, port->out_count);
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	rte_eal_cleanup();
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
