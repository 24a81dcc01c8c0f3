// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/packets/bed.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "benchmarks/packets/seeded.h"
#include "dataplane/frame/local.h"
#include "dataplane/seam/source.h"

#define MBUFS       (4 * BED_ROUND_MAX - 1)
#define MEMORY_MB   "512"
#define HUGE_FREE   "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
#define HUGE_WANTED 256
#define SERVICE     25
#define TURN_NS     1000
#define VIRTUAL_NS  UINT64_C(1000000000000)

const uint8_t bed_mac[6] = {0x02, 0, 0, 0, 0, 0x19};
const uint8_t bed_peer_mac[6] = {0x02, 0, 0, 0, 0x0a, 0x01};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "packets: %s\n", what);
	exit(EXIT_FAILURE);
}

static uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool has_huge_pages(void)
{
	int pages = 0;
	FILE *file = fopen(HUGE_FREE, "r");
	if (file == NULL)
		return false;
	if (fscanf(file, "%d", &pages) != 1) // NOLINT(cert-err34-c): the kernel's own number
		pages = 0;
	fclose(file);
	return pages >= HUGE_WANTED;
}

void bed_start_dpdk(void)
{
	static char lcores[16];
	static char *arguments[] = {"packets", "--no-huge", "-m", MEMORY_MB, "--no-shconf",
		"--no-pci", "--iova-mode=va", "--no-telemetry", "--log-level=error", "--lcores",
		lcores, NULL};
	cpu_set_t cpus;
	int cpu = 0;
	if (has_huge_pages())
		arguments[1] = "--in-memory";
	fprintf(stderr, "packets: memory %s\n", arguments[1] + 2);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcores, sizeof(lcores), "0@%d", cpu);
	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		fail("DPDK does not start");
}

static void make_port(struct bed *bed, const struct bed_settings *settings)
{
	uint32_t mbufs = settings->mbufs != 0 ? settings->mbufs : MBUFS;
	uint16_t room = settings->mbuf_room != 0 ? settings->mbuf_room : RTE_MBUF_DEFAULT_BUF_SIZE;
	struct rte_eth_conf conf = {0};
	bed->pool = rte_pktmbuf_pool_create("bed", mbufs, 512, 0, room, SOCKET_ID_ANY);
	bed->receive = rte_ring_create(
		"bed rx", 2 * BED_ROUND_MAX, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	bed->transmit = rte_ring_create(
		"bed tx", 2 * BED_ROUND_MAX, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	if (bed->pool == NULL || bed->receive == NULL || bed->transmit == NULL)
		fail("not enough memory");
	int id = rte_eth_from_rings("bed", &bed->receive, 1, &bed->transmit, 1, 0);
	bed->port_id = (uint16_t)id;
	if (id < 0 || rte_eth_dev_configure(bed->port_id, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup(bed->port_id, 0, 64, 0, NULL, bed->pool) != 0 ||
		rte_eth_tx_queue_setup(bed->port_id, 0, 64, 0, NULL) != 0 ||
		rte_eth_dev_start(bed->port_id) != 0)
		fail("no ring port");
}

static void add_local(struct bed *bed, const char *text, uint8_t length)
{
	struct local *local = &bed->ports.local[bed->ports.local_count++];
	bs_address_parse(text, &local->address);
	local->on_link = (struct bs_prefix){.address = local->address, .length = length};
	memset(local->on_link.address.octet + length / 8, 0, 16 - length / 8u);
	local->state = LOCAL_READY;
}

static void make_ports(struct bed *bed, const struct bed_settings *settings)
{
	struct port *port = &bed->ports.port[0];
	uint64_t mac = 0;
	make_port(bed, settings);
	bed->ports.port_count = 1;
	bed->ports.service = SERVICE;
	port->id = bed->port_id;
	snprintf(port->name, sizeof(port->name), "mx0");
	memcpy(port->mac, bed_mac, 6);
	port->mtu = 1500;
	port->queues = 1;
	port->own_buffers = true;
	port->checks_ipv4 = port->checks_tcp = settings->offloads;
	port->fills_ipv4 = port->fills_tcp = settings->offloads;
	port->link_up = true;
	if (settings->offloads)
		bed->rx_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	for (unsigned i = 0; i < 6; i++)
		mac = mac << 8 | bed_peer_mac[i];
	port->gateway4.configured = port->gateway6.configured = true;
	port->gateway4.mac = port->gateway6.mac = mac | GATEWAY_RESOLVED;
	add_local(bed, "192.0.2.25", 96 + 24);
	add_local(bed, "2001:db8::25", 64);
}

static void make_policy(struct bed *bed, const struct bed_settings *settings)
{
	struct bs_policy *policy = &bed->policy;
	policy->texts = bed->texts;
	policy->classes = settings->classes != NULL ? settings->classes
						    : bs_class_table_new(NULL, 0);
	if (policy->classes == NULL)
		fail("no class table");
	policy->class[BS_CLASS_BOGON].action = BS_ACTION_BOGON;
	policy->class[BS_CLASS_OWN].action = BS_ACTION_OWN;
	for (unsigned i = 0; i < 8; i++)
		policy->class[BS_CLASS_LISTS + i].action = BS_ACTION_DROP;
	policy->class_count = BS_CLASS_LISTS + 8;
	policy->wait_ms = policy->stress_wait_ms = 25000;
	policy->greeted_timeout_ms = 300000;
	policy->checks.mode[BS_CHECK_EARLY_TALK] = BS_MODE_ENFORCE;
	for (unsigned i = BS_TEMPLATE_GREETING; i < BS_TEMPLATES; i++) {
		struct bs_template *text = &bed->texts[0].template[i];
		text->length = (uint16_t)snprintf(text->text, sizeof(text->text), "421 bed\r\n");
	}
	atomic_store(&bs_policy_current, policy);
}

// A table that is full, as after some days, of sources that nobody has a verdict on.
static void make_sources(struct bed *bed, uint32_t count)
{
	static const struct siphash_key key = {{3, 4}};
	uint64_t state = 7, now_ms = (bed->now_ns != 0 ? bed->now_ns : clock_ns()) / 1000000;
	bed->sources = bs_sources_new(count, &key);
	if (bed->sources == NULL)
		fail("not enough memory for the sources");
	for (uint32_t i = 0; i < count; i++) {
		enum bs_source_opening how;
		uint32_t octets = (uint32_t)seeded_next(&state);
		struct bs_address address = bs_address_from_ipv4(&octets);
		uint32_t now_s = bs_source_seconds(now_ms);
		if (bs_source_open(bed->sources, &address, now_s, &how) != NULL)
			bs_source_close(bed->sources, &address, now_s);
	}
}

static void make_dataplane(struct bed *bed, const struct bed_settings *settings)
{
	struct receive_queue queue = {0};
	if (!bs_bell_open(&bed->bell) || !bs_bell_open(&bed->worker_bell))
		fail("no eventfd");
	struct dataplane_settings given = {.ports = &bed->ports,
		.pool = bed->pool,
		.queue = &queue,
		.queue_count = 1,
		.connections = settings->connections,
		.half_open = settings->half_open,
		.talking = 8,
		.data_rings = 2,
		.data_ring_size = 65536,
		.workers = 1,
		.lcores = 1,
		.bell = &bed->bell,
		.worker_bell = {&bed->worker_bell},
		.counters = &bed->counters,
		.sources = settings->table != NULL ? settings->table : bed->sources,
		.notices = 256,
		.draining = &bed->draining};
	for (unsigned i = 0; i < sizeof(given.secret); i++)
		given.secret[i] = (uint8_t)(i * 37 + 11);
	bed->dataplane = dataplane_new(&given, bed->now_ns != 0 ? bed->now_ns : clock_ns());
	if (bed->dataplane == NULL)
		fail("no dataplane");
}

struct bed *bed_new(const struct bed_settings *settings)
{
	struct bed *bed = calloc(1, sizeof(*bed));
	if (bed == NULL)
		fail("not enough memory");
	make_ports(bed, settings);
	if (!settings->no_policy)
		make_policy(bed, settings);
	bs_qsbr_init(&bed->qsbr);
	bed->reader = bs_qsbr_join(&bed->qsbr);
	bs_qsbr_online(bed->reader);
	bed->now_ns = settings->virtual_clock ? VIRTUAL_NS : 0;
	if (settings->sources > 0)
		make_sources(bed, settings->sources);
	make_dataplane(bed, settings);
	return bed;
}

void bed_free(struct bed *bed)
{
	dataplane_free(bed->dataplane);
	bed_sent(bed, NULL, NULL);
	rte_eth_dev_stop(bed->port_id);
	rte_eth_dev_close(bed->port_id);
	rte_ring_free(bed->receive);
	rte_ring_free(bed->transmit);
	rte_mempool_free(bed->pool);
	bs_bell_close(&bed->bell);
	bs_bell_close(&bed->worker_bell);
	if (bed->policy.classes != NULL)
		bs_class_table_free(bed->policy.classes);
	if (bed->sources != NULL)
		bs_sources_free(bed->sources);
	free(bed);
}

void bed_mix(struct mix *mix, const struct mix_settings *settings)
{
	struct mix_settings whole = *settings;
	memcpy(whole.to, bed_mac, 6);
	memcpy(whole.from, bed_peer_mac, 6);
	bs_address_parse("192.0.2.25", &whole.local4);
	bs_address_parse("2001:db8::25", &whole.local6);
	whole.service = SERVICE;
	mix_begin(mix, &whole);
}

void bed_put_bulk(struct bed *bed, bed_next *next, void *self, uint32_t count)
{
	struct rte_mbuf *mbuf[BURST];
	for (uint32_t done = 0; done < count;) {
		uint32_t now = count - done < BURST ? count - done : BURST;
		if (rte_pktmbuf_alloc_bulk(bed->pool, mbuf, now) != 0)
			fail("packet buffers got lost");
		for (uint32_t i = 0; i < now; i++) {
			uint16_t length = next(self, rte_pktmbuf_mtod(mbuf[i], uint8_t *));
			mbuf[i]->pkt_len = mbuf[i]->data_len = length;
			mbuf[i]->ol_flags = bed->rx_flags;
		}
		if (rte_ring_enqueue_bulk(bed->receive, (void **)mbuf, now, NULL) != now)
			fail("the receive ring is full");
		done += now;
	}
}

static uint16_t frame_of_mix(void *self, uint8_t *frame)
{
	return mix_frame(self, frame);
}

void bed_fill(struct bed *bed, struct mix *mix, uint32_t count)
{
	bed_put_bulk(bed, frame_of_mix, mix, count);
}

void bed_put(struct bed *bed, const uint8_t *frame, uint16_t length)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bed->pool);
	if (mbuf == NULL)
		fail("packet buffers got lost");
	memcpy(rte_pktmbuf_append(mbuf, length), frame, length);
	mbuf->ol_flags |= bed->rx_flags;
	if (rte_ring_enqueue(bed->receive, mbuf) != 0)
		fail("the receive ring is full");
}

uint32_t bed_sent(struct bed *bed, bed_see *see, void *self)
{
	struct rte_mbuf *mbuf;
	uint32_t count = 0;
	while (rte_ring_dequeue(bed->transmit, (void **)&mbuf) == 0) {
		if (see != NULL)
			see(self, rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->pkt_len,
				mbuf->ol_flags);
		rte_pktmbuf_free(mbuf);
		count++;
	}
	return count;
}

unsigned bed_poll_free(void *self, uint64_t now_ns)
{
	const struct bed *bed = self;
	struct rte_mbuf *mbuf[BURST];
	unsigned count = rte_eth_rx_burst(bed->port_id, 0, mbuf, BURST);
	if (count > 0)
		rte_pktmbuf_free_bulk(mbuf, count);
	return count;
}

unsigned bed_poll_swap(void *self, uint64_t now_ns)
{
	const struct bed *bed = self;
	struct rte_mbuf *mbuf[BURST];
	unsigned count = rte_eth_rx_burst(bed->port_id, 0, mbuf, BURST);
	for (unsigned i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbuf[i], const void *));
	for (unsigned i = 0; i < count; i++) {
		struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(mbuf[i], struct rte_ether_hdr *);
		struct rte_ether_addr kept = ethernet->src_addr;
		ethernet->src_addr = ethernet->dst_addr;
		ethernet->dst_addr = kept;
	}
	if (count > 0) {
		uint16_t sent = rte_eth_tx_burst(bed->port_id, 0, mbuf, (uint16_t)count);
		rte_pktmbuf_free_bulk(mbuf + sent, count - sent);
	}
	return count;
}

void bed_turn(struct bed *bed, bed_poll *poll, void *self)
{
	uint64_t now = bed->now_ns != 0 ? bed->now_ns += TURN_NS : clock_ns();
	bs_qsbr_quiescent(bed->reader);
	poll(self, now);
}

uint64_t bed_ticks(struct bed *bed, bed_poll *poll, void *self)
{
	uint64_t begin = rte_rdtsc_precise();
	while (!rte_ring_empty(bed->receive))
		bed_turn(bed, poll, self);
	return rte_rdtsc_precise() - begin;
}
