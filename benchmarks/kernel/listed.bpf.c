// SPDX-License-Identifier: BSD-3-Clause
//
// ingress-kernel's reference: what an operator would write in XDP. A frame is validated as far as ours are where the port
// checks checksums, then a trie of prefixes says whether its source is dropped. The test run gives the same frame each time, so the
// source comes from an array: the same sequence that the dataplane is given. Beside it what hands such frames to the kernel, whose
// rules drop them.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SOURCES  1000000
#define PREFIXES 2000000
#define SERVICE  25

struct key {
	__u32 length;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PREFIXES);
	__type(key, struct key);
	__type(value, __u8);
} listed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOURCES);
	__type(key, __u32);
	__type(value, __u32);
} sources SEC(".maps");

__u32 turn;
volatile const __u32 count, local; // of the sources; our address

static __always_inline int is_syn_to_us(const struct xdp_md *context)
{
	const void *data = (const void *)(long)context->data; // NOLINT(performance-no-int-to-ptr)
	const void *end = (const void *)(long)
				  context->data_end; // NOLINT(performance-no-int-to-ptr)
	const struct ethhdr *ethernet = data;
	const struct iphdr *ip = data + sizeof(*ethernet);
	const struct tcphdr *tcp = data + sizeof(*ethernet) + sizeof(*ip);
	if ((const void *)(tcp + 1) > end || ethernet->h_proto != bpf_htons(ETH_P_IP))
		return 0;
	if (ip->version != 4 || ip->ihl != 5 || bpf_ntohs(ip->tot_len) > end - (const void *)ip ||
		(ip->frag_off & bpf_htons(0x3fff)) != 0 || ip->protocol != IPPROTO_TCP ||
		ip->daddr != local || ip->saddr == ip->daddr)
		return 0;
	return tcp->doff >= 5 && tcp->dest == bpf_htons(SERVICE) && tcp->source != 0 && tcp->syn &&
	       !tcp->ack && !tcp->fin && !tcp->rst;
}

static __always_inline const __u32 *next_source(void)
{
	__u32 now = turn;
	turn = now + 1 < count ? now + 1 : 0;
	return bpf_map_lookup_elem(&sources, &now);
}

SEC("xdp")
int filter(struct xdp_md *context)
{
	const __u32 *source = next_source();
	if (!source || !is_syn_to_us(context))
		return XDP_ABORTED;
	struct key key = {32, *source};
	return bpf_map_lookup_elem(&listed, &key) ? XDP_DROP : XDP_PASS;
}

// What a test run itself takes.
SEC("xdp")
int nothing(struct xdp_md *context)
{
	return XDP_DROP;
}

// The frame is received by the kernel, from the next source. Its checksum is not: a rule does not look at it.
SEC("xdp")
int receive(struct xdp_md *context)
{
	void *data = (void *)(long)context->data; // NOLINT(performance-no-int-to-ptr)
	const void *end = (const void *)(long)
				  context->data_end; // NOLINT(performance-no-int-to-ptr)
	struct iphdr *ip = data + sizeof(struct ethhdr);
	const __u32 *source = next_source();
	if (!source || (const void *)(ip + 1) > end)
		return XDP_ABORTED;
	ip->saddr = *source;
	return XDP_PASS;
}

char terms[] SEC("license") = "Dual BSD/GPL";
