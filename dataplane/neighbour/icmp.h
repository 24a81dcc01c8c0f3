// SPDX-License-Identifier: BSD-3-Clause
//
// ICMP (RFC 792) and ICMPv6 (RFC 4443): echo is answered within a rate, errors are looked at and counted, neighbour discovery
// and listener discovery go on to their files.
#pragma once

#include "dataplane/frame/frame.h"
#include "dataplane/port/port.h"

struct dataplane;

// A FRAME_ICMP or FRAME_ICMP6. Any dataplane lcore.
enum bs_reason icmp_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);
enum bs_reason icmp6_input(
	struct dataplane *dataplane, const struct port *port, const struct frame *frame);
