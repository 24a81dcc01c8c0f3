// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/session/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "control/memory/memory_store.h"
#include "control/policy/policy_store.h"
#include "control/socket/desk.h"
#include "control/socket/explain_desk.h"
#include "control/start/cores.h"
#include "control/start/lcore.h"
#include "control/start/roles.h"
#include "dataplane/frame/local.h"
#include "smtp/backend.h"
#include "smtp/lists/dnsl_health.h"

#define MBUFS  8191u
#define CACHED 256u
#define RING   4096u
#define SETTLE_NS \
	UINT64_C(12000000000) // until the addresses are known to be nobody else's, and announced
#define TURN_NS     UINT64_C(4000000) // virtual: as fast as a source may send SYNs without cookies
#define MAC_OF_OURS "\x02\0\0\0\0\x25"

struct filter {
	struct config *config;
	struct roles roles;
	struct port_pools pools;
	struct helper_pool *helpers;
	struct backend *backend;
	struct bs_bell bell; // of the desks, which nobody asks
	struct rte_ring *receive, *transmit;
	uint64_t now_ns;
};

static struct daemon daemon_of_all; // large, and one in a process

static void give_up(const char *why)
{
	fprintf(stderr, "session_cost: %s\n", why);
	exit(EXIT_FAILURE);
}

static void start_eal(void)
{
	static char *arguments[] = {"session_cost", "--no-huge", "-m", "512", "--no-shconf",
		"--no-pci", "--iova-mode=va", "--no-telemetry", "--log-level=error", "--lcores",
		"0@0", NULL};
	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])) - 1, arguments) < 0)
		give_up("DPDK does not start");
}

// Without checksum offload, as the worst port is.
static uint16_t make_port(struct filter *filter)
{
	struct rte_eth_conf conf = {0};
	filter->pools.pool[0] = rte_pktmbuf_pool_create(
		"session", MBUFS, CACHED, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	filter->pools.count = 1;
	filter->receive = rte_ring_create("to us", RING, SOCKET_ID_ANY, 0);
	filter->transmit = rte_ring_create("from us", RING, SOCKET_ID_ANY, 0);
	if (filter->pools.pool[0] == NULL || filter->receive == NULL || filter->transmit == NULL)
		give_up("no memory for a port");
	int id = rte_eth_from_rings("wire", &filter->receive, 1, &filter->transmit, 1, 0);
	if (id < 0 || rte_eth_dev_configure((uint16_t)id, 1, 1, &conf) != 0 ||
		rte_eth_rx_queue_setup((uint16_t)id, 0, 64, 0, NULL, filter->pools.pool[0]) != 0 ||
		rte_eth_tx_queue_setup((uint16_t)id, 0, 64, 0, NULL) != 0 ||
		rte_eth_dev_start((uint16_t)id) != 0)
		give_up("no port");
	return (uint16_t)id;
}

static void make_ports(struct filter *filter)
{
	const struct config_port *from = &filter->config->port[0];
	struct ports *ports = calloc(1, sizeof(*ports));
	if (ports == NULL || filter->config->port_count != 1)
		give_up("the configuration must have one port");
	daemon_of_all.ports = ports;
	ports->port_count = 1;
	ports->service = 25;
	struct port *port = &ports->port[0];
	port->id = make_port(filter);
	snprintf(port->name, sizeof(port->name), "%s", from->name);
	memcpy(port->mac, MAC_OF_OURS, sizeof(port->mac));
	port->mtu = from->mtu;
	port->queues = 1;
	port->link_up = true;
	for (size_t i = 0; i < from->address_count; i++)
		ports->local[ports->local_count++] = (struct local){
			.address = from->address[i].address, .on_link = from->address[i].on_link};
	port->gateway4 = (struct gateway){
		.address = from->gateway4, .configured = from->has_gateway4};
	port->gateway6 = (struct gateway){
		.address = from->gateway6, .configured = from->has_gateway6};
}

static void read_config(struct filter *filter, const char *file)
{
	struct daemon *daemon = &daemon_of_all;
	struct policy_base *base = NULL;
	filter->config = config_read(file, stderr);
	if (filter->config != NULL)
		base = policy_base_new(filter->config, stderr);
	if (base == NULL)
		give_up("the configuration is at fault");
	daemon->config = daemon->running = filter->config;
	bs_qsbr_init(&daemon->qsbr);
	struct policy_readers readers = {
		&daemon->qsbr, daemon->dataplane, &daemon->dataplane_count};
	daemon->policies = policy_store_new(&readers, daemon->config, base);
	if (daemon->policies == NULL)
		give_up("no policy");
}

static void make_rooms(struct filter *filter)
{
	struct daemon *daemon = &daemon_of_all;
	const struct config *config = filter->config;
	char error[256] = "no memory", trouble[MEMORY_LOAD_ERROR];
	daemon->memory = memory_store_new(config->state_folder, config->memory_entries, trouble);
	filter->backend = backend_new(config->backend, config->hostname, &config->relay, error);
	if (daemon->memory == NULL || filter->backend == NULL || !bs_bell_open(&filter->bell))
		give_up(error);
	daemon->desk = desk_new(&filter->bell);
	daemon->explain = explain_desk_new(&filter->bell);
	daemon->dnsl = dnsl_health_new();
	daemon->log = log_writer_new(config->log, config->log_name, error);
	if (daemon->desk == NULL || daemon->explain == NULL || daemon->dnsl == NULL ||
		daemon->log == NULL)
		give_up(error);
	if (!log_writer_style(
		    daemon->log, config->log_format == LOG_FORMAT_JSON, config->log_repeat))
		give_up("no memory for the log");
}

// Threads of the log and of the helpers are where the lcore is.
static void start_threads(struct filter *filter, char error[256])
{
	cpu_set_t before;
	core_visit(filter->config->dataplane_cores[0], &before);
	filter->helpers = helper_pool_new(filter->config->helper_threads);
	filter->roles.daemon = &daemon_of_all;
	if (filter->helpers == NULL || !roles_make(&filter->roles, &filter->pools, filter->backend,
					       filter->helpers, error))
		give_up(filter->helpers == NULL ? "no helpers" : error);
	if (filter->roles.cores != 1 || !log_writer_start(daemon_of_all.log))
		give_up("one core for dataplane and worker is wanted, and a log");
	core_return(&before);
}

static struct filter *make(const char *config, char error[256])
{
	struct filter *filter = calloc(1, sizeof(*filter));
	if (filter == NULL)
		give_up("no memory");
	lcore_block_signals();
	read_config(filter, config);
	make_rooms(filter);
	start_eal();
	make_ports(filter);
	start_threads(filter, error);
	return filter;
}

struct filter *filter_new(const char *config)
{
	char error[256];
	struct filter *filter = make(config, error);
	struct timespec now; // roles were made with this clock
	clock_gettime(CLOCK_MONOTONIC, &now);
	filter->now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
	bs_qsbr_online(filter->roles.core[0].settings.reader);
	for (uint64_t i = 0; i < SETTLE_NS / TURN_NS; i++)
		filter_turn(filter);
	for (unsigned i = 0; i < daemon_of_all.ports->local_count; i++)
		if (local_state(&daemon_of_all.ports->local[i]) != LOCAL_READY)
			give_up("an address is not ready");
	return filter;
}

struct filter *filter_start(const char *config)
{
	char error[256];
	struct filter *filter = make(config, error);
	if (!roles_start(&filter->roles, error))
		give_up(error);
	return filter;
}

void filter_stop(struct filter *filter)
{
	atomic_store(&daemon_of_all.stop, true);
	roles_stop(&filter->roles);
}

unsigned filter_turn(struct filter *filter)
{
	const struct lcore_settings *lcore = &filter->roles.core[0].settings;
	unsigned done = 0;
	bs_qsbr_quiescent(lcore->reader);
	for (unsigned i = 0; i < lcore->role_count; i++)
		done += lcore->role[i].poll(lcore->role[i].self, filter->now_ns);
	filter->now_ns += TURN_NS;
	return done;
}

void filter_free(struct filter *filter)
{
	struct daemon *daemon = &daemon_of_all;
	bs_qsbr_offline(filter->roles.core[0].settings.reader);
	roles_free_workers(&filter->roles);
	memory_store_free(daemon->memory);
	helper_pool_free(filter->helpers);
	desk_free(daemon->desk);
	explain_desk_free(daemon->explain);
	dnsl_health_free(daemon->dnsl);
	log_writer_free(daemon->log);
	roles_free(&filter->roles);
	free(daemon->ports);
	backend_free(filter->backend);
	policy_store_free(daemon->policies);
	config_free(filter->config);
	bs_bell_close(&filter->bell);
	free(filter);
}

struct rte_mempool *filter_pool(struct filter *filter)
{
	return filter->pools.pool[0];
}

struct rte_ring *filter_receive(struct filter *filter)
{
	return filter->receive;
}

struct rte_ring *filter_transmit(struct filter *filter)
{
	return filter->transmit;
}

const struct daemon *filter_daemon(const struct filter *filter)
{
	return &daemon_of_all;
}
