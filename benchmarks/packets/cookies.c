// SPDX-License-Identifier: BSD-3-Clause
//
// syn-cookies: SYNs from everywhere, each answered by a SYN-ACK with a cookie and without a record, against the same loop
// swapping MAC addresses. Of every answer headers and checksums are looked at, not timed; of some the handshake is completed.
#include <stdio.h>
#include <string.h>

#include "benchmarks/packets/compare.h"
#include "benchmarks/packets/lists.h"
#include "benchmarks/packets/reply.h"
#include "dataplane/frame/checksum.h"
#include "dataplane/frame/frame.h"
#include "dataplane/frame/wire_format.h"

#include <rte_mbuf.h>

#define COMPLETED 4u // handshakes a round
#define MTU       1500u

struct answers {
	struct bed *bed;
	const struct options *options;
	uint64_t cookies, accepted; // of the counters, as of the round before
	// Of this round.
	uint32_t good;
	uint32_t kept; // answers to complete
	uint8_t answer[COMPLETED][MIX_FRAME_BYTES];
};

// What a port that fills in checksums does at the last moment, here into a sum that must be right.
static bool checksums_are_right(
	const uint8_t *ip, const uint8_t *tcp, uint16_t length, bool ipv6, uint64_t tx_flags)
{
	uint8_t copy[64];
	uint16_t found, sum;
	if (!ipv6 && (tx_flags & RTE_MBUF_F_TX_IP_CKSUM) == 0 &&
		internet_checksum(0, ip, IPV4_LENGTH) != 0)
		return false;
	struct bs_address from = ipv6 ? bs_address_from_ipv6(ip + 8)
				      : bs_address_from_ipv4(ip + 12);
	struct bs_address to = ipv6 ? bs_address_from_ipv6(ip + 24) : bs_address_from_ipv4(ip + 16);
	uint32_t pseudo = pseudo_header_sum(&from, &to, PROTOCOL_TCP, length);
	if ((tx_flags & RTE_MBUF_F_TX_L4_MASK) != RTE_MBUF_F_TX_TCP_CKSUM)
		return internet_checksum(pseudo, tcp, length) == 0;
	// With that offload the field holds the pseudo header's sum, not complemented.
	if (length > sizeof(copy))
		return false;
	memcpy(copy, tcp, length);
	memcpy(&found, tcp + 16, 2);
	sum = (uint16_t)~internet_checksum(pseudo, NULL, 0);
	return found == sum || (uint16_t)(found ^ sum) == 0xffff; // 0 has two forms
}

static bool headers_are_right(const uint8_t *frame, uint32_t length, uint64_t tx_flags)
{
	bool ipv6 = load16(frame + 12) == ETHER_TYPE_IPV6;
	const uint8_t *ip = frame + ETHER_LENGTH, *tcp = ip + (ipv6 ? IPV6_LENGTH : IPV4_LENGTH);
	uint16_t tcp_length = (uint16_t)(length - (uint32_t)(tcp - frame));
	if (memcmp(frame, bed_peer_mac, 6) != 0 || memcmp(frame + 6, bed_mac, 6) != 0)
		return false;
	if (length < ETHER_LENGTH + IPV4_LENGTH + TCP_LENGTH || length > MIX_FRAME_BYTES)
		return false;
	if (ipv6 ? (ip[0] != 0x60 || load16(ip + 4) != tcp_length || ip[6] != PROTOCOL_TCP)
		 : (ip[0] != 0x45 || load16(ip + 2) != IPV4_LENGTH + tcp_length ||
			   ip[9] != PROTOCOL_TCP))
		return false;
	struct bs_address to = ipv6 ? bs_address_from_ipv6(ip + 24) : bs_address_from_ipv4(ip + 16);
	if (load16(tcp) != 25 || tcp[13] != (TCP_SYN | TCP_ACK) ||
		load32(tcp + 8) != mix_sequence(&to, load16(tcp + 2)) + 1)
		return false;
	if (tcp[12] >> 4 != tcp_length / 4 || tcp_length != TCP_LENGTH + 4 || tcp[20] != 2 ||
		load16(tcp + 22) != MTU - (ipv6 ? 60 : 40))
		return false;
	return checksums_are_right(ip, tcp, tcp_length, ipv6, tx_flags);
}

static void see(void *self, const uint8_t *frame, uint32_t length, uint64_t tx_flags)
{
	struct answers *answers = self;
	if (!headers_are_right(frame, length, tx_flags))
		return;
	if (answers->kept < COMPLETED)
		memcpy(answers->answer[answers->kept++], frame, length);
	answers->good++;
}

// The cookies are ours: their ACKs open connections.
static bool handshakes_end(struct answers *answers)
{
	static const uint8_t flags[] = {TCP_ACK, TCP_RST};
	for (unsigned step = 0; step < 2; step++) {
		for (uint32_t i = 0; i < answers->kept; i++) {
			uint8_t frame[MIX_FRAME_BYTES];
			uint16_t length = reply_build(answers->answer[i], flags[step], frame);
			bed_put(answers->bed, frame, length);
		}
		bed_ticks(answers->bed, dataplane_poll, answers->bed->dataplane);
	}
	bed_sent(answers->bed, NULL, NULL);
	uint64_t accepted = answers->bed->counters.cookies_accepted - answers->accepted;
	answers->accepted += accepted;
	return accepted == answers->kept && answers->kept > 0;
}

static bool check(void *self, bool own)
{
	struct answers *answers = self;
	uint64_t made = answers->bed->counters.syn_cookies - answers->cookies;
	answers->good = answers->kept = 0;
	answers->cookies += made;
	uint32_t frames = answers->options->frames,
		 sent = bed_sent(answers->bed, own ? see : NULL, answers);
	if (!own)
		return sent == frames;
	bool completed = handshakes_end(answers);
	if (completed && sent == frames && made == frames && answers->good == frames)
		return true;
	fprintf(stderr,
		"packets: %u SYNs: %lu cookies, %u answers, %u of them right; handshakes %s\n",
		frames, (unsigned long)made, sent, answers->good,
		completed ? "completed" : "failed");
	return false;
}

bool bench_cookies(const struct options *options)
{
	struct lists lists;
	bool ipv6 = options->ipv6 > 0;
	lists_make(&lists, ipv6 ? 0 : options->prefixes, ipv6 ? options->prefixes : 0);
	// No SYN cache, so that every answer is a cookie.
	struct bed *bed = bed_new(&(struct bed_settings){.offloads = !options->software,
		.mbufs = 2 * options->frames - 1,
		.connections = 64,
		.half_open = 0,
		.sources = options->sources,
		.classes = lists.table});
	struct mix mix;
	bed_mix(&mix, &(struct mix_settings){.seed = 2,
			      .weight = {[MIX_SPOOFED] = 1},
			      .ipv6 = options->ipv6,
			      .listed4 = ipv6 ? NULL : &lists.ipv4});
	struct answers answers = {.bed = bed, .options = options};
	bool good = compare_run(&(struct compare){.name = "cookies",
		.bed = bed,
		.mix = &mix,
		.options = options,
		.own = dataplane_poll,
		.own_self = bed->dataplane,
		.reference = bed_poll_swap,
		.reference_self = bed,
		.check = check,
		.check_self = &answers});
	bed_free(bed);
	lists_free(&lists);
	return good;
}
