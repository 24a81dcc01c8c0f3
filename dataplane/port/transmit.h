// SPDX-License-Identifier: BSD-3-Clause
//
// Frames out. A frame is built in an mbuf of the port's pool and put into the lcore's buffer for that
// port, which goes out when full and at the end of each turn. What the port does not take then is freed and
// counted: every sender here can say it again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/port/port.h"
#include "dataplane/seam/address.h"

struct dataplane;
struct rte_mbuf;

// Starts a frame to `mac` on `port` with an Ethernet header (and the port's VLAN tag) and `length` zeroed bytes
// behind it, and returns these bytes. NULL when no mbuf is free (counted).
uint8_t *transmit_ethernet(struct dataplane *dataplane, const struct port *port,
	const uint8_t mac[6], uint16_t ether_type, uint16_t length, struct rte_mbuf **mbuf);

// The same with an IPv4 or IPv6 header; returns the `length` zeroed bytes behind that. The IPv4 header checksum is done.
uint8_t *transmit_ip(struct dataplane *dataplane, const struct port *port, const uint8_t mac[6],
	const struct bs_address *source, const struct bs_address *destination, uint8_t protocol,
	uint8_t hop_limit, uint16_t length, struct rte_mbuf **mbuf);

// Gives the frame away.
void transmit_send(struct dataplane *dataplane, const struct port *port, struct rte_mbuf *mbuf);

// Gives many away, at most BURST.
void transmit_send_bulk(struct dataplane *dataplane, const struct port *port,
	struct rte_mbuf *const *mbuf, unsigned count);

// Gives `count` frames, BURST at most, to the port now, behind buffer and impairment; what it does not take is freed and counted.
void transmit_burst(struct dataplane *dataplane, const struct port *port, struct rte_mbuf **mbuf,
	uint16_t count);

// Sends all that is buffered. End of each turn.
void transmit_flush(struct dataplane *dataplane);
