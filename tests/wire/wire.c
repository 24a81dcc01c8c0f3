// SPDX-License-Identifier: BSD-3-Clause
//
// The harness: DPDK without devices, one in-memory port, and time that only moves when a test says so.
// What is said to and heard from the dataplane is in say.c.
#include "tests/wire/wire.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "control/class/class.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/frame/local.h"
#include "dataplane/handover.h"
#include "tests/wire/see.h"

#define STEP_MS      10u
#define RING_RECEIVE 4096u

// Once a process. DPDK pins the calling thread to a core: that is undone, tests share the machine.
static void start_dpdk(void)
{
	static bool started;
	static char *arguments[] = {"wire", "--no-huge", "-m", "128", "--no-shconf", "--no-pci",
		"--iova-mode=va", "--no-telemetry", "--log-level=error", "--lcores", NULL, NULL};
	cpu_set_t cpus;
	char lcores[32];
	if (started)
		return;
	sched_getaffinity(0, sizeof(cpus), &cpus);
	int cpu = 0;
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &cpus))
		cpu++;
	snprintf(lcores, sizeof(lcores), "0@%d", cpu);
	arguments[sizeof(arguments) / sizeof(arguments[0]) - 2] = lcores;
	cr_assert(rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) >= 0,
		"DPDK does not start");
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	started = true;
}

static uint16_t make_port(struct wire *wire, const struct wire_settings *settings)
{
	struct rte_eth_conf conf = {0};
	wire->mbufs = settings->mbufs != 0 ? settings->mbufs : 2047;
	wire->pool = rte_pktmbuf_pool_create(
		"wire", wire->mbufs, 32, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	cr_assert_not_null(wire->pool);
	uint16_t queues = (uint16_t)wire->lcores;
	for (unsigned i = 0; i < queues; i++) {
		char name[2][32];
		snprintf(name[0], sizeof(name[0]), "wire rx %u", i);
		snprintf(name[1], sizeof(name[1]), "wire tx %u", i);
		wire->receive[i] = rte_ring_create(name[0], RING_RECEIVE, SOCKET_ID_ANY, 0);
		wire->transmit[i] = rte_ring_create(name[1],
			settings->transmit_room != 0 ? settings->transmit_room : 1024,
			SOCKET_ID_ANY, RING_F_EXACT_SZ);
		cr_assert(wire->receive[i] != NULL && wire->transmit[i] != NULL);
	}
	int id = rte_eth_from_rings("wire", wire->receive, queues, wire->transmit, queues, 0);
	cr_assert(id >= 0, "no ring port");
	uint16_t port = (uint16_t)id;
	cr_assert(rte_eth_dev_configure(port, queues, queues, &conf) == 0);
	for (uint16_t i = 0; i < queues; i++) {
		cr_assert(rte_eth_rx_queue_setup(port, i, 64, 0, NULL, wire->pool) == 0);
		cr_assert(rte_eth_tx_queue_setup(port, i, 64, 0, NULL) == 0);
	}
	cr_assert(rte_eth_dev_start(port) == 0);
	return port;
}

static void add_local(struct wire *wire, const char *text, uint8_t prefix, bool ready)
{
	struct local *local = &wire->ports.local[wire->ports.local_count++];
	struct wire_peer peer = wire_peer(wire, strchr(text, ':') != NULL);
	local->address = peer.local;
	local->on_link = (struct bs_prefix){.address = peer.local, .length = prefix};
	memset(local->on_link.address.octet + prefix / 8, 0, (size_t)(16 - prefix / 8));
	local->state = ready ? LOCAL_READY : LOCAL_TENTATIVE;
}

static void make_ports(struct wire *wire, const struct wire_settings *settings)
{
	struct ports *ports = &wire->ports;
	struct port *port = &ports->port[0];
	ports->port_count = 1;
	ports->service = WIRE_SERVICE;
	port->id = make_port(wire, settings);
	snprintf(port->name, sizeof(port->name), "mx0");
	memcpy(port->mac, wire_mac, 6);
	port->vlan = settings->vlan;
	port->mtu = settings->mtu != 0 ? settings->mtu : 1500;
	port->queues = (uint16_t)wire->lcores;
	port->handover = wire->lcores > 1;
	port->fills_ipv4 = port->fills_tcp = settings->fills;
	port->link_up = true;
	add_local(wire, WIRE_LOCAL4, 96 + 24, !settings->neighbours);
	add_local(wire, WIRE_LOCAL6, 64, !settings->neighbours);
	uint64_t mac = 0;
	for (unsigned i = 0; i < 6; i++)
		mac = mac << 8 | wire_peer_mac[i];
	mac = settings->neighbours ? 0 : mac | GATEWAY_RESOLVED;
	port->gateway4 = (struct gateway){
		.address = bs_address_from_ipv4((const uint8_t[]){192, 0, 2, 1}),
		.configured = true,
		.mac = mac};
	port->gateway6 = (struct gateway){
		.address = {{0xfe, 0x80, [15] = 1}}, .configured = true, .mac = mac};
}

static void set_template(
	struct bs_template_set *texts, enum bs_template_number number, const char *text)
{
	struct bs_template *template = &texts->template[number];
	template->length = (uint16_t)strlen(text);
	memcpy(template->text, text, template->length);
}

static void make_policy(struct wire *wire, const struct wire_settings *settings)
{
	struct bs_policy *policy = &wire->policy;
	struct bs_template_set *texts = wire->texts;
	policy->texts = texts;
	policy->classes = bs_class_table_new(NULL, 0);
	cr_assert_not_null(policy->classes);
	policy->class_count = 1;
	policy->wait_ms = settings->no_wait        ? 0
			  : settings->wait_ms != 0 ? settings->wait_ms
						   : 25000;
	policy->checks.mode[BS_CHECK_EARLY_TALK] = BS_MODE_ENFORCE;
	policy->greeted_timeout_ms = 300000;
	policy->stress_wait_ms = 2000;
	policy->stutter_ms = 400000;
	set_template(texts, BS_TEMPLATE_GREETING, "220 mx1.example.org ESMTP\r\n");
	set_template(texts, BS_TEMPLATE_PREGREET, "554 5.5.0 you spoke before the greeting\r\n");
	set_template(texts, BS_TEMPLATE_DENIED, "554 5.7.1 denied\r\n");
	set_template(texts, BS_TEMPLATE_SYNC, "554 5.5.0 you spoke out of turn\r\n");
	set_template(texts, BS_TEMPLATE_SEQUENCE, "503 5.5.1 only QUIT\r\n");
	set_template(texts, BS_TEMPLATE_BYE, "221 2.0.0 bye\r\n");
	set_template(texts, BS_TEMPLATE_BUSY, "421 4.3.2 busy\r\n");
	set_template(texts, BS_TEMPLATE_DRAINING, "421 4.3.2 stopping\r\n");
	set_template(texts, BS_TEMPLATE_TIMEOUT, "421 4.4.2 timeout\r\n");
	set_template(texts, BS_TEMPLATE_CROWDED, "421 4.7.0 too many connections\r\n");
	set_template(texts, BS_TEMPLATE_RATE, "421 too many connections, try again later\r\n");
	set_template(texts, BS_TEMPLATE_STUTTER, "554-slowly\r\n");
	set_template(texts, BS_TEMPLATE_VERDICT_HARVEST, "554 harvest\r\n");
	set_template(texts, BS_TEMPLATE_VERDICT_EARLY_TALK, "554 early talk\r\n");
	set_template(texts, BS_TEMPLATE_VERDICT_REFUSALS, "554 refusals\r\n");
	set_template(texts, BS_TEMPLATE_VERDICT_LISTED, "554 listed\r\n");
	set_template(texts, BS_TEMPLATE_KILLED, "421 4.7.0 killed\r\n");
	snprintf(policy->hostname, sizeof(policy->hostname), "mx1.example.org");
	atomic_store(&bs_policy_current, policy);
}

static void make_dataplane(struct wire *wire, const struct wire_settings *given)
{
	struct siphash_key key = {{1, 2}};
	wire->sources = bs_sources_new(given->sources != 0 ? given->sources : 64, &key);
	cr_assert_not_null(wire->sources);
	struct dataplane_settings settings = {
		.ports = &wire->ports,
		.pool = wire->pool,
		.queue_count = 1,
		.connections = given->connections != 0 ? given->connections : 64,
		.half_open = given->half_open != 0 ? given->half_open : 16,
		.talking = given->talking != 0 ? given->talking : 8,
		.data_rings = given->data_rings != 0 ? given->data_rings : 2,
		.data_ring_size = given->data_ring_size != 0 ? given->data_ring_size : 65536,
		.data_ring_most = given->data_ring_most != 0 ? given->data_ring_most : 1048576,
		.workers = given->workers != 0 ? given->workers : 1,
		.lcores = wire->lcores,
		.bell = &wire->bell,
		.notices = 256,
		.draining = &wire->draining,
		.sources = wire->sources,
	};
	struct receive_queue queue = {0};
	settings.queue = &queue;
	cr_assert(bs_bell_open(&wire->bell));
	for (unsigned i = 0; i < settings.workers; i++) {
		cr_assert(bs_bell_open(&wire->worker_bell[i]));
		settings.worker_bell[i] = &wire->worker_bell[i];
	}
	for (unsigned i = 0; i < sizeof(settings.secret); i++)
		settings.secret[i] = (uint8_t)(i * 37 + 11);
	if (wire->lcores > 1) {
		wire->handover = handover_new(wire->lcores, WIRE_FRAME_BYTES, settings.secret);
		cr_assert_not_null(wire->handover);
		settings.handover = wire->handover;
	}
	for (uint8_t i = 0; i < wire->lcores; i++) {
		settings.number = i;
		settings.transmit_queue = queue.queue = i;
		settings.counters = i == 0 ? &wire->counters : &wire->more[i];
		settings.neighbour_lcore = given->neighbours && i == 0;
		wire->lcore[i] = dataplane_new(&settings, wire->now_ns);
		cr_assert_not_null(wire->lcore[i]);
		if (wire->handover != NULL)
			handover_join(wire->handover, i, &wire->bell);
	}
	wire->dataplane = wire->lcore[0];
}

struct wire *wire_new(const struct wire_settings *settings)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	cr_assert_not_null(wire);
	start_dpdk();
	wire->lcores = settings->lcores != 0 ? settings->lcores : 1;
	cr_assert(wire->lcores <= WIRE_LCORES);
	// Twenty seconds before a 32-bit clock of milliseconds wraps, so that every long test crosses it.
	wire->now_ns = ((UINT64_C(1) << 32) - 20000) * 1000000;
	make_ports(wire, settings);
	make_policy(wire, settings);
	make_dataplane(wire, settings);
	return wire;
}

uint32_t wire_seconds(const struct wire *wire)
{
	return bs_source_seconds(wire->now_ns / 1000000);
}

uint32_t wire_open_connections(struct wire *wire)
{
	struct bs_source_view view;
	uint32_t cursor = 0, open = 0;
	while (bs_sources_next(wire->sources, &cursor, 600, wire_seconds(wire), &view))
		open += view.open;
	return open;
}

static uint32_t counted_connections(const struct wire *wire, const struct dataplane *dataplane)
{
	const struct connections *connections = dataplane->connections;
	uint32_t counted = 0;
	for (uint32_t i = 0; i < connections->fresh; i++) {
		const struct connection *c = &connections->record[i];
		bool should = c->stage == STAGE_WAITING || c->stage == STAGE_GREETED ||
			      c->stage == STAGE_TALKING;
		counted += should;
		cr_assert(c->counted == should || wire->counters.sources_no_room > 0,
			"a connection in stage %d is%s counted", c->stage,
			c->counted ? "" : " not");
	}
	return counted;
}

// As many connections as are waiting or talking, unless there was no room for one.
static void check_sources(struct wire *wire)
{
	uint32_t counted = 0;
	for (unsigned i = 0; i < wire->lcores; i++)
		counted += counted_connections(wire, wire->lcore[i]);
	if (wire->counters.sources_no_room == 0)
		cr_assert_eq(wire_open_connections(wire), counted);
}

void wire_free(struct wire *wire)
{
	check_sources(wire);
	for (unsigned i = 0; i < wire->lcores; i++)
		dataplane_free(wire->lcore[i]);
	handover_free(wire->handover);
	bs_sources_free(wire->sources);
	wire_hold(wire, false);
	struct rte_mbuf *mbuf;
	for (unsigned i = 0; i < wire->lcores; i++) {
		while (rte_ring_dequeue(wire->receive[i], (void **)&mbuf) == 0)
			rte_pktmbuf_free(mbuf);
	}
	wire_no_leak(wire);
	rte_eth_dev_stop(wire->ports.port[0].id);
	rte_eth_dev_close(wire->ports.port[0].id);
	for (unsigned i = 0; i < wire->lcores; i++) {
		rte_ring_free(wire->receive[i]);
		rte_ring_free(wire->transmit[i]);
	}
	rte_mempool_free(wire->pool);
	bs_bell_close(&wire->bell);
	for (unsigned i = 0; i < 4; i++) {
		if (wire->worker_bell[i].fd > 0)
			bs_bell_close(&wire->worker_bell[i]);
	}
	for (unsigned i = 0; i < WIRE_SEEN; i++)
		free(wire->seen[i]);
	bs_class_table_free(wire->policy.classes);
	free(wire);
}

void wire_no_leak_at(struct wire *wire, const char *file, int line)
{
	if (rte_mempool_avail_count(wire->pool) != wire->mbufs)
		cr_assert_fail("%s:%d: %u packet buffers not given back", file, line,
			wire->mbufs - rte_mempool_avail_count(wire->pool));
}

void wire_queue(struct wire *wire, const void *bytes, uint32_t length, uint64_t port_says)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(wire->pool);
	cr_assert_not_null(mbuf, "the test queued more than the pool has");
	// In one segment or, when larger than a buffer, in two: what the dataplane must refuse.
	uint32_t first = length < 2048 ? length : 2048;
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)first), bytes, first);
	if (first < length) {
		struct rte_mbuf *second = rte_pktmbuf_alloc(wire->pool);
		cr_assert_not_null(second);
		cr_assert(length - first <= 2048);
		memcpy(rte_pktmbuf_append(second, (uint16_t)(length - first)),
			(const uint8_t *)bytes + first, length - first);
		rte_pktmbuf_chain(mbuf, second);
	}
	mbuf->ol_flags |= port_says;
	struct rte_ring *queue = wire->receive[wire->next_queue++ % wire->lcores];
	cr_assert(rte_ring_enqueue(queue, mbuf) == 0);
}

// What a NIC with checksum offload does at the last moment; and what it must be able to rely on.
static void fill_checksums(const struct rte_mbuf *mbuf, struct wire_frame *frame)
{
	uint8_t *ip = frame->byte + mbuf->l2_len, *upper = ip + mbuf->l3_len;
	if ((mbuf->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0) {
		cr_assert(load16(ip + 10) == 0, "checksum field not zero in front of the offload");
		store16(ip + 10, wire_naive_checksum(0, ip, mbuf->l3_len));
	}
	if ((mbuf->ol_flags & RTE_MBUF_F_TX_L4_MASK) == RTE_MBUF_F_TX_TCP_CKSUM) {
		// The field holds the pseudo header's sum, so a plain sum over the segment is the checksum.
		uint16_t length = (uint16_t)(frame->length - mbuf->l2_len - mbuf->l3_len);
		store16(upper + 16, wire_naive_checksum(0, upper, length));
	}
}

static void collect_queue(struct wire *wire, struct rte_ring *queue)
{
	struct rte_mbuf *mbuf;
	while (!wire->hold && rte_ring_dequeue(queue, (void **)&mbuf) == 0) {
		struct wire_frame **slot = &wire->seen[wire->seen_head % WIRE_SEEN];
		cr_assert(wire->seen_head - wire->seen_tail < WIRE_SEEN, "too many unread frames");
		if (*slot == NULL)
			*slot = malloc(sizeof(**slot));
		cr_assert_not_null(*slot);
		memset(*slot, 0, offsetof(struct wire_frame, byte));
		cr_assert(mbuf->nb_segs == 1 && mbuf->pkt_len <= WIRE_FRAME_BYTES);
		(*slot)->length = (uint16_t)mbuf->pkt_len;
		memcpy((*slot)->byte, rte_pktmbuf_mtod(mbuf, void *), mbuf->pkt_len);
		fill_checksums(mbuf, *slot);
		rte_pktmbuf_free(mbuf);
		const char *fault = wire_see(*slot);
		cr_assert(fault == NULL, "sent a frame with a fault: %s", fault);
		cr_assert_eq((*slot)->vlan, wire->ports.port[0].vlan, "VLAN tag of a sent frame");
		cr_assert(memcmp((*slot)->from, wire_mac, 6) == 0, "source MAC of a sent frame");
		wire->seen_head++;
	}
}

static void collect(struct wire *wire)
{
	for (unsigned i = 0; i < wire->lcores; i++)
		collect_queue(wire, wire->transmit[i]);
}

// A turn takes a burst; go on until the port and what one lcore handed to another are empty.
void wire_poll(struct wire *wire)
{
	bool more = true;
	while (more) {
		for (unsigned i = 0; i < wire->lcores; i++)
			dataplane_poll(wire->lcore[i], wire->now_ns);
		more = false;
		for (unsigned i = 0; i < wire->lcores; i++)
			more |= rte_ring_count(wire->receive[i]) > 0 ||
				handover_waits(wire->lcore[i]);
	}
	collect(wire);
}

void wire_advance(struct wire *wire, uint32_t ms)
{
	while (ms > 0) {
		uint32_t step = ms < STEP_MS ? ms : STEP_MS;
		wire->now_ns += (uint64_t)step * 1000000;
		ms -= step;
		wire_poll(wire);
	}
}

void wire_hold(struct wire *wire, bool hold)
{
	wire->hold = hold;
	collect(wire);
}

void wire_run_case(wire_case *body, bool ipv6, const struct wire_settings *settings)
{
	struct wire *wire = wire_new(settings);
	struct wire_peer peer = wire_peer(wire, ipv6);
	body(&peer);
	wire_free(wire);
}
