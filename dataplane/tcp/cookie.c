// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/cookie.h"

// Common sizes: Ethernet (IPv4, IPv6), PPPoE, tunnels, the IPv6 minimum, RFC 9293's default, and one for the rest.
static const uint16_t mss_table[8] = {64, 536, 1024, 1220, 1340, 1400, 1440, 1460};
// Index 0: no window scaling.
static const uint8_t scale_table[8] = {0, 0, 2, 4, 6, 7, 8, 10};

uint8_t cookie_options(const struct tcp_options *options)
{
	unsigned mss = 7, scale = 0;
	while (mss > 0 && mss_table[mss] > options->mss)
		mss--;
	if (options->has_window_scale) {
		scale = 7;
		while (scale > 1 && scale_table[scale] > options->window_scale)
			scale--;
	}
	return (uint8_t)(mss << 5 | scale << 2 | (options->sack_permitted ? 2 : 0));
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

static uint32_t mac(const struct siphash_key *secret, uint64_t period, const struct frame *frame,
	uint32_t client_sequence, uint8_t low)
{
	// The key of a period: two words that only the secret's holder can derive.
	uint64_t seed[2] = {period, 0};
	struct siphash_key key;
	key.word[0] = siphash(secret, seed, 2, 2, 4);
	seed[1] = 1;
	key.word[1] = siphash(secret, seed, 2, 2, 4);

	uint64_t word[6];
	memcpy(word, frame->source.octet, 16);
	memcpy(word + 2, frame->destination.octet, 16);
	word[4] = (uint64_t)frame->source_port << 48 | (uint64_t)frame->destination_port << 32 |
		  client_sequence;
	word[5] = low;
	return (uint32_t)siphash(&key, word, 6, 2, 4) & 0xffffff00u;
}

uint32_t cookie_make(const struct siphash_key *secret, uint64_t clock_ms, const struct frame *syn,
	uint8_t options)
{
	uint64_t period = clock_ms / COOKIE_PERIOD_MS;
	uint8_t low = (uint8_t)(options | (period & 1));
	return mac(secret, period, syn, syn->sequence, low) | low;
}

bool cookie_check(const struct siphash_key *secret, uint64_t clock_ms, const struct frame *ack,
	uint8_t *options)
{
	uint64_t period = clock_ms / COOKIE_PERIOD_MS;
	uint32_t cookie = ack->acknowledgement - 1;
	if ((cookie & 1) != (period & 1)) {
		if (period == 0)
			return false;
		period--;
	}
	uint8_t low = (uint8_t)cookie;
	if ((mac(secret, period, ack, ack->sequence - 1, low) | low) != cookie)
		return false;
	*options = low & 0xfe;
	return true;
}
