// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/port_losses.h"

#include <dirent.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <rte_ethdev.h>

#include "control/start/daemon.h"

#define SAID_EVERY_MS 60000u

static bool is_packet_socket(int fd, unsigned interface)
{
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);
	return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
	       address.sll_family == AF_PACKET && (unsigned)address.sll_ifindex == interface;
}

// The driver's sockets, among all that we have open: it made them before there were any of clients.
static void seek_sockets(struct port_losses *losses, const char *interface)
{
	unsigned index = if_nametoindex(interface);
	DIR *folder = index == 0 ? NULL : opendir("/proc/self/fd");
	const struct dirent *entry;
	losses->sought = true;
	while (folder != NULL && (entry = readdir(folder)) != NULL &&
		losses->sockets < PORT_SOCKETS) {
		int fd = (int)strtol(entry->d_name, NULL, 10);
		if (is_packet_socket(fd, index))
			losses->socket[losses->sockets++] = fd;
	}
	if (folder != NULL)
		closedir(folder);
}

// Since the last time: the kernel forgets what it told.
static uint64_t kernel_drops(const struct port_losses *losses)
{
	uint64_t drops = 0;
	for (unsigned i = 0; i < losses->sockets; i++) {
		struct tpacket_stats stats = {0};
		socklen_t size = sizeof(stats);
		if (getsockopt(losses->socket[i], SOL_PACKET, PACKET_STATISTICS, &stats, &size) ==
			0)
			drops += stats.tp_drops;
	}
	return drops;
}

// The column of /proc/net/dev: eight of what was received; bytes, packets, errors and drops of what was sent.
#define TAP_DROPPED 12u

// What the kernel sends through a TAP is what we receive. (/sys shows the interfaces of whoever mounted it, and may be missing.)
static uint64_t tap_drops(const char *interface)
{
	char line[400];
	uint64_t drops = 0;
	size_t length = strlen(interface);
	FILE *file = fopen("/proc/self/net/dev", "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + strspn(line, " ");
		if (strncmp(at, interface, length) != 0 || at[length] != ':')
			continue;
		char *rest = line + (at - line) + length + 1;
		for (unsigned column = 0; column < TAP_DROPPED; column++)
			drops = strtoull(rest, &rest, 10);
	}
	fclose(file);
	return drops;
}

static void read_port(
	struct port_losses *losses, const struct port *port, enum config_device device)
{
	struct rte_eth_stats stats;
	if (rte_eth_stats_get(port->id, &stats) != 0)
		return;
	losses->now.rx_errors = stats.ierrors;
	losses->now.rx_no_buffer = stats.rx_nombuf;
	losses->now.tx_errors = stats.oerrors;
	if (device == DEVICE_AF_PACKET) {
		if (!losses->sought)
			seek_sockets(losses, port->interface);
		losses->now.rx_missed += kernel_drops(losses);
	} else {
		losses->now.rx_missed = stats.imissed;
		if (device == DEVICE_TAP)
			losses->now.rx_missed += tap_drops(port->interface);
	}
}

bool port_losses_news(
	struct port_losses *losses, const char *port, uint64_t now_ms, char *text, size_t size)
{
	const struct bs_port_counters *now = &losses->now;
	uint64_t lost = now->rx_missed + now->rx_errors + now->rx_no_buffer;
	if (lost <= losses->said ||
		(losses->said_ms != 0 && now_ms - losses->said_ms < SAID_EVERY_MS))
		return false;
	snprintf(text, size,
		"port %s: %" PRIu64 " packets were lost before they reached us (since the start: "
		"rx-missed %" PRIu64 ", rx-errors %" PRIu64 ", rx-no-buffer %" PRIu64
		"): where that goes on, give "
		"machine/dataplane-cores more cores",
		port, lost - losses->said, now->rx_missed, now->rx_errors, now->rx_no_buffer);
	losses->said = lost;
	losses->said_ms = now_ms;
	return true;
}

void port_losses_turn(struct daemon *daemon, struct bs_log *log, uint64_t now_ms)
{
	char text[300];
	for (uint8_t i = 0; i < daemon->ports->port_count; i++) {
		const struct port *port = &daemon->ports->port[i];
		read_port(&daemon->losses[i], port, daemon->config->port[i].device);
		if (port_losses_news(&daemon->losses[i], port->name, now_ms, text, sizeof(text)))
			bs_log(log, BS_LOG_WARNING, "%s", text);
	}
}
