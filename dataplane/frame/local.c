// SPDX-License-Identifier: BSD-3-Clause
//
// Looking up our own addresses. There are a handful of them: a straight search over few rows beats any index, and
// the length of the list is the operator's own.
#include "dataplane/frame/local.h"

#include <string.h>

uint8_t local_find(
	const struct ports *ports, const struct port *port, const struct bs_address *address)
{
	for (uint8_t i = 0; i < ports->local_count; i++) {
		const struct local *local = &ports->local[i];
		if (bs_address_equal(&local->address, address) && local->port == port->index)
			return i;
	}
	return LOCAL_NONE;
}

uint8_t local_find_ready(
	const struct ports *ports, const struct port *port, const struct bs_address *address)
{
	uint8_t row = local_find(ports, port, address);
	if (row != LOCAL_NONE && local_state(&ports->local[row]) != LOCAL_READY)
		return LOCAL_NONE;
	return row;
}

struct bs_address local_link_local(const struct port *port)
{
	struct bs_address address = {{0xfe, 0x80}};
	uint8_t *id = address.octet + 8;
	memcpy(id, port->mac, 3);
	id[0] ^= 0x02;
	id[3] = 0xff;
	id[4] = 0xfe;
	memcpy(id + 5, port->mac + 3, 3);
	return address;
}

struct bs_address local_solicited_node(const struct bs_address *address)
{
	struct bs_address group = {{0xff, 0x02, [11] = 0x01, 0xff}};
	memcpy(group.octet + 13, address->octet + 13, 3);
	return group;
}

bool local_listens(
	const struct ports *ports, const struct port *port, const struct bs_address *group)
{
	static const struct bs_address all_nodes = {{0xff, 0x02, [15] = 0x01}};
	static const uint8_t solicited[13] = {0xff, 0x02, [11] = 0x01, 0xff};

	if (bs_address_equal(group, &all_nodes))
		return true;
	if (memcmp(group->octet, solicited, sizeof(solicited)) != 0)
		return false;
	const uint8_t *low = group->octet + 13;
	if (memcmp(low, port->mac + 3, 3) == 0) // the link-local address ends in them
		return true;
	for (uint8_t i = 0; i < ports->local_count; i++) {
		const struct local *local = &ports->local[i];
		if (local->port == port->index && !bs_address_is_ipv4(&local->address) &&
			memcmp(local->address.octet + 13, low, 3) == 0)
			return true;
	}
	return false;
}
