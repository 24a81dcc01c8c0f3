// SPDX-License-Identifier: BSD-3-Clause
//
// A burst tells plain IPv4 as a look at one frame does, whichever byte is another one.
#include <criterion/criterion.h>

#include <string.h>

#include "dataplane/frame/checksum.h"
#include "dataplane/frame/local.h"
#include "dataplane/frame/plain_burst.h"
#include "dataplane/frame/wire_format.h"

#define FRAME_BYTES 64u

static struct ports ports;
static struct plain plain;
static uint8_t good[FRAME_BYTES]; // a SYN from 198.51.100.7 to 192.0.2.25, port 25
static unsigned l3;

static void set_up(uint16_t vlan)
{
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x19};
	static const uint8_t ip[] = {0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 198, 51, 100, 7,
		192, 0, 2, 25, 0x9c, 0x40, 0, 25, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff};
	struct frame frame = {.local = 0};
	memset(&ports, 0, sizeof(ports));
	ports.service = 25;
	ports.port_count = ports.local_count = 1;
	ports.port[0].vlan = vlan;
	memcpy(ports.port[0].mac, mac, sizeof(mac));
	bs_address_parse("192.0.2.25", &ports.local[0].address);
	ports.local[0].on_link = (struct bs_prefix){ports.local[0].address, 96 + 24};
	ports.local[0].state = LOCAL_READY;
	plain_prepare(&plain, &ports, &ports.port[0]);
	frame.destination = ports.local[0].address;
	plain_learn(&plain, &ports, &frame);

	l3 = vlan != 0 ? ETHER_LENGTH + VLAN_LENGTH : ETHER_LENGTH;
	memset(good, 0, sizeof(good));
	memcpy(good, mac, sizeof(mac));
	good[6] = 0x04;
	if (vlan != 0)
		store32(good + 12, ETHER_TYPE_VLAN << 16 | vlan);
	store16(good + l3 - 2, ETHER_TYPE_IPV4);
	memcpy(good + l3, ip, sizeof(ip));
	uint16_t checksum = internet_checksum(0, good + l3, IPV4_LENGTH);
	memcpy(good + l3 + 10, &checksum, sizeof(checksum));
}

// Whether a look takes it. That a burst says the same, in the row, is looked at here.
static bool taken(const uint8_t *bytes, uint32_t length, unsigned row, bool verify)
{
	static struct plain_burst burst;
	unsigned said = verify ? 0 : FRAME_IP_GOOD;
	bool look = plain_look(&plain, &ports, bytes, length, said) == PLAIN_IPV4;
	plain_burst_begin(&burst, &plain, &ports, verify);
	plain_burst_add(&burst, row, bytes, length, 0);
	plain_burst_judge(&burst, row + 1);
	cr_assert_eq(burst.odd[row] == 0, look, "row %u, %u bytes, verify %d", row, length, verify);
	return look;
}

static void each_byte(uint16_t vlan)
{
	uint8_t frame[FRAME_BYTES];
	unsigned good_ones = 0;
	set_up(vlan);
	cr_assert(taken(good, FRAME_BYTES, 0, true));
	for (unsigned at = 0; at < PLAIN_BURST_BYTES; at++) {
		for (unsigned value = 0; value < 256; value++) {
			memcpy(frame, good, sizeof(frame));
			frame[at] = (uint8_t)value;
			good_ones += taken(frame, FRAME_BYTES, value % PLAIN_BURST, false);
			taken(frame, FRAME_BYTES, value % PLAIN_BURST, true);
		}
	}
	cr_expect_gt(good_ones, 1000); // sources, ports and numbers may be any
}

Test(plain_burst, each_byte_is_judged_as_alone)
{
	each_byte(0);
}

Test(plain_burst, each_byte_behind_a_tag_is_judged_as_alone)
{
	each_byte(7);
}

Test(plain_burst, lengths_are_judged_as_alone)
{
	set_up(0);
	for (uint32_t length = 0; length <= FRAME_BYTES; length++)
		cr_expect_eq(taken(good, length, length % PLAIN_BURST, true),
			length >= ETHER_LENGTH + IPV4_LENGTH + TCP_LENGTH, "%u", length);
}

// Two bytes at once: sources on our own link, and the two in which a checksum goes wrong and right again.
Test(plain_burst, two_bytes_are_judged_as_alone)
{
	static const uint8_t places[][2] = {
		{12, 13}, {15, 19}, {10, 11}, {2, 3}, {20, 21}, {32, 33}};
	uint8_t frame[FRAME_BYTES];
	set_up(0);
	store32(good + l3 + 12, UINT32_C(0xc0000207)); // on our link
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (unsigned value = 0; value < 65536; value++) {
			memcpy(frame, good, sizeof(frame));
			frame[l3 + places[i][0]] = (uint8_t)(value >> 8);
			frame[l3 + places[i][1]] = (uint8_t)value;
			taken(frame, FRAME_BYTES, value % PLAIN_BURST, false);
			taken(frame, FRAME_BYTES, value % PLAIN_BURST, true);
		}
	}
}

Test(plain_burst, an_address_that_is_not_ready_takes_nothing)
{
	set_up(0);
	ports.local[0].state = LOCAL_TENTATIVE;
	cr_expect_not(taken(good, FRAME_BYTES, 3, true));
}
