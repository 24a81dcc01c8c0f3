// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/ports.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "control/start/cores.h"
#include "control/start/device.h"
#include "control/start/eal.h"
#include "control/log/hush.h"
#include "dataplane/port/port_open.h"

void limitation_add(struct daemon *daemon, const char *format, ...)
{
	char *text = NULL;
	va_list list;
	if (daemon->limitation_count == DAEMON_LIMITATIONS)
		return;
	va_start(list, format);
	int length = vasprintf(&text, format, list);
	va_end(list);
	if (length >= 0)
		daemon->limitation[daemon->limitation_count++] = text;
}

bool port_pools_make(const struct config *config, const struct memory_plan *plan,
	struct port_pools *pools, char error[256])
{
	for (size_t i = 0; i < config->dataplane_core_count; i++) {
		char name[32];
		int node = core_node(config->dataplane_cores[i]);
		snprintf(name, sizeof(name), "packets %zu", i);
		uint16_t room = (uint16_t)(plan->mbuf_room + RTE_PKTMBUF_HEADROOM);
		pools->pool[i] = rte_pktmbuf_pool_create(
			name, plan->mbufs, PORT_MBUF_CACHE, 0, room, node);
		if (pools->pool[i] == NULL) // memory of another node is better than none
			pools->pool[i] = rte_pktmbuf_pool_create(
				name, plan->mbufs, PORT_MBUF_CACHE, 0, room, SOCKET_ID_ANY);
		if (pools->pool[i] == NULL) {
			snprintf(error, 256,
				"no memory for the %u packet buffers of core %d (%s): raise "
				"machine/memory, or reserve "
				"more hugepages",
				plan->mbufs, config->dataplane_cores[i], rte_strerror(rte_errno));
			return false;
		}
		pools->count = (unsigned)i + 1;
	}
	return true;
}

void port_pools_free(struct port_pools *pools)
{
	while (pools->count > 0)
		rte_mempool_free(pools->pool[--pools->count]);
}

struct limiting {
	struct daemon *daemon;
	const char *port;
};

static void port_limitation(void *context, const char *text)
{
	const struct limiting *limiting = context;
	limitation_add(limiting->daemon, "port %s: %s", limiting->port, text);
}

// Queues that the virtual device is made with.
static uint16_t queues_of(struct daemon *daemon, const struct config_port *port)
{
	const struct config *config = daemon->config;
	unsigned queues = port->queues != 0 ? port->queues : (unsigned)config->dataplane_core_count;
	if (queues > config->dataplane_core_count)
		queues = (unsigned)config->dataplane_core_count;
	if (port->device == DEVICE_MEMIF && port->queues == 0)
		return 1;
	if (port->device != DEVICE_AF_XDP)
		return (uint16_t)queues;
	struct device_queues has = device_queues(port->interface);
	if (has.taken < queues)
		queues = has.taken;
	if (has.receive > queues)
		limitation_add(daemon,
			"port %s: %s has %u queues and only %u of them reach us: `ethtool -L %s "
			"%s %u`",
			port->name, port->interface, has.receive, queues, port->interface,
			has.combined ? "combined" : "rx", queues);
	return (uint16_t)queues;
}

// Devices that have no other queues than those that they are made with.
static bool made_with_queues(const struct config_port *port)
{
	return port->device == DEVICE_AF_XDP || port->device == DEVICE_MEMIF;
}

static bool open_device(
	struct daemon *daemon, unsigned index, struct port_pools *pools, char error[256])
{
	static const enum port_kind kind[] = {[DEVICE_PCI] = PORT_PCI,
		[DEVICE_TAP] = PORT_TAP,
		[DEVICE_AF_PACKET] = PORT_AF_PACKET,
		[DEVICE_AF_XDP] = PORT_AF_XDP,
		[DEVICE_MEMIF] = PORT_MEMIF};
	const struct config_port *from = &daemon->config->port[index];
	struct port *port = &daemon->ports->port[index];
	struct limiting limiting = {daemon, from->name};
	char device[EAL_DEVICE];
	uint16_t queues = queues_of(daemon, from);

	if (!eal_probe(from, index, queues, error))
		return false;
	eal_device_name(from, index, device);
	struct port_settings settings = {.kind = kind[from->device],
		.name = from->name,
		.device = device,
		.interface = from->interface[0] == '\0' ? NULL : from->interface,
		.mtu = from->mtu,
		.vlan = from->vlan,
		.queues = made_with_queues(from) ? queues : from->queues,
		.lcores = (uint16_t)daemon->config->dataplane_core_count,
		.pools = pools->pool,
		.limitation = port_limitation,
		.context = &limiting};
	return port_open(&settings, port, error);
}

static bool open_one(
	struct daemon *daemon, unsigned index, struct port_pools *pools, char error[256])
{
	const struct config_port *from = &daemon->config->port[index];
	struct port *port = &daemon->ports->port[index];
	struct hush hush;
	char words[200], said[200];
	hush_begin(&hush);
	bool opened = open_device(daemon, index, pools, error);
	hush_end(&hush, said);
	eal_last_words(words);
	if (!opened) {
		const char *why = said[0] != '\0' ? said : words;
		size_t used = strlen(error);
		if (why[0] != '\0' && strstr(error, why) == NULL)
			snprintf(error + used, 256 - used, " [%s]", why);
		return false;
	}
	if (device_joins_packets(from))
		limitation_add(daemon,
			"port %s: %s joins packets beyond the mtu and they are lost: `ethtool -K "
			"%s gro off lro off`",
			from->name, from->interface, from->interface);
	port->index = (uint8_t)index;
	port->gateway4 = (struct gateway){
		.address = from->gateway4, .configured = from->has_gateway4};
	port->gateway6 = (struct gateway){
		.address = from->gateway6, .configured = from->has_gateway6};
	return true;
}

bool ports_open(struct daemon *daemon, struct port_pools *pools, char error[256])
{
	const struct config *config = daemon->config;
	struct ports *ports = daemon->ports;
	ports->service = config->service;
	for (size_t i = 0; i < config->port_count; i++) {
		const struct config_port *from = &config->port[i];
		if (i == PORTS_MAX) {
			snprintf(error, 256, "port %s: more than %u ports; remove some", from->name,
				PORTS_MAX);
			return false;
		}
		if (!open_one(daemon, (unsigned)i, pools, error))
			return false;
		ports->port_count++;
		for (size_t j = 0; j < from->address_count; j++) {
			if (ports->local_count == LOCALS_MAX) {
				snprintf(error, 256,
					"port %s: more than %u addresses in all; remove some",
					from->name, LOCALS_MAX);
				return false;
			}
			struct local *local = &ports->local[ports->local_count++];
			local->address = from->address[j].address;
			local->on_link = from->address[j].on_link;
			local->port = (uint8_t)i;
			atomic_init(&local->state, LOCAL_TENTATIVE);
		}
	}
	return true;
}

void ports_close(struct ports *ports)
{
	struct hush hush;
	hush_begin(&hush);
	while (ports->port_count > 0)
		port_close(&ports->port[--ports->port_count]);
	hush_end(&hush, NULL);
}
