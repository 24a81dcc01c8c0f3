// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/eal_arguments.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/port/port_open.h"

#define MEGABYTE (UINT64_C(1) << 20)

// Frames of an af_packet ring, each way and queue. 2048 frames are 4 MB, and at 1500 bytes 3 MB of burst.
#define AF_PACKET_FRAMES 2048u

static void add(struct eal_arguments *arguments, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void add(struct eal_arguments *arguments, const char *format, ...)
{
	char *at = arguments->text + arguments->used;
	uint32_t room = EAL_TEXT - arguments->used;
	if (arguments->count == EAL_ARGUMENTS_MAX || room == 0)
		return; // sized for all ports and a full list of cores
	va_list list;
	va_start(list, format);
	int length = vsnprintf(at, room, format, list);
	va_end(list);
	if (length < 0 || (uint32_t)length >= room)
		return;
	arguments->argument[arguments->count++] = at;
	arguments->argument[arguments->count] = NULL;
	arguments->used += (uint32_t)length + 1;
}

// EAL wants an lcore of its own for the thread that starts it. Ours is the control thread, free to run on any core
// we may use: "0@(0-3,8)".
static void add_lcores(struct eal_arguments *arguments, const cpu_set_t *cpus)
{
	char list[1024];
	size_t used = 0;
	for (int cpu = 0; cpu < CPU_SETSIZE && used + 16 < sizeof(list); cpu++) {
		if (!CPU_ISSET(cpu, cpus))
			continue;
		int last = cpu;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		used += (size_t)snprintf(list + used, sizeof(list) - used,
			last > cpu ? "%s%d-%d" : "%s%d", used > 0 ? "," : "", cpu, last);
		cpu = last;
	}
	list[used] = '\0';
	add(arguments, "--lcores");
	add(arguments, "0@(%s)", list);
}

static uint64_t pages(uint64_t bytes, uint64_t size)
{
	return (bytes + size - 1) / size;
}

// True when hugepages are to be used; else `arguments->warning` says what is missing.
static bool choose_hugepages(const struct config *config, uint64_t need,
	const struct eal_surroundings *around, struct eal_arguments *arguments)
{
	if (config->hugepages == HUGEPAGES_OFF)
		return false;
	if (around->hugepage_size != 0 && around->hugepages_free >= need)
		return true;
	if (around->hugepage_size == 0) {
		snprintf(arguments->warning, sizeof(arguments->warning),
			"this kernel has no hugepages: ordinary memory is used, which is slower");
		return false;
	}
	uint64_t wanted = pages(need, around->hugepage_size);
	snprintf(arguments->warning, sizeof(arguments->warning),
		"%" PRIu64 " free hugepages of %" PRIu64 " kB are needed, %" PRIu64
		" are there: %s; to reserve them: sysctl -w vm.nr_hugepages=%" PRIu64,
		wanted, around->hugepage_size / 1024,
		around->hugepages_free / around->hugepage_size,
		config->hugepages == HUGEPAGES_REQUIRED
			? "machine/hugepages requires them"
			: "ordinary memory is used, which is slower",
		wanted);
	return false;
}

bool eal_arguments_make(const struct config *config, const struct memory_plan *plan,
	const struct eal_surroundings *around, struct eal_arguments *arguments, char error[256])
{
	memset(arguments, 0, sizeof(*arguments));
	uint64_t need = config->memory != 0 ? config->memory : plan->total;
	arguments->hugepages = choose_hugepages(config, need, around, arguments);
	if (!arguments->hugepages && config->hugepages == HUGEPAGES_REQUIRED) {
		snprintf(error, 256, "%s", arguments->warning);
		return false;
	}
	snprintf(arguments->prefix, sizeof(arguments->prefix), "barscreen-%d", (int)around->pid);
	add(arguments, "barscreen");
	add_lcores(arguments, &around->cpus);
	// No files, no locks, no second process: nothing to clean up after a crash. (EAL takes no --in-memory with --no-huge,
	// which is in memory anyway.)
	add(arguments, arguments->hugepages ? "--in-memory" : "--no-shconf");
	add(arguments, "--file-prefix");
	add(arguments, "%s", arguments->prefix);
	// The control socket shows what telemetry would, and needs no thread that listens all the time.
	add(arguments, "--no-telemetry");
	if (!arguments->hugepages) {
		add(arguments, "--no-huge");
		add(arguments, "-m");
		need += config->memory != 0 ? 0 : plan->straddled;
		add(arguments, "%" PRIu64, pages(need, MEGABYTE));
	}
	unsigned pci = 0;
	for (size_t i = 0; i < config->port_count; i++)
		pci += config->port[i].device == DEVICE_PCI;
	// Ordinary memory has no physical addresses to give. A PCI device on hugepages may need them: EAL finds out.
	if (pci == 0 || !arguments->hugepages)
		add(arguments, "--iova-mode=va");
	if (pci == 0)
		add(arguments, "--no-pci");
	for (size_t i = 0; i < config->port_count; i++) {
		if (config->port[i].device != DEVICE_PCI)
			continue;
		add(arguments, "-a");
		add(arguments, "%s", config->port[i].pci);
	}
	add(arguments, "--log-level=lib.*:warning");
	add(arguments, "--log-level=pmd.*:warning");
	return true;
}

void eal_device_name(const struct config_port *port, unsigned index, char name[EAL_DEVICE])
{
	switch (port->device) {
	case DEVICE_PCI:
		snprintf(name, EAL_DEVICE, "%s", port->pci);
		break;
	case DEVICE_TAP:
		snprintf(name, EAL_DEVICE, "net_tap%u", index);
		break;
	case DEVICE_AF_PACKET:
		snprintf(name, EAL_DEVICE, "net_af_packet%u", index);
		break;
	case DEVICE_AF_XDP:
		snprintf(name, EAL_DEVICE, "net_af_xdp%u", index);
		break;
	case DEVICE_MEMIF:
		snprintf(name, EAL_DEVICE, "net_memif%u", index);
		break;
	}
}

// The ring's size is given as its logarithm. The MAC address must be the same after a restart, so that neighbours' caches
// stay right; DPDK would make one up.
static void memif_text(const struct config_port *port, const char *name, char text[EAL_DEVICE])
{
	bool server = port->memif_role == MEMIF_SERVER;
	uint8_t mac[6];
	port_tap_mac(port->socket, !server, mac);
	mac[5] ^= (uint8_t)port->memif_id;
	mac[4] ^= (uint8_t)(port->memif_id >> 8);
	snprintf(text, EAL_DEVICE,
		"%.32s,role=%s,id=%u,rsize=%d,bsize=%u,socket=%s,socket-abstract=no,"
		"mac=%02x:%02x:%02x:%02x:%02x:%02x",
		name, server ? "server" : "client", port->memif_id, __builtin_ctz(port->ring_size),
		memory_plan_frame(port->mtu), port->socket, mac[0], mac[1], mac[2], mac[3], mac[4],
		mac[5]);
}

void eal_device_text(
	const struct config_port *port, unsigned index, uint16_t queues, char text[EAL_DEVICE])
{
	char name[EAL_DEVICE];
	uint8_t mac[6];
	eal_device_name(port, index, name);
	switch (port->device) {
	case DEVICE_PCI:
		snprintf(text, EAL_DEVICE, "%s", port->pci);
		break;
	case DEVICE_TAP: // the MAC address is the kernel's end's; ours is another (dataplane/port/port_open.h)
		port_tap_mac(port->interface, true, mac);
		snprintf(text, EAL_DEVICE, "%.32s,iface=%s,mac=%02x:%02x:%02x:%02x:%02x:%02x", name,
			port->interface, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
		break;
	case DEVICE_AF_PACKET: { // blocks must hold a whole number of frames and of pages
		uint32_t frame = memory_plan_frame(port->mtu), block = frame < 4096 ? 4096 : frame;
		snprintf(text, EAL_DEVICE,
			"%.32s,iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u", name,
			port->interface, queues, block, frame, AF_PACKET_FRAMES);
		break;
	}
	case DEVICE_AF_XDP:
		snprintf(text, EAL_DEVICE, "%.32s,iface=%s,start_queue=0,queue_count=%u", name,
			port->interface, queues);
		break;
	case DEVICE_MEMIF:
		memif_text(port, name, text);
		break;
	}
}
