// SPDX-License-Identifier: BSD-3-Clause
//
// Who is on the link: ARP (RFC 826, 5227), IPv6 neighbour discovery (RFC 4861) with duplicate address detection
// (RFC 4862) and MLD reports (RFC 3810), echo (RFC 792, 4443), gratuitous announcements, gateway resolution.
//
// Answers are stateless: a reply goes to the MAC address that asked. The only state is ours: our addresses'
// progress through duplicate detection, the gateways' link-layer addresses and the rate limits.
//
// One lcore, the neighbour lcore (dataplane lcore 0), owns probing and announcing (neighbour_turn); answering is done where the packet
// arrives. An ARP reply or advertisement of a gateway that arrives at another lcore is written there: the
// gateway's address is one atomic word.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"
#include "dataplane/seam/reason.h"

struct dataplane;
struct neighbours; // state of the neighbour lcore

struct neighbours *neighbours_new(
	struct ports *ports, uint32_t now_ms); // NULL without memory; at start
void neighbours_free(struct neighbours *neighbours);

// A FRAME_ARP, FRAME_ICMP or FRAME_ICMP6. Any dataplane lcore.
enum bs_reason neighbour_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);

// Timers: probes, announcements (at start and whenever a link comes up), gateway refresh and expiry.
// Neighbour lcore, once a turn; looks at the clock and returns at once when nothing is due.
void neighbour_turn(struct dataplane *dataplane, struct neighbours *neighbours, uint32_t now_ms);
