// SPDX-License-Identifier: BSD-3-Clause
//
// Rows of the table of keys (control/configuration/config_keys.c) for port "NAME" { }: what kinds of device there are, and what each wants.
//
// Only control/configuration/config_keys.c includes it.
#pragma once

// clang-format off
#define PORT_ROWS \
	{"port", "device", KIND_WORD, FIELD(config_port, device), .standard = "pci", .words = "pci|net_tap|net_af_packet|net_af_xdp|net_memif", \
	 .sentence = "pci: a network card taken from the kernel. net_tap: a TAP interface that we make. net_af_packet, net_af_xdp: a kernel interface that we share. net_memif: memory shared with another program, as VPP."}, \
	{"port", "pci", KIND_PCI, FIELD(config_port, pci), .standard = "", .most = 16, \
	 .sentence = "For device = pci: the card's address as lspci -D shows it, like 0000:03:00.0."}, \
	{"port", "interface", KIND_INTERFACE, FIELD(config_port, interface), .standard = "", .most = 15, \
	 .sentence = "net_tap: name of the TAP interface made (default: the port's name). net_af_packet, net_af_xdp: the kernel interface to open."}, \
	{"port", "socket", KIND_PATH, FIELD(config_port, socket), .standard = "", .most = 107, \
	 .sentence = "For device = net_memif: the socket at which both ends meet. Who may open it may end us: its folder should be closed to others."}, \
	{"port", "role", KIND_WORD, FIELD(config_port, memif_role), .standard = "server", .words = "server|client", \
	 .sentence = "net_memif: server makes the socket and waits; client connects to one that is there and gives the memory."}, \
	{"port", "memif-id", KIND_COUNT, FIELD(config_port, memif_id), .standard = "0", .most = 4294967295, \
	 .sentence = "net_memif: number of the connection at this socket, the same at both ends."}, \
	{"port", "ring-size", KIND_COUNT, FIELD(config_port, ring_size), .standard = "1024", .least = 64, .most = 16384, \
	 .sentence = "net_memif: packets that a ring holds, a power of two; the client's counts."}, \
	{"port", "addresses", KIND_ADDRESSES, LIST(config_port, address, address_count), .needed = true, \
	 .sentence = "Our addresses on this port, with the length of the network's prefix. They must not be the kernel's. IPv6 link-local ones are made from the MAC."}, \
	{"port", "gateways", KIND_GATEWAYS, FIELD(config_port, gateway4), .standard = "", \
	 .sentence = "The router for IPv4, the router for IPv6, or one of them."}, \
	{"port", "mtu", KIND_COUNT, FIELD(config_port, mtu), .standard = "1500", .least = 576, .most = 9000, \
	 .sentence = "Longest IP packet in bytes; at least 1280 with IPv6 (RFC 8200)."}, \
	{"port", "vlan", KIND_COUNT, FIELD(config_port, vlan), .standard = "0", .most = 4094, \
	 .sentence = "VLAN id of all frames on this port; 0: untagged."}, \
	{"port", "queues", KIND_COUNT, FIELD(config_port, queues), .standard = "0", .most = 64, \
	 .sentence = "Receive queues; 0: one for each dataplane core, as far as the device has them. net_memif: 0 is one. net_tap, net_memif: with more, what comes in by another core's queue is copied to the core of its connection."}
// clang-format on
