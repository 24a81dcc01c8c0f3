// SPDX-License-Identifier: BSD-3-Clause
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/configuration/config_impairment.h"
#include "control/memory/memory_store.h"
#include "control/policy/policy_store.h"
#include "control/socket/report.h"

// Text from the configuration may be no UTF-8, which JSON has to be.
static json_t *text(const char *bytes)
{
	char clean[256];
	json_t *string = json_string(bytes);
	if (string != NULL)
		return string;
	size_t length = 0;
	for (; length < sizeof(clean) - 1 && bytes[length] != '\0'; length++) {
		char c = bytes[length];
		clean[length] = (char)(c >= 0x20 && c < 0x7f ? c : '?');
	}
	clean[length] = '\0';
	return json_string(clean);
}

// Appends to `*array`; on failure frees it and leaves NULL, which json_pack() takes for no memory.
static bool append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value) == 0)
		return true;
	json_decref(*array);
	*array = NULL;
	return false;
}

static const char *device_word(const struct config *config, const char *port_name)
{
	static const char *const word[] = {[DEVICE_PCI] = "pci",
		[DEVICE_TAP] = "net_tap",
		[DEVICE_AF_PACKET] = "net_af_packet",
		[DEVICE_AF_XDP] = "net_af_xdp",
		[DEVICE_MEMIF] = "net_memif"};
	for (size_t i = 0; config != NULL && i < config->port_count; i++) {
		if (strcmp(config->port[i].name, port_name) == 0)
			return word[config->port[i].device];
	}
	return "";
}

static const char *state_word(uint8_t state)
{
	switch ((enum local_state)state) {
	case LOCAL_TENTATIVE:
		return "tentative";
	case LOCAL_READY:
		return "ready";
	case LOCAL_DUPLICATE:
		return "duplicate";
	}
	return "unknown";
}

// 192.0.2.25/24: the address with the length of its link's prefix.
static json_t *local_address(const struct local *local)
{
	char address[BS_ADDRESS_TEXT], with_length[BS_PREFIX_TEXT];
	unsigned length = local->on_link.length;
	if (bs_address_is_ipv4(&local->address))
		length -= 96;
	snprintf(with_length, sizeof(with_length), "%s/%u",
		bs_address_format(&local->address, address), length & 0xffu);
	return json_pack("{s:s, s:s}", "address", with_length, "state",
		state_word(atomic_load_explicit(&local->state, memory_order_relaxed)));
}

static json_t *addresses(const struct ports *ports, uint8_t port)
{
	json_t *array = json_array();
	for (size_t i = 0; array != NULL && i < ports->local_count; i++) {
		if (ports->local[i].port == port)
			append(&array, local_address(&ports->local[i]));
	}
	return array;
}

static json_t *mac(uint64_t octets)
{
	return json_sprintf("%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)(octets >> 40) & 0xff,
		(unsigned)(octets >> 32) & 0xff, (unsigned)(octets >> 24) & 0xff,
		(unsigned)(octets >> 16) & 0xff, (unsigned)(octets >> 8) & 0xff,
		(unsigned)octets & 0xff);
}

static json_t *one_gateway(const struct gateway *gateway)
{
	char address[BS_ADDRESS_TEXT];
	uint64_t word = atomic_load_explicit(&gateway->mac, memory_order_relaxed);
	bool resolved = (word & GATEWAY_RESOLVED) != 0;
	return json_pack("{s:s, s:b, s:o}", "address",
		bs_address_format(&gateway->address, address), "resolved", resolved, "mac",
		resolved ? mac(word) : json_null());
}

static json_t *gateways(const struct port *port)
{
	json_t *array = json_array();
	if (array != NULL && port->gateway4.configured)
		append(&array, one_gateway(&port->gateway4));
	if (array != NULL && port->gateway6.configured)
		append(&array, one_gateway(&port->gateway6));
	return array;
}

static json_t *one_port(const struct daemon *daemon, const struct port *port)
{
	uint64_t octets = 0;
	for (size_t i = 0; i < sizeof(port->mac); i++)
		octets = octets << 8 | port->mac[i];
	return json_pack("{s:o, s:s, s:s, s:o, s:i, s:i, s:i, s:o, s:o, s:o}", "name",
		text(port->name), "device", device_word(daemon->config, port->name), "link",
		atomic_load_explicit(&port->link_up, memory_order_relaxed) ? "up" : "down", "mac",
		mac(octets), "mtu", port->mtu, "vlan", port->vlan, "queues", port->queues,
		"addresses", addresses(daemon->ports, port->index), "gateways", gateways(port),
		"losses", report_losses(daemon, port->index));
}

static json_t *ports(const struct daemon *daemon)
{
	json_t *array = json_array();
	size_t count = daemon->ports != NULL ? daemon->ports->port_count : 0;
	for (size_t i = 0; array != NULL && i < count; i++)
		append(&array, one_port(daemon, &daemon->ports->port[i]));
	return array;
}

static json_t *limitations(const struct daemon *daemon)
{
	json_t *array = json_array();
	for (size_t i = 0; array != NULL && i < daemon->limitation_count; i++)
		append(&array, text(daemon->limitation[i]));
	char words[200];
	if (array != NULL && daemon->config != NULL &&
		config_impairment(daemon->config, words, sizeof(words)) != NULL)
		append(&array,
			json_sprintf(
				"impairment: packets meet faults on purpose (%s); mail suffers "
				"from it until all of them are set to 0",
				words));
	return array;
}

static json_t *numbers(const int *number, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; array != NULL && i < count; i++)
		append(&array, json_integer(number[i]));
	return array;
}

static json_t *cores(const struct config *config)
{
	if (config == NULL)
		return json_object();
	return json_pack("{s:o, s:o}", "dataplane",
		numbers(config->dataplane_cores, config->dataplane_core_count), "worker",
		numbers(config->worker_cores, config->worker_core_count));
}

// Of the policies: how many were published, and the old ones that are still seen or held.
static json_t *policies(const struct daemon *daemon)
{
	struct policy_store_state state = {0};
	if (daemon->policies != NULL)
		state = policy_store_state(daemon->policies);
	return json_pack("{s:I, s:i, s:i, s:b}", "published", (json_int_t)state.published, "fading",
		(int)state.fading, "held", (int)state.held, "texts-wait", (int)state.texts_wait);
}

// What is remembered over restarts, and whether all of it is on disk.
static json_t *memory(const struct daemon *daemon)
{
	struct memory_store_view view = {.saved = true};
	if (daemon->memory != NULL)
		memory_store_view(daemon->memory, &view);
	return json_pack("{s:I, s:I, s:I, s:b, s:o}", "entries", (json_int_t)view.entries, "room",
		(json_int_t)view.room, "writes", (json_int_t)view.writes, "saved", (int)view.saved,
		"error", view.saved ? json_null() : text(view.error));
}

json_t *report_status(const struct daemon *daemon)
{
	uint64_t now = (uint64_t)time(NULL);
	uint64_t uptime = now > daemon->started ? now - daemon->started : 0;
	return json_pack(
		"{s:b, s:s, s:i, s:o, s:I, s:I, s:b, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "ok",
		1, "version", BS_VERSION, "pid", (int)getpid(), "hostname",
		text(daemon->config != NULL ? daemon->config->hostname : ""), "started",
		(json_int_t)daemon->started, "uptime", (json_int_t)uptime, "draining",
		(int)atomic_load_explicit(&daemon->draining, memory_order_relaxed), "ports",
		ports(daemon), "cores", cores(daemon->config), "sessions",
		(json_int_t)report_sessions_now(daemon), "connections", report_gauges(daemon),
		"policies", policies(daemon), "memory", memory(daemon), "dns-lists",
		report_dns_lists(daemon), "limitations", limitations(daemon));
}
