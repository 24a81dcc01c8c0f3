// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: ports, cores and memory, as the kernel shows them in /proc and /sys.
#include <ifaddrs.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/audit/audit_say.h"
#include "control/start/device_memif.h"
#include "control/start/memory_plan.h"

// The last part of what a symbolic link points to, or "" when there is none.
static const char *link_name(const char *path, char target[PATH_MAX])
{
	ssize_t length = readlink(path, target, PATH_MAX - 1);
	const char *slash;

	target[length > 0 ? length : 0] = '\0';
	slash = strrchr(target, '/');
	return slash == NULL ? target : slash + 1;
}

static void audit_pci(struct audit *audit, const struct config_port *port)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *driver;
	struct stat status;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", port->pci);
	if (stat(path, &status) != 0) {
		audit_error(audit,
			"port \"%s\": no PCI device %s here; look it up with lspci -D and correct "
			"pci",
			port->name, port->pci);
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", port->pci);
	driver = link_name(path, target);
	// mlx4, mlx5 and mana stay with their kernel driver (DPDK's NIC guides: bifurcated drivers).
	if (strncmp(driver, "mlx", 3) == 0 || strcmp(driver, "mana") == 0)
		audit_ok(audit, "port \"%s\": %s is shared with the kernel's %s", port->name,
			port->pci, driver);
	else if (strcmp(driver, "vfio-pci") == 0 || strcmp(driver, "uio_pci_generic") == 0 ||
		 strcmp(driver, "igb_uio") == 0)
		audit_ok(audit, "port \"%s\": %s is bound to %s", port->name, port->pci, driver);
	else
		audit_error(audit,
			"port \"%s\": %s is bound to %s; take it from the kernel: dpdk-devbind.py "
			"-b "
			"vfio-pci %s",
			port->name, port->pci, driver[0] == '\0' ? "no driver" : driver, port->pci);
}

// Asks the network namespace that we are in; /sys may show another one's.
static bool interface_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

static void audit_interface(struct audit *audit, const struct config_port *port)
{
	bool exists = interface_exists(port->interface);

	if (port->device == DEVICE_TAP && access("/dev/net/tun", R_OK | W_OK) != 0)
		audit_error(audit,
			"port \"%s\": /dev/net/tun can't be opened, so no TAP interface can be "
			"made; "
			"modprobe tun",
			port->name);
	else if (port->device == DEVICE_TAP && exists)
		audit_error(audit,
			"port \"%s\": an interface %s is there already; remove it or write another "
			"name",
			port->name, port->interface);
	else if (port->device != DEVICE_TAP && !exists)
		audit_error(audit,
			"port \"%s\": there is no interface %s; ip link prints the names",
			port->name, port->interface);
	else
		audit_ok(audit, "port \"%s\": interface %s %s", port->name, port->interface,
			exists ? "is there" : "can be made");
}

static void audit_memif(struct audit *audit, const struct config_port *port)
{
	char why[DEVICE_MEMIF_WHY];

	if (!device_memif_check(port, false, why))
		audit_error(audit, "port \"%s\": %s", port->name, why);
	else
		audit_ok(audit, "port \"%s\": memif socket %s %s", port->name, port->socket,
			port->memif_role == MEMIF_SERVER ? "can be made" : "is there");
}

// The kernel would answer for the same address, and reset our connections.
static void audit_kernel_addresses(struct audit *audit)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
		struct bs_address address;
		char text[BS_ADDRESS_TEXT];

		if (one->ifa_addr == NULL)
			continue;
		if (one->ifa_addr->sa_family == AF_INET)
			address = bs_address_from_ipv4(
				&((const struct sockaddr_in *)(const void *)one->ifa_addr)
					 ->sin_addr);
		else if (one->ifa_addr->sa_family == AF_INET6)
			address = bs_address_from_ipv6(
				&((const struct sockaddr_in6 *)(const void *)one->ifa_addr)
					 ->sin6_addr);
		else
			continue;
		for (size_t p = 0; p < audit->config->port_count; p++) {
			const struct config_port *port = &audit->config->port[p];

			for (size_t a = 0; a < port->address_count; a++) {
				if (bs_address_equal(&port->address[a].address, &address))
					audit_error(audit,
						"port \"%s\": the kernel has %s too, on %s; remove "
						"it: ip "
						"addr del",
						port->name, bs_address_format(&address, text),
						one->ifa_name);
			}
		}
	}
	freeifaddrs(all);
}

static void audit_ports(struct audit *audit)
{
	for (size_t i = 0; i < audit->config->port_count; i++) {
		const struct config_port *port = &audit->config->port[i];

		if (port->device == DEVICE_PCI)
			audit_pci(audit, port);
		else if (port->device == DEVICE_MEMIF)
			audit_memif(audit, port);
		else
			audit_interface(audit, port);
		if (!port->has_gateway4 && !port->has_gateway6)
			audit_warning(audit,
				"port \"%s\": no gateway, so only its own networks are reached; "
				"set "
				"gateways",
				port->name);
	}
	audit_kernel_addresses(audit);
}

static void audit_cores(struct audit *audit)
{
	const struct config *config = audit->config;
	unsigned shared = 0;

	for (size_t i = 0; i < config->dataplane_core_count; i++) {
		for (size_t j = 0; j < config->worker_core_count; j++) {
			if (config->dataplane_cores[i] != config->worker_cores[j])
				continue;
			shared++;
			audit_warning(audit,
				"core %d handles packets and speaks SMTP; with cores to spare give "
				"worker-cores others",
				config->dataplane_cores[i]);
		}
	}
	if (shared == 0)
		audit_ok(audit, "cores: packets and SMTP have their own");
}

// A number of /proc/meminfo; 0 when it isn't there.
static uint64_t meminfo(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[200];
	uint64_t value = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		size_t length = strlen(name);

		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			value = strtoull(line + length + 1, NULL, 10);
			break;
		}
	}
	if (file != NULL)
		fclose(file);
	return value;
}

static void audit_hugepages(struct audit *audit)
{
	uint64_t page = meminfo("Hugepagesize") * 1024, available = meminfo("HugePages_Free");
	struct memory_plan plan;
	uint64_t needed;
	char error[256];

	if (!memory_plan_make(audit->config, &plan, error)) {
		audit_error(audit, "%s", error);
		return;
	}
	if (audit->config->hugepages == HUGEPAGES_OFF) {
		audit_warning(audit, "hugepages = off: slower; use \"auto\"");
		return;
	}
	if (page == 0) {
		audit_warning(audit, "this kernel shows no hugepages; barscreen is slower without");
		return;
	}
	needed = (plan.total + page - 1) / page;
	if (available >= needed)
		audit_ok(audit,
			"hugepages: %" PRIu64 " free of %" PRIu64 " kb each, about %" PRIu64
			" needed",
			available, page / 1024, needed);
	else
		(audit->config->hugepages == HUGEPAGES_REQUIRED ? audit_error : audit_warning)(
			audit,
			"hugepages: %" PRIu64 " free of %" PRIu64 " kb each, about %" PRIu64
			" needed; sysctl vm.nr_hugepages=%" PRIu64,
			available, page / 1024, needed,
			meminfo("HugePages_Total") - available + needed);
}

void audit_devices(struct audit *audit)
{
	audit_ports(audit);
	audit_cores(audit);
	audit_hugepages(audit);
}
