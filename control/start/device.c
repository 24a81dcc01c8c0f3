// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/device.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/start/device_memif.h"

static bool fail(const struct config_port *port, char error[256], const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static bool fail(const struct config_port *port, char error[256], const char *format, ...)
{
	int used = snprintf(error, 256, "port %s: ", port->name);
	va_list list;
	va_start(list, format);
	vsnprintf(error + used, 256 - (size_t)used, format, list);
	va_end(list);
	return false;
}

static bool has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	if (syscall(SYS_capget, &header, data) != 0)
		return true; // can't tell: whoever needs it will
	return (data[capability / 32].effective >> (capability % 32)) & 1;
}

static bool check_tap(const struct config_port *port, char error[256])
{
	if (if_nametoindex(port->interface) != 0)
		return fail(port, error,
			"interface %s exists already: another program has it (`ip -d link show "
			"%s`); end it, `ip link "
			"del %s`, or choose another name",
			port->interface, port->interface, port->interface);
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return fail(port, error,
			"/dev/net/tun is missing: `modprobe tun`; in a container: give it that "
			"device");
	if (fd < 0)
		return fail(port, error, "/dev/net/tun can't be opened: %s; run as root",
			strerror(errno));
	close(fd);
	return true;
}

static bool check_interface(const struct config_port *port, char error[256])
{
	if (if_nametoindex(port->interface) == 0)
		return fail(port, error,
			"there is no interface %s here; `ip link` lists them (each network "
			"namespace "
			"has its own)",
			port->interface);
	return true;
}

static bool check_pci(const struct config_port *port, char error[256])
{
	static const char *const good[] = {
		"vfio-pci", "uio_pci_generic", "igb_uio", "mlx4_core", "mlx5_core"};
	char path[128], target[256];
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s", port->pci);
	if (access(path, F_OK) != 0)
		return fail(port, error,
			"there is no PCI device %s; `dpdk-devbind.py --status-dev net` lists them",
			port->pci);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver", port->pci);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return fail(port, error,
			"PCI device %s is bound to no driver: `modprobe vfio-pci && "
			"dpdk-devbind.py -b vfio-pci %s`",
			port->pci, port->pci);
	target[length] = '\0';
	const char *driver = strrchr(target, '/');
	driver = driver != NULL ? driver + 1 : target;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (strcmp(driver, good[i]) == 0)
			return true;
	return fail(port, error,
		"PCI device %s is bound to the kernel's driver %s: `modprobe vfio-pci && "
		"dpdk-devbind.py -b vfio-pci "
		"%s` takes it from the kernel",
		port->pci, driver, port->pci);
}

// An address that the kernel has too would be answered twice, the second time with a reset.
static bool check_addresses(const struct config_port *port, char error[256])
{
	struct ifaddrs *all;
	if (getifaddrs(&all) != 0)
		return true; // can't tell
	bool good = true;
	for (const struct ifaddrs *one = all; one != NULL && good; one = one->ifa_next) {
		struct bs_address address;
		if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET)
			address = bs_address_from_ipv4(
				&((const struct sockaddr_in *)one->ifa_addr)->sin_addr);
		else if (one->ifa_addr != NULL && one->ifa_addr->sa_family == AF_INET6)
			address = bs_address_from_ipv6(
				&((const struct sockaddr_in6 *)one->ifa_addr)->sin6_addr);
		else
			continue;
		for (size_t i = 0; i < port->address_count && good; i++) {
			char text[BS_ADDRESS_TEXT];
			if (!bs_address_equal(&address, &port->address[i].address))
				continue;
			bs_address_format(&address, text);
			good = fail(port, error,
				"the kernel has the address %s too, on %s, and would answer for "
				"it: `ip address del %s "
				"dev %s`, or choose another",
				text, one->ifa_name, text, one->ifa_name);
		}
	}
	freeifaddrs(all);
	return good;
}

bool device_permitted(const struct config_port *port, char error[256])
{
	switch (port->device) {
	case DEVICE_MEMIF:
		break; // a socket: its folder says
	case DEVICE_PCI:
		break; // what it takes is the device's and the IOMMU's to say
	case DEVICE_TAP:
		if (!has_capability(CAP_NET_ADMIN))
			return fail(port, error,
				"a net_tap device needs root (or CAP_NET_ADMIN): run as root");
		break;
	case DEVICE_AF_XDP:
		if (!has_capability(CAP_BPF) && !has_capability(CAP_SYS_ADMIN))
			return fail(port, error,
				"a net_af_xdp device needs root (or CAP_BPF, CAP_NET_RAW and "
				"CAP_NET_ADMIN): run as root");
		// fall through
	case DEVICE_AF_PACKET:
		if (!has_capability(CAP_NET_RAW) || !has_capability(CAP_NET_ADMIN))
			return fail(port, error,
				"a net_af_packet or net_af_xdp device needs root (or CAP_NET_RAW "
				"and "
				"CAP_NET_ADMIN): run as root");
		break;
	}
	return true;
}

bool device_check(const struct config_port *port, char error[256])
{
	bool good = false;
	switch (port->device) {
	case DEVICE_PCI:
		good = check_pci(port, error);
		break;
	case DEVICE_TAP:
		good = check_tap(port, error);
		break;
	case DEVICE_AF_PACKET:
	case DEVICE_AF_XDP:
		good = check_interface(port, error);
		break;
	case DEVICE_MEMIF: {
		char why[DEVICE_MEMIF_WHY];
		good = device_memif_check(port, true, why) || fail(port, error, "%s", why);
		break;
	}
	}
	return good && check_addresses(port, error);
}

const char *device_place(const struct config_port *port)
{
	if (port->device == DEVICE_PCI)
		return port->pci;
	return port->device == DEVICE_MEMIF ? port->socket : port->interface;
}

int device_claim(const struct config_port *port, char error[256])
{
	// An abstract socket name belongs to the network namespace, as the interface does, and leaves no file behind.
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int length = snprintf(
		name.sun_path + 1, sizeof(name.sun_path) - 1, "barscreen/%s", port->interface);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					   (size_t)length)) == 0)
		return fd;
	if (fd < 0)
		fail(port, error, "no file descriptor free: raise the limit (`ulimit -n`)");
	else
		fail(port, error,
			"another barscreen has the interface %s: stop it, or use another interface",
			port->interface);
	if (fd >= 0)
		close(fd);
	return -1;
}

struct device_queues device_queues(const char *interface)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};
	struct ifreq request = {.ifr_data = (void *)&channels};
	struct device_queues queues = {.receive = 1, .taken = 1};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return queues;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(fd, SIOCETHTOOL, &request) == 0) {
		queues.combined = channels.max_combined != 0;
		queues.receive = channels.combined_count + channels.rx_count;
		queues.taken = channels.combined_count;
		if (queues.receive == 0)
			queues.receive = 1;
		if (queues.taken == 0)
			queues.taken = 1;
	}
	close(fd);
	return queues;
}

bool device_joins_packets(const struct config_port *port)
{
	struct ethtool_value gro = {.cmd = ETHTOOL_GGRO}, flags = {.cmd = ETHTOOL_GFLAGS};
	if (port->device != DEVICE_AF_PACKET)
		return false;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct ifreq request = {.ifr_data = (void *)&gro};
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", port->interface);
	bool joins = ioctl(fd, SIOCETHTOOL, &request) == 0 && gro.data != 0;
	request.ifr_data = (void *)&flags;
	joins |= ioctl(fd, SIOCETHTOOL, &request) == 0 && (flags.data & ETH_FLAG_LRO) != 0;
	close(fd);
	return joins;
}
