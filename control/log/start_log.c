// SPDX-License-Identifier: BSD-3-Clause
#include "control/log/start_log.h"

#include <stdio.h>

#include "control/start/device.h"

#define LINE 700 // of a list; more is cut

static void log_port(struct bs_log *log, const struct daemon *daemon, const struct port *port)
{
	static const char *const kind[] = {[DEVICE_PCI] = "pci",
		[DEVICE_TAP] = "net_tap",
		[DEVICE_AF_PACKET] = "net_af_packet",
		[DEVICE_AF_XDP] = "net_af_xdp",
		[DEVICE_MEMIF] = "net_memif"};
	const struct config_port *from = &daemon->config->port[port->index];
	char addresses[LINE] = "";
	size_t used = 0;
	for (size_t i = 0; i < from->address_count && used < sizeof(addresses); i++) {
		char text[BS_ADDRESS_TEXT];
		const struct config_address *address = &from->address[i];
		unsigned length = address->on_link.length -
				  (bs_address_is_ipv4(&address->address) ? 96u : 0u);
		used += (size_t)snprintf(addresses + used, sizeof(addresses) - used, " %s/%u",
			bs_address_format(&address->address, text), length);
	}
	bs_log(log, BS_LOG_INFO,
		"port %s: %s %s, MAC %02x:%02x:%02x:%02x:%02x:%02x, mtu %u, vlan %u, %u queue%s, "
		"link %s, addresses%s",
		port->name, kind[from->device], device_place(from), port->mac[0], port->mac[1],
		port->mac[2], port->mac[3], port->mac[4], port->mac[5], port->mtu, port->vlan,
		port->queues, port->queues == 1 ? "" : "s",
		atomic_load(&port->link_up) ? "up" : "down", addresses);
}

static const char *core_list(const int *core, size_t count, char text[LINE])
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < count && used < LINE; i++)
		used += (size_t)snprintf(text + used, LINE - used, i > 0 ? ",%d" : "%d", core[i]);
	return text;
}

void start_log_write(
	struct bs_log *log, const struct daemon *daemon, const struct memory_plan *plan)
{
	const struct config *config = daemon->config;
	char dataplane[LINE], worker[LINE], memory[LINE];
	bs_log(log, BS_LOG_INFO,
		"barscreen " BS_VERSION " starts as %s, configuration %s, mail to %s",
		config->hostname, config->file, config->backend);
	for (uint8_t i = 0; i < daemon->ports->port_count; i++)
		log_port(log, daemon, &daemon->ports->port[i]);
	bs_log(log, BS_LOG_INFO, "dataplane on core %s, workers on core %s, %s, %u helper threads",
		core_list(config->dataplane_cores, config->dataplane_core_count, dataplane),
		core_list(config->worker_cores, config->worker_core_count, worker),
		config->idle == IDLE_SPIN ? "spinning" : "sleeping when idle",
		config->helper_threads);
	bs_log(log, BS_LOG_INFO, "%s", memory_plan_format(plan, config, memory, sizeof(memory)));
	for (uint32_t i = 0; i < daemon->limitation_count; i++)
		bs_log(log, BS_LOG_WARNING, "%s", daemon->limitation[i]);
}
