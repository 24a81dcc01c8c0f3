// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/port/port_open.h"

#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

// Settings and what DPDK says about the device, as long as a port is being opened.
struct opening {
	const struct port_settings *settings;
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	uint16_t id;
	uint16_t queues;
	char *error;
};

static bool fail(struct opening *opening, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static bool fail(struct opening *opening, const char *format, ...)
{
	int used = snprintf(opening->error, 256, "port %s: ", opening->settings->name);
	va_list list;
	va_start(list, format);
	vsnprintf(opening->error + used, 256 - (size_t)used, format, list);
	va_end(list);
	return false;
}

static void limitation(struct opening *opening, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void limitation(struct opening *opening, const char *format, ...)
{
	char text[PORT_LIMITATION];
	if (opening->settings->limitation == NULL)
		return;
	va_list list;
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	opening->settings->limitation(opening->settings->context, text);
}

// FNV-1a. Not a secret, only spread.
static uint64_t name_hash(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return hash;
}

void port_tap_mac(const char *interface, bool kernel_end, uint8_t mac[6])
{
	char host[HOST_NAME_MAX + 1] = "";
	gethostname(host, sizeof(host) - 1);
	uint64_t hash = name_hash(UINT64_C(14695981039346656037), host);
	hash = name_hash(hash, kernel_end ? "/kernel/" : "/port/");
	hash = name_hash(hash, interface);
	mac[0] = 0x02; // locally administered, one station
	for (unsigned i = 1; i < 6; i++)
		mac[i] = (uint8_t)(hash >> (8 * i));
}

static bool find_device(struct opening *opening)
{
	const char *device = opening->settings->device;
	if (rte_eth_dev_get_port_by_name(device, &opening->id) == 0)
		return true;
	// A PCI device may have ports of other names (bifurcated drivers): its first one is meant.
	struct rte_dev_iterator iterator;
	RTE_ETH_FOREACH_MATCHING_DEV(opening->id, device, &iterator)
	{
		rte_eth_iterator_cleanup(&iterator);
		return true;
	}
	return fail(opening,
		"no DPDK driver took the device %s; `dpdk-devbind.py --status-dev net` shows what "
		"it is bound to",
		device);
}

static bool is_hardware(const char *interface)
{
	char path[64];
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", interface);
	return access(path, F_OK) == 0;
}

// Whether the device keeps a connection on one queue, so that the lcore which polls it owns the connection. Where it does not, segments
// are handed over in software (dataplane/handover.h). af_packet does by its fan-out (PACKET_FANOUT_HASH), a NIC by RSS. The
// kernel moves a TAP's flow to the queue that it was last answered by. Under AF_XDP it is the interface's affair: hardware does by its RSS,
// a veth chooses by the processor that sends. Of a memif's other end nothing is known.
static bool keeps_connections(const struct opening *opening)
{
	switch (opening->settings->kind) {
	case PORT_PCI:
		return opening->info.flow_type_rss_offloads != 0;
	case PORT_AF_PACKET:
		return true;
	case PORT_AF_XDP:
		return is_hardware(opening->settings->interface);
	case PORT_TAP:
	case PORT_MEMIF:
		break;
	}
	return false;
}

// How many queues are polled: never more than lcores.
static void choose_queues(struct opening *opening)
{
	const struct port_settings *settings = opening->settings;
	uint16_t wanted = settings->queues != 0 ? settings->queues : settings->lcores;
	uint16_t queues = RTE_MIN(wanted, settings->lcores);
	uint16_t has = RTE_MIN(opening->info.max_rx_queues, opening->info.max_tx_queues);

	if (settings->queues > settings->lcores)
		limitation(opening, "%u queues asked for, %u used: one for each dataplane core",
			settings->queues, settings->lcores);
	if (has < queues) {
		limitation(
			opening, "the device has %u queues: %u dataplane cores poll it", has, has);
		queues = has;
	}
	opening->queues = queues;
	if (queues > 1 && !keeps_connections(opening))
		limitation(opening,
			"packets of a connection may come in by any of its %u queues: those that "
			"come in by another "
			"core's are copied to it",
			queues);
}

// Checksums are left to the port only where hardware does them: a software device gains nothing and some err.
static void choose_offloads(struct opening *opening, struct port *port)
{
	if (opening->settings->kind == PORT_PCI) {
		uint64_t rx = opening->info.rx_offload_capa, tx = opening->info.tx_offload_capa;
		port->checks_ipv4 = (rx & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0;
		port->checks_tcp = (rx & RTE_ETH_RX_OFFLOAD_TCP_CKSUM) != 0;
		port->fills_ipv4 = (tx & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0;
		port->fills_tcp = (tx & RTE_ETH_TX_OFFLOAD_TCP_CKSUM) != 0;
	}
	if (port->checks_ipv4)
		opening->conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	if (port->checks_tcp)
		opening->conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	if (port->fills_ipv4)
		opening->conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;
	if (port->fills_tcp)
		opening->conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_TCP_CKSUM;

	bool receive = port->checks_ipv4 && port->checks_tcp,
	     send = port->fills_ipv4 && port->fills_tcp;
	if (!receive && !send)
		limitation(opening, "no checksum offload: done in software");
	else if (!receive || !send)
		limitation(opening, "no checksum offload when %s: done in software",
			receive ? "sending" : "receiving");
}

static void choose_rss(struct opening *opening)
{
	const uint64_t wanted = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	uint64_t has = opening->info.flow_type_rss_offloads;
	if (opening->queues < 2 || opening->settings->kind != PORT_PCI)
		return; // af_packet fans out and AF_XDP's NIC spreads by themselves
	opening->conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	opening->conf.rx_adv_conf.rss_conf.rss_hf = has & wanted;
	if ((has & wanted) != wanted) {
		opening->conf.rx_adv_conf.rss_conf.rss_hf |= has &
							     (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6);
		limitation(
			opening, "RSS without TCP ports: one source always lands on the same core");
	}
}

// Kernel interfaces: an ioctl on the interface, for what the af_packet and af_xdp drivers refuse or forget.
static bool interface_request(const char *interface, unsigned long request, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", interface);
	bool done = ioctl(fd, request, ifr) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return done;
}

static bool set_mtu(struct opening *opening)
{
	const struct port_settings *settings = opening->settings;
	int result = 0;
	if (settings->kind == PORT_AF_PACKET || settings->kind == PORT_AF_XDP) {
		struct ifreq ifr = {.ifr_mtu = settings->mtu};
		if (!interface_request(settings->interface, SIOCSIFMTU, &ifr))
			result = -errno;
	} else if (settings->kind != PORT_MEMIF) { // its buffers were made for the mtu
		result = rte_eth_dev_set_mtu(opening->id, settings->mtu);
		if (result == -ENOTSUP && settings->mtu <= RTE_ETHER_MTU)
			result = 0;
	}
	if (result == 0)
		return true;
	return fail(opening,
		"the device does not take an mtu of %u (its limits are %u to %u): set another mtu",
		settings->mtu, opening->info.min_mtu, opening->info.max_mtu);
}

static bool configure(struct opening *opening)
{
	const struct port_settings *settings = opening->settings;
	// af_packet's and memif's frames are as large as we told them, whatever it says here.
	bool says_mtu = settings->kind == PORT_PCI || settings->kind == PORT_TAP;
	if (settings->kind == PORT_AF_XDP && opening->info.max_mtu != 0 &&
		settings->mtu > opening->info.max_mtu)
		return fail(opening, "mtu %u is more than AF_XDP can carry: %u at most",
			settings->mtu, opening->info.max_mtu);
	opening->conf.rxmode.mtu = says_mtu ? settings->mtu : RTE_MIN(settings->mtu, RTE_ETHER_MTU);
	int result = rte_eth_dev_configure(
		opening->id, opening->queues, opening->queues, &opening->conf);
	if (result != 0)
		return fail(opening,
			"the device refused %u queues and an mtu of %u (%s): try queues = 1 and "
			"mtu = 1500",
			opening->queues, settings->mtu, rte_strerror(-result));
	return true;
}

static bool set_up_queues(struct opening *opening)
{
	uint16_t rx = PORT_RX_DESCRIPTORS, tx = PORT_TX_DESCRIPTORS;
	int result = rte_eth_dev_adjust_nb_rx_tx_desc(opening->id, &rx, &tx);
	if (result != 0)
		return fail(opening, "the device has no rings of a usable size (%s)",
			rte_strerror(-result));
	unsigned node = (unsigned)RTE_MAX(rte_eth_dev_socket_id(opening->id), 0);
	struct rte_eth_rxconf rxconf = opening->info.default_rxconf;
	struct rte_eth_txconf txconf = opening->info.default_txconf;
	rxconf.offloads = opening->conf.rxmode.offloads;
	txconf.offloads = opening->conf.txmode.offloads;
	for (uint16_t queue = 0; queue < opening->queues; queue++) {
		result = rte_eth_tx_queue_setup(opening->id, queue, tx, node, &txconf);
		if (result == 0)
			result = rte_eth_rx_queue_setup(opening->id, queue, rx, node, &rxconf,
				opening->settings->pools[queue]);
		if (result == 0)
			continue;
		if (opening->settings->kind == PORT_AF_XDP)
			return fail(opening,
				"no AF_XDP socket on queue %u of %s (%s): another program may hold "
				"it (`ip -d link show "
				"%s`), or root, a kernel with AF_XDP or memory for packets is "
				"missing",
				queue, opening->settings->interface, rte_strerror(-result),
				opening->settings->interface);
		return fail(opening,
			"queue %u can't be set up (%s): raise machine/memory, or lower queues",
			queue, rte_strerror(-result));
	}
	return true;
}

// IPv6 speaks to groups made of address bits (RFC 4861, 7.2.1).
static void hear_groups(struct opening *opening)
{
	if (opening->settings->kind == PORT_MEMIF)
		return; // hands on all frames
	if (rte_eth_allmulticast_enable(opening->id) == 0)
		return;
	if (rte_eth_promiscuous_enable(opening->id) == 0)
		return;
	limitation(opening, "can't listen to multicast groups: IPv6 neighbours may not find us");
}

static bool start(struct opening *opening, struct port *port)
{
	const struct port_settings *settings = opening->settings;
	int result = rte_eth_dev_start(opening->id);
	if (result != 0)
		return fail(opening, "the device does not start (%s)", rte_strerror(-result));
	hear_groups(opening);
	if (settings->interface != NULL) {
		struct ifreq ifr = {0};
		if (interface_request(settings->interface, SIOCGIFFLAGS, &ifr) &&
			!(ifr.ifr_flags & IFF_UP)) {
			ifr.ifr_flags |= IFF_UP;
			if (!interface_request(settings->interface, SIOCSIFFLAGS, &ifr))
				return fail(opening,
					"%s is down and can't be set up: `ip link set %s up`",
					settings->interface, settings->interface);
		}
	}
	if (settings->kind == PORT_TAP) {
		port_tap_mac(settings->interface, false, port->mac);
	} else {
		struct rte_ether_addr mac;
		if (rte_eth_macaddr_get(opening->id, &mac) != 0)
			return fail(opening, "the device has no MAC address");
		memcpy(port->mac, mac.addr_bytes, 6);
	}
	return true;
}

bool port_open(const struct port_settings *settings, struct port *port, char error[256])
{
	struct opening opening = {.settings = settings, .error = error};
	memset(port, 0, sizeof(*port));
	port->id = RTE_MAX_ETHPORTS;
	snprintf(port->name, sizeof(port->name), "%s", settings->name);
	port->vlan = settings->vlan;
	port->mtu = settings->mtu;
	if (settings->interface != NULL)
		snprintf(port->interface, sizeof(port->interface), "%s", settings->interface);
	if (!find_device(&opening))
		return false;
	if (rte_eth_dev_info_get(opening.id, &opening.info) != 0)
		return fail(
			&opening, "the device %s does not say what it can do", settings->device);
	choose_queues(&opening);
	choose_offloads(&opening, port);
	choose_rss(&opening);
	port->id = opening.id;
	port->queues = opening.queues;
	port->own_buffers = true;
	port->handover = opening.queues > 1 && !keeps_connections(&opening);
	if (!configure(&opening) || !set_mtu(&opening) || !set_up_queues(&opening) ||
		!start(&opening, port)) {
		port_close(port);
		return false;
	}
	atomic_store(&port->link_up, port_link(port));
	return true;
}

void port_close(struct port *port)
{
	if (port->id >= RTE_MAX_ETHPORTS)
		return;
	rte_eth_promiscuous_disable(port->id); // else the kernel's interface stays so
	rte_eth_dev_stop(port->id);
	rte_eth_dev_close(port->id);
	port->id = RTE_MAX_ETHPORTS;
}

bool port_link(const struct port *port)
{
	// The drivers over kernel interfaces say "up" for ever: ask the kernel.
	if (port->interface[0] != '\0') {
		struct ifreq ifr = {0};
		return interface_request(port->interface, SIOCGIFFLAGS, &ifr) &&
		       (ifr.ifr_flags & IFF_UP) && (ifr.ifr_flags & IFF_RUNNING);
	}
	struct rte_eth_link link;
	return rte_eth_link_get_nowait(port->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}
