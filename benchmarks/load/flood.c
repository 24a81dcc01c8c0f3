// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/flood.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>

#include "benchmarks/packets/prefixes.h"

#define FRAMES      (1u << 20) // as many different ones
#define BURST       256u       // of one turn
#define BEHIND_MOST 4096u      // frames
#define LIST_SEED   5u
#define SEED        7u

struct flood_frame {
	uint8_t bytes[MIX_FRAME_BYTES];
	uint16_t length;
};

static const char *const kind_name[MIX_KINDS] = {[MIX_PLAIN] = "plain",
	[MIX_SPOOFED] = "syn",
	[MIX_LISTED] = "listed",
	[MIX_BOGONS] = "bogon",
	[MIX_ACKS] = "ack"};

bool flood_option(struct flood *flood, const char *text)
{
	char *end;
	flood->rate = strtod(text, &end);
	if (*end != ':' || flood->rate <= 0)
		return false;
	do {
		const char *name = end + 1;
		size_t length = strcspn(name, "=,");
		unsigned kind = 0;
		while (kind < MIX_KINDS && (strlen(kind_name[kind]) != length ||
						   strncmp(kind_name[kind], name, length) != 0))
			kind++;
		if (kind == MIX_KINDS)
			return false;
		end = (char *)name + length;
		flood->weight[kind] = *end == '=' ? (uint32_t)strtoul(end + 1, &end, 10) : 1;
		if (flood->weight[kind] == 0)
			return false;
	} while (*end == ',');
	return *end == '\0';
}

static bool make_list(struct prefixes *ipv4, struct prefixes *ipv6, uint32_t count)
{
	return prefixes_ipv4(ipv4, count, LIST_SEED) &&
	       prefixes_ipv6(ipv6, count / 10 * 3 + 1, LIST_SEED);
}

bool flood_print_list(uint32_t prefixes)
{
	struct prefixes list[2] = {0};
	char text[BS_PREFIX_TEXT];
	bool made = make_list(&list[0], &list[1], prefixes);
	for (unsigned i = 0; i < 2; i++) {
		for (size_t j = 0; made && j < list[i].count; j++)
			puts(bs_prefix_format(&list[i].prefix[j], text));
		prefixes_free(&list[i]);
	}
	return made;
}

bool flood_begin(struct flood *flood, const struct wire_side *side, uint64_t hz)
{
	struct prefixes ipv4 = {0}, ipv6 = {0};
	struct mix_settings settings = {.seed = SEED,
		.ipv6 = flood->ipv6,
		.listed4 = &ipv4,
		.listed6 = &ipv6,
		.local4 = side->target4,
		.local6 = side->target6,
		.service = side->target_port};
	struct mix mix;
	size_t size = FRAMES * sizeof(struct flood_frame);
	if (flood->rate <= 0)
		return true;
	flood->frame = aligned_alloc(64, size);
	bool made = flood->frame != NULL && make_list(&ipv4, &ipv6, flood->prefixes);
	if (made) {
		madvise(flood->frame, size, MADV_HUGEPAGE);
		memcpy(settings.weight, flood->weight, sizeof(settings.weight));
		memcpy(settings.to, side->peer_mac, 6);
		memcpy(settings.from, side->mac, 6);
		mix_begin(&mix, &settings);
		for (uint32_t i = 0; i < FRAMES; i++)
			flood->frame[i].length = mix_frame(&mix, flood->frame[i].bytes);
	}
	prefixes_free(&ipv4);
	prefixes_free(&ipv6);
	flood->hz = hz;
	flood->start = rte_rdtsc();
	return made;
}

void flood_end(struct flood *flood)
{
	free(flood->frame);
}

unsigned flood_go_on(struct flood *flood, struct load_port *port, uint64_t now)
{
	unsigned count = 0;
	if (flood->rate <= 0)
		return 0;
	uint64_t rated = (uint64_t)(flood->rate * (double)(now - flood->start) / (double)flood->hz);
	if (rated > flood->due + BEHIND_MOST) {
		flood->late += rated - flood->due - BEHIND_MOST;
		flood->due = rated - BEHIND_MOST;
	}
	if (load_port_room(port) < PORT_OUT)
		return 0;
	while (flood->due < rated && count < BURST) {
		const struct flood_frame *frame = &flood->frame[flood->next];
		flood->next = (flood->next + 1) % FRAMES;
		memcpy(load_port_frame(port), frame->bytes, MIX_FRAME_BYTES);
		load_port_out(port, frame->length);
		flood->due++;
		flood->sent++;
		count++;
	}
	load_port_flush(port);
	return count;
}
