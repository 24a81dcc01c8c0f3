// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/flood.h"

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#define BURST       64u
#define BEHIND_MOST 4096u       // frames
#define SPOOFED     0x01000000u // from 1.0.0.0 on 112 /8s: nobody's list, none of our clients
#define SPOOFED_8   0x70u
#define LISTED      0xb9000000u // 185.0.0.0/8
#define OURS        0x0a000000u

bool flood_option(struct flood *flood, const char *text)
{
	static const char *const name[] = {
		[FLOOD_SYN] = "syn", [FLOOD_ACK] = "ack", [FLOOD_LISTED] = "listed"};
	char *end;
	flood->rate = strtod(text, &end);
	if (*end != ':' || flood->rate <= 0)
		return false;
	for (unsigned i = FLOOD_SYN; i <= FLOOD_LISTED; i++)
		if (strcmp(name[i], end + 1) == 0)
			flood->kind = (enum flood_kind)i;
	return flood->kind != FLOOD_NONE;
}

void flood_begin(struct flood *flood, const struct wire_side *side, uint64_t hz)
{
	flood->side = *side;
	flood->side.network4 = 0;
	segment_prepare(&flood->side);
	flood->hz = hz;
	flood->start = rte_rdtsc();
	flood->random = 7;
}

static uint64_t next_random(struct flood *flood)
{
	uint64_t z = flood->random += 0x9e3779b97f4a7c15u; // splitmix64
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint32_t draw_source(struct flood *flood, uint32_t random)
{
	if (flood->kind == FLOOD_LISTED)
		return LISTED | (random & 0x00ffffff);
	uint32_t source = SPOOFED + (random >> 24) % SPOOFED_8 * 0x01000000u +
			  (random & 0x00ffffff);
	return source >> 24 == OURS >> 24 ? source + 0x01000000u : source;
}

unsigned flood_go_on(struct flood *flood, struct load_port *port, uint64_t now)
{
	unsigned count = 0;
	if (flood->kind == FLOOD_NONE)
		return 0;
	uint64_t rated = (uint64_t)(flood->rate * (double)(now - flood->start) / (double)flood->hz);
	if (rated > flood->due + BEHIND_MOST) { // we were away: what is older is not made up for
		flood->late += rated - flood->due - BURST;
		flood->due = rated - BURST;
	}
	while (flood->due < rated && count < BURST && load_port_room(port) > PORT_OUT / 4) {
		uint64_t random = next_random(flood);
		struct segment segment = {.source = draw_source(flood, (uint32_t)random),
			.sequence = (uint32_t)(random >> 20),
			.acknowledgement = flood->kind == FLOOD_ACK ? (uint32_t)(random >> 11) : 0,
			.port = (uint16_t)(1024 + (random >> 32) % 60000),
			.window = 8192,
			.flags = flood->kind == FLOOD_ACK ? SEGMENT_ACK : SEGMENT_SYN,
			.payload = ""};
		load_port_out(
			port, segment_write(&flood->side, &segment, 0, load_port_frame(port)));
		flood->due++;
		flood->sent++;
		count++;
	}
	return count;
}
