// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/cookie.h"

#include <string.h>

#include "dataplane/frame/wire_format.h"
#include "dataplane/seam/siphash_bulk.h"

// Common sizes: Ethernet (IPv4, IPv6), PPPoE, tunnels, the IPv6 minimum, RFC 9293's default, and one for the rest.
static const uint16_t mss_table[8] = {64, 536, 1024, 1220, 1340, 1400, 1440, 1460};
// Index 0: no window scaling.
static const uint8_t scale_table[8] = {0, 0, 2, 4, 6, 7, 8, 10};

// The largest of the sizes that is not larger, in its place.
static inline uint8_t mss_bits(uint16_t mss)
{
	unsigned row = 7;
	while (row > 0 && mss_table[row] > mss)
		row--;
	return (uint8_t)(row << 5);
}

uint8_t cookie_options(const struct tcp_options *options)
{
	unsigned scale = 0;
	if (options->has_window_scale) {
		scale = 7;
		while (scale > 1 && scale_table[scale] > options->window_scale)
			scale--;
	}
	return (uint8_t)(mss_bits(options->mss) | scale << 2 | (options->sack_permitted ? 2 : 0));
}

uint16_t cookie_mss(uint8_t options)
{
	return mss_table[options >> 5];
}

bool cookie_window_scale(uint8_t options, uint8_t *shift)
{
	unsigned index = (options >> 2) & 7;
	*shift = scale_table[index];
	return index != 0;
}

static void derive(struct cookies *cookies, uint64_t period)
{
	// Two words that only the secret's holder can derive.
	uint64_t seed[2] = {period, (uint64_t)cookies->era << 1};
	struct siphash_key *key = &cookies->key[period & 1];
	key->word[0] = siphash(&cookies->secret, seed, 2, 2, 4);
	seed[1] |= 1;
	key->word[1] = siphash(&cookies->secret, seed, 2, 2, 4);
}

static void derive_both(struct cookies *cookies)
{
	cookies->mark = (uint8_t)(cookies->era % UINT8_MAX + 1);
	derive(cookies, cookies->period);
	derive(cookies, cookies->period - 1);
}

void cookies_init(struct cookies *cookies, const struct siphash_key *secret, uint64_t clock_ms)
{
	cookies->secret = *secret;
	cookies->period = clock_ms / COOKIE_PERIOD_MS;
	cookies->era = 0;
	derive_both(cookies);
}

void cookies_turn(struct cookies *cookies, uint64_t clock_ms)
{
	uint64_t period = clock_ms / COOKIE_PERIOD_MS;
	if (period == cookies->period)
		return;
	cookies->period = period;
	derive_both(cookies);
}

void cookies_renew(struct cookies *cookies)
{
	cookies->era++;
	derive_both(cookies);
}

static inline uint8_t offered_by(const struct frame *syn)
{
	const uint8_t *at = syn->bytes + syn->l4 + TCP_LENGTH;
	// What most SYNs of a flood have, and some of others: the segment size alone.
	if (syn->options_length == 4 && load16(at) == 0x0204)
		return mss_bits(load16(at + 2)); // less than the least counts as the least
	struct tcp_options offered;
	frame_tcp_options(syn, &offered);
	return cookie_options(&offered);
}

// A SYN's message has its own sequence number and what it offers, that of an ACK the number before its own and the low bits
// of what it acknowledges: the two are one when it completes the handshake.
void cookie_prepare(const struct cookies *cookies, struct frame *const *frames, unsigned count)
{
	struct bs_siphash_burst burst;
	_Static_assert(BS_SIPHASH_WHICH == 32, "the parity of the key: the lowest of the low bits");
	for (unsigned i = 0; i < count; i++) {
		struct frame *frame = frames[i];
		uint32_t sequence = frame->sequence;
		uint8_t low;
		if (frame_opens(frame)) {
			frame->offered = offered_by(frame);
			low = (uint8_t)(frame->offered | (cookies->period & 1));
		} else {
			low = (uint8_t)(frame->acknowledgement - 1);
			sequence--;
		}
		memcpy(&burst.word[0][i], frame->source.octet, 8);
		memcpy(&burst.word[1][i], frame->source.octet + 8, 8);
		burst.word[2][i] = (uint64_t)frame->source_port << 48 |
				   (uint64_t)frame->local << 40 | (uint64_t)low << 32 | sequence;
	}
	bs_siphash24_bulk(cookies->key, &burst, count);
	for (unsigned i = 0; i < count; i++)
		frames[i]->cookie = (uint32_t)burst.hash[i] & 0xffffff00u;
}

bool cookie_check(const struct frame *ack, uint8_t *options)
{
	uint32_t cookie = ack->acknowledgement - 1;
	*options = cookie & 0xfe;
	return (cookie & 0xffffff00u) == ack->cookie;
}
