// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/waiting/tarpit_clients.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dataplane/frame/wire_format.h"

#define SERVER      0xc0000201u // 192.0.2.1
#define NETWORK     0x0a000001u // 10.0.0.1 and up
#define FIRST_PORT  1024u
#define SERVICE     25u
#define PACKET      (IPV4_LENGTH + TCP_LENGTH)
#define OUTSTANDING 256u // SYNs without an answer
#define SYN         0x02u
#define ACK         0x10u

static bool write_text(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);
	bool good = file >= 0 && write(file, text, strlen(text)) > 0;
	if (file >= 0)
		close(file);
	return good;
}

bool clients_namespace(struct clients *clients)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	if (unshare(CLONE_NEWNET) != 0)
		return false;
	clients->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	strcpy(request.ifr_name, "tarpit");
	if (clients->tun < 0 || ioctl(clients->tun, TUNSETIFF, &request) != 0)
		return false;
	return system("ip link set lo up && ip addr add 192.0.2.1/32 dev tarpit && " // NOLINT
		      "ip link set tarpit up && ip route add default dev tarpit") == 0 &&
	       write_text("/proc/sys/net/core/somaxconn", "65535") &&
	       write_text("/proc/sys/net/ipv4/tcp_max_syn_backlog", "65535");
}

static uint16_t sum_of(const uint8_t *at, unsigned bytes, uint32_t sum)
{
	for (unsigned i = 0; i < bytes; i += 2)
		sum += load16(at + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static bool say(struct clients *clients, uint32_t client, uint32_t seq, uint32_t ack, uint8_t flags)
{
	uint8_t packet[PACKET] = {0x45, [8] = 64, [9] = PROTOCOL_TCP}, *tcp = packet + IPV4_LENGTH;
	store16(packet + 2, PACKET);
	store32(packet + 12, NETWORK + client % clients->sources);
	store32(packet + 16, SERVER);
	store16(packet + 10, sum_of(packet, IPV4_LENGTH, 0));
	store16(tcp, (uint16_t)(FIRST_PORT + client / clients->sources));
	store16(tcp + 2, SERVICE);
	store32(tcp + 4, seq);
	store32(tcp + 8, ack);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	store16(tcp + 14, 65535);
	// The pseudo header: addresses, protocol, length.
	store16(tcp + 16, sum_of(packet + 12, 8 + TCP_LENGTH, PROTOCOL_TCP + TCP_LENGTH));
	return write(clients->tun, packet, PACKET) == PACKET;
}

static bool answer(struct clients *clients)
{
	uint8_t packet[2048];
	ssize_t length = read(clients->tun, packet, sizeof(packet));
	const uint8_t *tcp = packet + IPV4_LENGTH;
	if (length < (ssize_t)PACKET)
		return length > 0;
	if (packet[0] != 0x45 || packet[9] != PROTOCOL_TCP ||
		(tcp[13] & (SYN | ACK)) != (SYN | ACK))
		return true;
	uint32_t client = load32(packet + 16) - NETWORK +
			  (load16(tcp + 2) - FIRST_PORT) * clients->sources;
	clients->open += say(clients, client, load32(tcp + 8), load32(tcp + 4) + 1, ACK);
	return true;
}

bool clients_turn(struct clients *clients)
{
	bool moved = false;
	for (unsigned i = 0; i < 64 && clients->sent < clients->count &&
			     clients->sent - clients->open < OUTSTANDING;
		i++, moved = true)
		clients->sent += say(clients, clients->sent, clients->sent * 2654435761u, 0, SYN);
	for (unsigned i = 0; i < 64 && answer(clients); i++)
		moved = true;
	return moved;
}
