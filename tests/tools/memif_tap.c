// SPDX-License-Identifier: BSD-3-Clause
//
// A TAP interface at the other end of a memif: what the kernel sends goes out by its queues in turn, some frames by each, so that no
// connection stays on one of them. Runs until it is ended.
//
//   memif_tap SOCKET INTERFACE QUEUES
//
// It is the memif's client, comes when the server's socket is there, and says "ready" when the interface is.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define BURST   32u
#define BUFFERS 16383u
#define NAP_US  50u
// Frames by a queue before it is the next one's turn: of one connection every second comes by the other queue, in another order.
#define TURN 1u

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "memif_tap: %s: %s\n", what, rte_strerror(rte_errno));
	exit(1);
}

static void start_dpdk(const char *socket, const char *interface)
{
	char memif[256], tap[64], prefix[64], lcore[32];
	cpu_set_t cpus;
	int cpu = 0;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
			cpu++;
	snprintf(lcore, sizeof(lcore), "0@%d", cpu);
	snprintf(prefix, sizeof(prefix), "memif-tap-%d", (int)getpid());
	snprintf(memif, sizeof(memif),
		"net_memif0,role=client,id=0,bsize=2048,socket=%s,socket-abstract=no,"
		"mac=02:00:00:00:00:01",
		socket);
	snprintf(tap, sizeof(tap), "net_tap0,iface=%s", interface);
	char *argument[] = {"memif_tap", "--lcores", lcore, "--file-prefix", prefix,
		"--no-telemetry", "--no-shconf", "--no-huge", "-m", "128", "--no-pci",
		"--iova-mode=va", "--vdev", memif, "--vdev", tap, "--log-level=lib.*:warning",
		"--log-level=pmd.*:warning", NULL};
	if (rte_eal_init(sizeof(argument) / sizeof(argument[0]) - 1, argument) < 0)
		die("DPDK does not start");
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

static uint16_t open_port(const char *device, uint16_t queues, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {0};
	uint16_t id;
	if (rte_eth_dev_get_port_by_name(device, &id) != 0 ||
		rte_eth_dev_configure(id, queues, queues, &conf) != 0)
		die(device);
	for (uint16_t i = 0; i < queues; i++)
		if (rte_eth_rx_queue_setup(id, i, 1024, 0, NULL, pool) != 0 ||
			rte_eth_tx_queue_setup(id, i, 1024, 0, NULL) != 0)
			die(device);
	for (unsigned i = 0; rte_eth_dev_start(id) != 0;
		i++, usleep(10000)) // a socket is there before it listens
		if (i == 100)
			die(device);
	return id;
}

static void pass_on(uint16_t port, uint16_t queue, struct rte_mbuf **mbuf, uint16_t count)
{
	uint16_t sent = rte_eth_tx_burst(port, queue, mbuf, count);
	if (sent < count)
		rte_pktmbuf_free_bulk(mbuf + sent, count - sent);
}

static unsigned forward(uint16_t tap, uint16_t memif, uint16_t queues)
{
	static unsigned turn;
	struct rte_mbuf *mbuf[BURST];
	uint16_t count = rte_eth_rx_burst(tap, 0, mbuf, BURST);
	unsigned done = count;
	for (uint16_t i = 0; i < count; i++)
		pass_on(memif, (uint16_t)(turn++ / TURN % queues), &mbuf[i], 1);
	for (uint16_t queue = 0; queue < queues; queue++) {
		count = rte_eth_rx_burst(memif, queue, mbuf, BURST);
		pass_on(tap, 0, mbuf, count);
		done += count;
	}
	return done;
}

int main(int count, char **words)
{
	uint16_t queues = count == 4 ? (uint16_t)strtoul(words[3], NULL, 10) : 0;
	if (queues == 0) {
		fprintf(stderr, "usage: memif_tap SOCKET INTERFACE QUEUES\n");
		return 2;
	}
	start_dpdk(words[1], words[2]);
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"frames", BUFFERS, 256, 0, 2048 + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
	if (pool == NULL)
		die("packet buffers");
	uint16_t tap = open_port("net_tap0", 1, pool);
	puts("ready");
	fflush(stdout);
	while (access(words[1], F_OK) != 0) // until the server made it
		usleep(1000);
	uint16_t memif = open_port("net_memif0", queues, pool);
	for (;;)
		if (forward(tap, memif, queues) == 0)
			usleep(NAP_US);
}
