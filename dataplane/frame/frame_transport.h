// SPDX-License-Identifier: BSD-3-Clause
//
// The second half of the frame parser: TCP and ICMP headers. Called by frame.c with addresses, `length`, `l4` and
// `local` filled in and at least one byte behind l4.
#pragma once

#include "dataplane/frame/frame.h"
#include "dataplane/seam/address.h"

static inline bool ipv6_unspecified(const struct bs_address *address)
{
	static const struct bs_address none;
	return bs_address_equal(address, &none);
}

// `local` is a ready address.
enum bs_reason frame_tcp(unsigned checksums, struct frame *frame);
enum bs_reason frame_icmp(struct frame *frame);
// To a group that we listen to, a ready address, or one that may only be spoken to by neighbour discovery.
enum bs_reason frame_icmp6(
	const struct ports *ports, const struct port *port, bool to_group, struct frame *frame);
