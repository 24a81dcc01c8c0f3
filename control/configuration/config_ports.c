// SPDX-License-Identifier: BSD-3-Clause
//
// The checks of port "NAME" { } that need more than one value: see the header.
#include "control/configuration/config_ports.h"

#include <string.h>

#define MTU_IPV6 1280 // RFC 8200, section 5

struct view { // of one port
	struct config_reading *reading;
	const struct config_port *port;
	unsigned instance;
};

static const struct config_key *key_of(const char *name)
{
	return config_key_find("port", name);
}

static bool is_set(const struct view *view, const char *name)
{
	return config_setting_of(view->reading, view->instance, key_of(name))->place.file != NULL;
}

#define FAULT(view, name, element, ...) \
	config_fault((view)->reading, (view)->instance, key_of(name), element, __VA_ARGS__)

static void check_memif(const struct view *view)
{
	const struct config_port *port = view->port;

	if (port->socket[0] == '\0')
		FAULT(view, "socket", 0,
			"is missing for device = net_memif; add socket = "
			"\"/run/vpp/memif.sock\"");
	// DPDK takes its devices' settings as one text with commas.
	if (strpbrk(port->socket, ",[]") != NULL)
		FAULT(view, "socket", 0, "has a comma or a bracket; use another name");
	if ((port->ring_size & (port->ring_size - 1)) != 0)
		FAULT(view, "ring-size", 0, "%u is no power of two; write 512, 1024 or 2048",
			port->ring_size);
	if (port->interface[0] != '\0')
		FAULT(view, "interface", 0, "is not for device = net_memif; remove it");
}

static void check_device(const struct view *view)
{
	const struct config_port *port = view->port;

	if (port->device == DEVICE_PCI && port->pci[0] == '\0' && !is_set(view, "pci"))
		FAULT(view, "pci", 0,
			"is missing for device = pci; add pci = \"0000:03:00.0\" (lspci -D prints "
			"it)");
	else if (port->device == DEVICE_PCI && port->pci[0] == '\0')
		FAULT(view, "pci", 0,
			"is empty for device = pci; write \"0000:03:00.0\" (lspci -D prints it)");
	if ((port->device == DEVICE_AF_PACKET || port->device == DEVICE_AF_XDP) &&
		port->interface[0] == '\0')
		FAULT(view, "interface", 0,
			"is missing for this device; add interface = \"eth1\" (ip link prints the "
			"names)");
	if (port->device == DEVICE_MEMIF)
		check_memif(view);
}

// On the port's name for a TAP interface without one: at most 15 characters.
static void name_tap(const struct view *view, struct config_port *port)
{
	if (port->device != DEVICE_TAP || port->interface[0] != '\0')
		return;
	if (strlen(port->name) >= sizeof(port->interface))
		FAULT(view, "interface", 0,
			"the port's name is too long for an interface; add interface = \"NAME\" of "
			"at most 15 characters");
	else
		snprintf(port->interface, sizeof(port->interface), "%.15s", port->name);
}

static bool has_family(const struct config_port *port, bool ipv4)
{
	for (size_t i = 0; i < port->address_count; i++) {
		if (bs_address_is_ipv4(&port->address[i].address) == ipv4)
			return true;
	}
	return false;
}

static void check_gateway(const struct view *view, const struct bs_address *gateway)
{
	const struct config_port *port = view->port;
	bool ipv4 = bs_address_is_ipv4(gateway), reachable;
	char text[BS_ADDRESS_TEXT];
	// The second in the file, if there are two, is the other family's; the order is the writer's.
	size_t element = 0;

	for (size_t i = 0; i < view->reading->parse->item_count; i++) {
		const struct config_item *item = &view->reading->parse->item[i];
		struct bs_address here;

		if (item->key == key_of("gateways") && item->instance == view->instance &&
			item->text != NULL) {
			if (bs_address_parse(item->text, &here) && bs_address_equal(&here, gateway))
				break;
			element++;
		}
	}
	bs_address_format(gateway, text);
	if (!has_family(port, ipv4)) {
		FAULT(view, "gateways", element,
			"%s is of no use, the port has no %s address; remove it or add one", text,
			ipv4 ? "IPv4" : "IPv6");
		return;
	}
	reachable = !ipv4 && gateway->octet[0] == 0xfe && (gateway->octet[1] & 0xc0) == 0x80;
	for (size_t i = 0; i < port->address_count; i++) {
		if (bs_address_equal(&port->address[i].address, gateway)) {
			FAULT(view, "gateways", element,
				"%s is our own address; write the router's", text);
			return;
		}
		reachable |= bs_prefix_contains(&port->address[i].on_link, gateway);
	}
	if (!reachable)
		FAULT(view, "gateways", element,
			"%s is in none of the port's networks; check it and the prefix lengths of "
			"addresses",
			text);
}

static void check_one(const struct view *view)
{
	const struct config_port *port = view->port;
	const struct config_setting *addresses = config_setting_of(
		view->reading, view->instance, key_of("addresses"));

	check_device(view);
	if (addresses->place.file != NULL && !addresses->faulty && port->address_count == 0)
		FAULT(view, "addresses", 0, "is empty; write at least one address");
	if (port->mtu < MTU_IPV6 && has_family(port, false))
		FAULT(view, "mtu", 0,
			"%u is too small for IPv6; write %d to 9000, or remove the "
			"IPv6 addresses",
			port->mtu, MTU_IPV6);
	if (addresses->faulty || port->address_count == 0)
		return;
	if (port->has_gateway4)
		check_gateway(view, &port->gateway4);
	if (port->has_gateway6)
		check_gateway(view, &port->gateway6);
}

// The same address, device or interface on two ports.
static void check_pair(const struct view *view, const struct config_port *before)
{
	const struct config_port *port = view->port;
	bool same_kind = (port->device == DEVICE_PCI) == (before->device == DEVICE_PCI);

	if (same_kind && port->device == DEVICE_PCI && port->pci[0] != '\0' &&
		strcasecmp(port->pci, before->pci) == 0)
		FAULT(view, "pci", 0, "port \"%s\" has it already; write another", before->name);
	if (port->device == DEVICE_MEMIF && before->device == DEVICE_MEMIF &&
		port->memif_id == before->memif_id && strcmp(port->socket, before->socket) == 0)
		FAULT(view, "memif-id", 0, "port \"%s\" has the same at this socket; write another",
			before->name);
	if (same_kind && port->device != DEVICE_PCI && port->interface[0] != '\0' &&
		strcmp(port->interface, before->interface) == 0)
		FAULT(view, "interface", 0, "port \"%s\" has it already; write another",
			before->name);
}

static void check_addresses(const struct view *view, size_t number)
{
	const struct config *config = view->reading->config;
	char text[BS_ADDRESS_TEXT];

	for (size_t i = 0; i < view->port->address_count; i++) {
		const struct bs_address *address = &view->port->address[i].address;

		for (size_t p = 0; p <= number; p++) {
			size_t end = p == number ? i : config->port[p].address_count;

			for (size_t j = 0; j < end; j++) {
				if (bs_address_equal(address, &config->port[p].address[j].address))
					FAULT(view, "addresses", i,
						"%s stands in port \"%s\" already; remove one",
						bs_address_format(address, text),
						config->port[p].name);
			}
		}
	}
}

void config_check_ports(struct config_reading *reading)
{
	struct config *config = reading->config;
	const struct config_parse *parse = reading->parse;
	size_t number = 0, addresses = 0;

	for (unsigned i = 1; i < parse->instance_count; i++) {
		if (strcmp(parse->instance[i].row->name, "port") != 0)
			continue;
		struct view view = {reading, &config->port[number], i};

		name_tap(&view, &config->port[number]);
		check_one(&view);
		for (size_t p = 0; p < number; p++)
			check_pair(&view, &config->port[p]);
		check_addresses(&view, number);
		addresses += config->port[number].address_count;
		if (addresses > LOCALS_MAX)
			FAULT(&view, "addresses", 0,
				"more than %u addresses on all ports together; remove some",
				LOCALS_MAX);
		if (number++ == PORTS_MAX)
			faults_add(reading->faults, parse->instance[i].place.file,
				parse->instance[i].place.line,
				"port: more than %u ports; remove some", PORTS_MAX);
		if (addresses > LOCALS_MAX || number > PORTS_MAX)
			return; // said once; and the comparisons above stay few
	}
	if (number == 0)
		faults_add(reading->faults, config->file, 1,
			"port: there is none; add port \"NAME\" { device = ... addresses = {...} "
			"}");
}
