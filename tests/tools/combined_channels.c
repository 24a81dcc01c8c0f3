// SPDX-License-Identifier: BSD-3-Clause
//
// For LD_PRELOAD: an interface whose queues are receive and transmit ones (a veth) says that they are combined ones, as those of a card
// are. DPDK 22.11's net_af_xdp counts no others, though AF_XDP binds to any queue.
#include <dlfcn.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stddef.h>

int ioctl(int descriptor, unsigned long request, ...);
int ioctl(int descriptor, unsigned long request, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list list;
	va_start(list, request);
	void *argument = va_arg(list, void *);
	va_end(list);
	if (real == NULL)
		real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	int result = real(descriptor, request, argument);
	if (result != 0 || request != SIOCETHTOOL)
		return result;
	struct ethtool_channels *channels = (void *)((struct ifreq *)argument)->ifr_data;
	if (channels->cmd == ETHTOOL_GCHANNELS && channels->max_combined == 0) {
		channels->max_combined = channels->max_rx;
		channels->combined_count = channels->rx_count;
		channels->max_rx = channels->max_tx = 0;
		channels->rx_count = channels->tx_count = 0;
	}
	return 0;
}
