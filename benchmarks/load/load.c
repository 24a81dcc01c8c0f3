// SPDX-License-Identifier: BSD-3-Clause
//
// SMTP sessions over a memif, from a million addresses. What can be asked for: options.c; what it prints: run.h. Exit status: 0 when
// every session went as its script says, else 1.
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "benchmarks/load/options.h"

#define RING_LOG   11
#define PATIENCE_S 30

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "load: %s: %s\n", what, why);
	exit(1);
}

// In ordinary memory.
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

int main(int count, char **words)
{
	static struct load load;
	const char *socket = load_options(&load, count, words, "SOCKET");
	uint16_t id;
	start_dpdk(socket);
	if (rte_eth_dev_get_port_by_name("net_memif0", &id) != 0)
		die(socket, "can't be opened");
	load_port_make(&load.port, id);
	wait_for_link(id);
	bool good = load_run(&load);
	load_port_close(&load.port);
	rte_eal_cleanup();
	return !good;
}
