// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <rte_lcore.h>

#include "control/start/cores.h"
#include "control/socket/desk.h"
#include "control/socket/explain_desk.h"
#include "control/memory/memory_store.h"
#include "dataplane/handover.h"

// Of a dataplane lcore: half a megabyte, and up to four for who may have many sessions. Each that is accepted is a notice, 200,000 a second
// without a kernel below, and the log writer naps for a fiftieth of one.
#define NOTICES_LEAST 4096u
#define NOTICES_MOST  32768u

static uint64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static bool fail(char error[256], const char *text)
{
	snprintf(error, 256, "%s", text);
	return false;
}

static bool join_dpdk(void)
{
	return rte_thread_register() == 0;
}

static struct core *find_core(struct roles *roles, int number)
{
	for (unsigned i = 0; i < roles->cores; i++)
		if (roles->core[i].number == number)
			return &roles->core[i];
	return NULL;
}

static bool make_core(struct roles *roles, int number, char error[256])
{
	if (find_core(roles, number) != NULL)
		return true;
	struct core *core = &roles->core[roles->cores];
	core->number = number;
	if (!bs_bell_open(&core->bell))
		return fail(error, "no file descriptor free: raise the limit (`ulimit -n`)");
	roles->cores++;
	core->settings = (struct lcore_settings){.core = number,
		.spin = roles->daemon->config->idle == IDLE_SPIN,
		.bell = &core->bell,
		.reader = bs_qsbr_join(&roles->daemon->qsbr),
		.stop = &roles->daemon->stop,
		.enter = join_dpdk,
		.leave = rte_thread_unregister};
	return true;
}

static bool make_cores(struct roles *roles, char error[256])
{
	const struct config *config = roles->daemon->config;
	for (size_t i = 0; i < config->dataplane_core_count; i++)
		if (!make_core(roles, config->dataplane_cores[i], error))
			return false;
	for (size_t i = 0; i < config->worker_core_count; i++)
		if (!make_core(roles, config->worker_cores[i], error))
			return false;
	return true;
}

static bool add_role(struct core *core, struct role role, char error[256])
{
	if (core->settings.role_count == LCORE_ROLES_MAX) {
		snprintf(error, 256,
			"core %d stands too often in machine { }: %u times in both lists together "
			"at most",
			core->number, LCORE_ROLES_MAX);
		return false;
	}
	core->settings.role[core->settings.role_count++] = role;
	return true;
}

static uint32_t share(uint32_t total, size_t lcores)
{
	return (uint32_t)((total + lcores - 1) / lcores);
}

// Counters of one lcore on cache lines of their own. NULL without memory.
static void *new_counters(size_t size)
{
	size = (size + 63) & ~(size_t)63;
	void *counters = aligned_alloc(64, size);
	if (counters != NULL)
		memset(counters, 0, size);
	return counters;
}

// The queues that dataplane `number` polls; returns how many.
static uint8_t choose_queues(
	struct roles *roles, uint8_t number, struct core *core, struct receive_queue *queue)
{
	struct daemon *daemon = roles->daemon;
	uint8_t count = 0;
	for (uint8_t i = 0; i < daemon->ports->port_count; i++) {
		if (number >= daemon->ports->port[i].queues)
			continue;
		queue[count++] = (struct receive_queue){.port = i, .queue = number};
		core->settings.takes_packet_signals |= daemon->config->port[i].device == DEVICE_TAP;
	}
	if (count == 0)
		limitation_add(daemon, "core %d has no receive queue: no packets come to it",
			core->number);
	return count;
}

// Four for each session that may talk.
static uint32_t notices(const struct config *config)
{
	uint32_t count = NOTICES_LEAST;
	while (count < NOTICES_MOST && count / 4 < config->talking)
		count *= 2;
	return count;
}

static struct dataplane *new_dataplane(struct roles *roles, uint8_t number, struct core *core,
	struct rte_mempool *pool, const uint8_t secret[64])
{
	struct daemon *daemon = roles->daemon;
	const struct config *config = daemon->config;
	size_t lcores = config->dataplane_core_count;
	struct receive_queue queue[PORTS_MAX];
	struct dataplane_settings settings = {.number = number,
		.ports = daemon->ports,
		.pool = pool,
		.queue = queue,
		.queue_count = choose_queues(roles, number, core, queue),
		.transmit_queue = number,
		.connections = share(config->connections, lcores),
		.half_open = share(config->half_open, lcores),
		.talking = share(config->talking, lcores),
		.data_rings = share(config->data_rings, lcores),
		.data_ring_size = config->data_ring_size,
		.data_ring_most = config->data_ring_most,
		.workers = (uint32_t)config->worker_core_count,
		.lcores = (uint32_t)lcores,
		.bell = &core->bell,
		.counters = daemon->dataplane[number],
		.notices = notices(config),
		.door = desk_door(daemon->desk, &core->bell),
		.draining = &daemon->draining,
		.neighbour_lcore = number == 0,
		.handover = roles->handover,
		.sources = daemon->sources};
	for (size_t i = 0; i < config->worker_core_count; i++)
		settings.worker_bell[i] = &find_core(roles, config->worker_cores[i])->bell;
	memcpy(settings.secret, secret, sizeof(settings.secret));
	return dataplane_new(&settings, clock_ns());
}

static bool make_dataplane(struct roles *roles, uint8_t number, struct rte_mempool *pool,
	const uint8_t secret[64], char error[256])
{
	struct daemon *daemon = roles->daemon;
	struct core *core = find_core(roles, daemon->config->dataplane_cores[number]);
	daemon->dataplane[number] = new_counters(sizeof(struct bs_dataplane_counters));
	if (daemon->dataplane[number] == NULL)
		return fail(error, "no memory for counters");
	daemon->dataplane_count = number + 1u;
	struct dataplane *dataplane = new_dataplane(roles, number, core, pool, secret);
	if (dataplane == NULL)
		return fail(error, "no memory for connections: lower limits/connections and "
				   "limits/talking, raise "
				   "machine/memory, or reserve more hugepages");
	roles->dataplane[number] = dataplane;
	roles->streams[number] = dataplane->streams;
	if (!log_writer_notices(
		    daemon->log, dataplane->notices, &daemon->dataplane[number]->notices_lost))
		return fail(error, "no memory for the log");
	struct role role = {
		"dataplane", dataplane, dataplane_poll, dataplane_ready, dataplane_patience};
	return add_role(core, role, error);
}

// A kilobyte for each session that may talk: some of its lines.
static uint32_t log_bytes(const struct config *config)
{
	uint32_t size = BS_LOG_SMALL;
	while (size < BS_LOG_LARGE && size / 1024 < config->talking)
		size *= 2;
	return size;
}

static bool make_worker(struct roles *roles, uint32_t number, struct backend *backend,
	struct helper_pool *helpers, char error[256])
{
	struct daemon *daemon = roles->daemon;
	struct core *core = find_core(roles, daemon->config->worker_cores[number]);
	struct worker_settings settings = {.number = number,
		.streams = roles->streams,
		.dataplanes = daemon->dataplane_count,
		.backend = backend,
		.helpers = helpers,
		.bell = &core->bell,
		.log = log_writer_ring(daemon->log, log_bytes(daemon->config)),
		.counters = new_counters(sizeof(struct bs_worker_counters)),
		.door = desk_door(daemon->desk, &core->bell),
		.draining = &daemon->draining,
		.sources = daemon->sources,
		.memory = memory_store_memory(daemon->memory),
		.dnsl = daemon->dnsl,
		.dns = &daemon->config->dns,
		.hostname = daemon->config->hostname,
		.error = error,
		.explain = number == 0 ? explain_desk_door(daemon->explain, &core->bell) : NULL};
	daemon->worker[number] = settings.counters;
	if (settings.counters == NULL || settings.log == NULL)
		return fail(error, "no memory for a worker");
	daemon->worker_count = number + 1u;
	error[0] = '\0';
	roles->worker[number] = worker_new(&settings);
	if (roles->worker[number] == NULL)
		return error[0] == '\0' &&
		       fail(error, "no memory for a worker: lower limits/talking");
	struct role role = {"worker", roles->worker[number], worker_poll, worker_ready,
		worker_patience, worker_descriptor};
	return add_role(core, role, error);
}

// Of the secret's 64 bytes the dataplanes take 48.
static bool make_sources(struct daemon *daemon, const uint8_t secret[64], char error[256])
{
	struct siphash_key key;
	memcpy(&key, secret + 48, sizeof(key));
	daemon->sources = bs_sources_new(daemon->config->sources, &key);
	if (daemon->sources == NULL)
		return fail(error, "no memory for the sources: lower limits/sources");
	memory_store_teach(
		daemon->memory, daemon->sources, bs_source_seconds(clock_ns() / 1000000));
	return true;
}

// Its key is of the secret's part that chooses workers: of neither hash anything gets out, and they are of different lengths.
static bool make_handover(struct roles *roles, const uint8_t secret[64], char error[256])
{
	const struct daemon *daemon = roles->daemon;
	bool wanted = false;
	uint32_t room = 0;
	for (uint8_t i = 0; i < daemon->ports->port_count; i++) {
		wanted |= daemon->ports->port[i].handover;
		if (daemon->ports->port[i].mtu > room)
			room = daemon->ports->port[i].mtu;
	}
	if (!wanted)
		return true;
	uint32_t lcores = (uint32_t)daemon->config->dataplane_core_count;
	roles->handover = handover_new(lcores, room + HANDOVER_AROUND, secret + 32);
	if (roles->handover == NULL)
		return fail(error,
			"no memory to hand packets over between cores: set queues = 1 on the ports "
			"that ask for it");
	for (uint32_t i = 0; i < lcores; i++)
		handover_join(roles->handover, i,
			&find_core(roles, daemon->config->dataplane_cores[i])->bell);
	return true;
}

// Each part is made by a thread that stands on its core: its memory is that core's.
bool roles_make(struct roles *roles, const struct port_pools *pools, struct backend *backend,
	struct helper_pool *helpers, char error[256])
{
	const struct config *config = roles->daemon->config;
	uint8_t secret[64];
	cpu_set_t before;
	if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		return fail(error, "the kernel gives no random bytes");
	bool good = make_sources(roles->daemon, secret, error) && make_cores(roles, error) &&
		    make_handover(roles, secret, error);
	for (size_t i = 0; i < config->dataplane_core_count && good; i++) {
		core_visit(config->dataplane_cores[i], &before);
		good = make_dataplane(roles, (uint8_t)i, pools->pool[i], secret, error);
		core_return(&before);
	}
	for (size_t i = 0; i < config->worker_core_count && good; i++) {
		core_visit(config->worker_cores[i], &before);
		good = make_worker(roles, (uint32_t)i, backend, helpers, error);
		core_return(&before);
	}
	explicit_bzero(secret, sizeof(secret));
	return good;
}

bool roles_start(struct roles *roles, char error[256])
{
	for (unsigned i = 0; i < roles->cores; i++) {
		struct core *core = &roles->core[i];
		core->lcore = lcore_start(&core->settings, error);
		if (core->lcore == NULL)
			return false;
	}
	return true;
}

void roles_wake(struct roles *roles)
{
	for (unsigned i = 0; i < roles->cores; i++)
		bs_bell_ring(&roles->core[i].bell);
}

void roles_stop(struct roles *roles)
{
	for (unsigned i = 0; i < roles->cores; i++) {
		lcore_join(roles->core[i].lcore);
		roles->core[i].lcore = NULL;
	}
}

void roles_free_workers(struct roles *roles)
{
	for (unsigned i = 0; i < CONFIG_CORES_MOST; i++)
		if (roles->worker[i] != NULL)
			worker_free(roles->worker[i]);
}

void roles_free(struct roles *roles)
{
	for (unsigned i = 0; i < CONFIG_CORES_MOST; i++) {
		dataplane_free(roles->dataplane[i]);
		free(roles->daemon->dataplane[i]);
		free(roles->daemon->worker[i]);
	}
	bs_sources_free(roles->daemon->sources);
	handover_free(roles->handover);
	for (unsigned i = 0; i < roles->cores; i++)
		bs_bell_close(&roles->core[i].bell);
}
