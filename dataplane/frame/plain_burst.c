// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/frame/plain_burst.h"

#include <arpa/inet.h>

#include "dataplane/frame/local.h"
#include "dataplane/frame/wire_format.h"

#if defined(__x86_64__) && !defined(__clang__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define CLONES
#endif

#define LANES 8u
typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));
_Static_assert(PLAIN_BURST % LANES == 0, "whole vectors");

void plain_burst_begin(struct plain_burst *burst, const struct plain *plain,
	const struct ports *ports, bool verify)
{
	burst->plain = plain;
	burst->verify = verify ? UINT32_MAX : 0;
	for (unsigned i = 0; i < PLAIN_LOCALS; i++) {
		const struct plain_local *local = &plain->local[i];
		bool ready = local->row != LOCAL_NONE && local->host_bits < 32 &&
			     local_state(&ports->local[local->row]) == LOCAL_READY;
		burst->local[i].address = raw32(local->address.octet + 12);
		burst->local[i].link = ready ? htonl(UINT32_MAX << local->host_bits) : 0;
	}
}

#define LOAD(array) \
	({ \
		lanes value; \
		memcpy(&value, (array) + i, sizeof(value)); \
		value; \
	})

// Words from the wire in the host's order.
#define HOST(word) ((word) >> 24 | ((word) >> 8 & 0xff00) | ((word) << 8 & 0xff0000) | (word) << 24)

#define HALVES(word) (((word)&0xffff) + ((word) >> 16))

// As plain_look(), ipv4() and tcp() of plain.c, one after the other. A comparison gives all ones where it holds.
CLONES void plain_burst_judge(struct plain_burst *burst, unsigned count)
{
	// Of FIN, SYN, RST and ACK as bits 0 to 3: one of the first three at most, and one in all.
	const uint32_t good = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12;
	const struct plain *plain = burst->plain;
	const uint32_t l3 = plain->l3, service = ntohs(plain->service);
	const uint32_t type = htonl(0xffff), ipv4 = htonl(ETHER_TYPE_IPV4);
	const uint32_t fragment = htonl(0x3fff), protocol = htonl(0xff0000),
		       is_tcp = htonl(PROTOCOL_TCP << 16);
	for (unsigned i = 0; i < count; i += LANES) {
		lanes odd = LOAD(burst->odd), length = LOAD(burst->length);
		odd |= (LOAD(burst->ether_12) & plain->tag_mask) ^ plain->tag;
		odd |= (LOAD(burst->ether_type) & type) ^ ipv4;
		lanes ip = LOAD(burst->ip_0);
		ip = HOST(ip);
		lanes total = ip & 0xffff;
		odd |= (ip >> 24) ^ 0x45;
		odd |= (lanes)(total + l3 > length) | (lanes)(total < IPV4_LENGTH + TCP_LENGTH);
		lanes source = LOAD(burst->ip_12), own = LOAD(burst->ip_16);
		lanes middle = LOAD(burst->ip_4), protocols = LOAD(burst->ip_8);
		odd |= (middle & fragment) | ((protocols & protocol) ^ is_tcp);
		// RFC 1071: in whatever order of bytes
		lanes sum = HALVES(LOAD(burst->ip_0)) + HALVES(middle) + HALVES(protocols) +
			    HALVES(source) + HALVES(own);
		sum = HALVES(sum);
		odd |= (HALVES(sum) ^ 0xffff) & burst->verify;
		odd |= own ^ LOAD(burst->address);
		// On our own link the last address is a broadcast, and the same address is ours.
		odd |= (lanes)(((source ^ own) & LOAD(burst->link)) == 0);
		source = HOST(source);
		odd |= (lanes)((source >> 24) - 1 >= 223) | (lanes)(source >> 24 == 127);
		lanes ports = LOAD(burst->tcp_0);
		ports = HOST(ports);
		odd |= ((ports & 0xffff) ^ service) | (lanes)(ports >> 16 == 0);
		lanes flags = LOAD(burst->tcp_12);
		flags = HOST(flags);
		lanes header = flags >> 28 << 2, one = (lanes){0} + good;
		flags = flags >> 16 & 0xff;
		odd |= (lanes)(header < TCP_LENGTH) | (lanes)(header + IPV4_LENGTH > total);
		odd |= (lanes)((one >> ((flags & 7) | (flags >> 1 & 8)) & 1) == 0);
		memcpy(burst->odd + i, &odd, sizeof(odd));
		memcpy(burst->source + i, &source, sizeof(source));
		memcpy(burst->flags + i, &flags, sizeof(flags));
	}
}
