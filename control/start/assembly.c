// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/assembly.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "control/start/cores.h"
#include "control/socket/desk.h"
#include "control/socket/explain_desk.h"
#include "control/start/device.h"
#include "control/start/eal.h"
#include "control/start/memory_plan.h"
#include "control/memory/memory_store.h"
#include "control/start/ports.h"
#include "control/start/roles.h"
#include "control/log/start_log.h"
#include "smtp/backend.h"
#include "smtp/lists/dnsl_health.h"
#include "smtp/worker/helper.h"

struct assembly {
	struct daemon *daemon;
	struct memory_plan plan;
	struct eal_arguments eal;
	bool eal_started;
	struct port_pools pools;
	struct backend *backend;
	struct helper_pool *helpers;
	struct roles roles;
	struct bs_log *log;
	struct control_socket *socket;
	int claim[PORTS_MAX]; // descriptors
	unsigned claims;
};

static bool fail(char error[256], const char *text)
{
	snprintf(error, 256, "%s", text);
	return false;
}

static bool check_devices(struct assembly *assembly, char error[256])
{
	const struct config *config = assembly->daemon->config;
	for (size_t i = 0; i < config->port_count && i < PORTS_MAX; i++) {
		const struct config_port *port = &config->port[i];
		if (!device_check(port, error))
			return false;
		if (port->device != DEVICE_AF_PACKET && port->device != DEVICE_AF_XDP)
			continue;
		int claim = device_claim(port, error);
		if (claim < 0)
			return false;
		assembly->claim[assembly->claims++] = claim;
	}
	return true;
}

static bool start_eal(struct assembly *assembly, char error[256])
{
	const struct config *config = assembly->daemon->config;
	struct eal_surroundings around;
	eal_surroundings_read(&around);
	if (!eal_arguments_make(config, &assembly->plan, &around, &assembly->eal, error) ||
		!eal_start(&assembly->eal, error))
		return false;
	assembly->eal_started = true;
	if (assembly->eal.warning[0] != '\0')
		limitation_add(assembly->daemon, "%s", assembly->eal.warning);
	return true;
}

static bool start_log(struct assembly *assembly, char error[256])
{
	struct daemon *daemon = assembly->daemon;
	daemon->log = log_writer_new(daemon->config->log, daemon->config->log_name, error);
	if (daemon->log == NULL)
		return false;
	if (!log_writer_style(daemon->log, daemon->config->log_format == LOG_FORMAT_JSON,
		    daemon->config->log_repeat))
		return fail(error, "no memory for the log");
	assembly->log = log_writer_ring(daemon->log, BS_LOG_SMALL);
	return assembly->log != NULL || fail(error, "no memory for the log");
}

static bool permitted(const struct config *config, char error[256])
{
	for (size_t i = 0; i < config->port_count; i++)
		if (!device_permitted(&config->port[i], error))
			return false;
	return true;
}

// A session may have a connection to the backend; the usual limit of 1024 descriptors is a shell's.
static void raise_descriptors(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

// Before EAL: what an earlier run remembered is read by a process of its own.
static bool make_memory(struct daemon *daemon, char error[256])
{
	char trouble[MEMORY_LOAD_ERROR] = "";
	daemon->memory = memory_store_new(
		daemon->config->state_folder, daemon->config->memory_entries, trouble);
	if (daemon->memory == NULL)
		return fail(error,
			"no memory for what is to be remembered: lower limits/memory-entries");
	if (trouble[0] != '\0')
		limitation_add(daemon, "%s", trouble);
	return true;
}

static bool make_all(struct assembly *assembly, char error[256])
{
	struct daemon *daemon = assembly->daemon;
	if (!permitted(daemon->config, error) || !cores_check(daemon->config, error) ||
		!memory_plan_make(daemon->config, &assembly->plan, error))
		return false;
	// First of what others may hold: "already running" says more than "the interface exists already".
	assembly->socket = control_socket_new(daemon, daemon->config->control_socket, error);
	if (assembly->socket == NULL || !check_devices(assembly, error) ||
		!make_memory(daemon, error))
		return false;
	raise_descriptors();
	assembly->backend = backend_new(
		daemon->config->backend, daemon->config->hostname, &daemon->config->relay, error);
	if (assembly->backend == NULL)
		return false;
	daemon->desk = desk_new(control_socket_bell(assembly->socket));
	daemon->explain = explain_desk_new(control_socket_bell(assembly->socket));
	daemon->dnsl = dnsl_health_new();
	if (daemon->desk == NULL || daemon->dnsl == NULL || daemon->explain == NULL)
		return fail(error, "no memory");
	// EAL before the log: it would take syslog's name for its own.
	if (!start_eal(assembly, error) || !start_log(assembly, error))
		return false;
	if (!port_pools_make(daemon->config, &assembly->plan, &assembly->pools, error) ||
		!ports_open(daemon, &assembly->pools, error))
		return false;
	assembly->helpers = helper_pool_new(daemon->config->helper_threads);
	if (assembly->helpers == NULL)
		return fail(
			error, "the helper threads can't be made: lower machine/helper-threads");
	if (!roles_make(&assembly->roles, &assembly->pools, assembly->backend, assembly->helpers,
		    error))
		return false;
	if (!log_writer_start(daemon->log))
		return fail(error, "the log's thread can't be made: the limit of threads or of "
				   "memory is reached");
	start_log_write(assembly->log, daemon, &assembly->plan);
	return roles_start(&assembly->roles, error);
}

static void undo_all(struct assembly *assembly)
{
	struct daemon *daemon = assembly->daemon;
	atomic_store(&daemon->stop, true);
	roles_stop(&assembly->roles);
	roles_free_workers(&assembly->roles);
	memory_store_free(daemon->memory);
	if (assembly->helpers != NULL)
		helper_pool_free(assembly->helpers);
	if (assembly->socket != NULL)
		control_socket_free(assembly->socket); // shows what is freed below
	desk_free(daemon->desk);
	explain_desk_free(daemon->explain);
	dnsl_health_free(daemon->dnsl);
	log_writer_free(daemon->log);
	roles_free(&assembly->roles);
	ports_close(daemon->ports);
	port_pools_free(&assembly->pools);
	if (assembly->eal_started)
		eal_stop();
	for (unsigned i = 0; i < assembly->claims; i++)
		close(assembly->claim[i]);
	if (assembly->backend != NULL)
		backend_free(assembly->backend);
	for (uint32_t i = 0; i < daemon->limitation_count; i++)
		free(daemon->limitation[i]);
	free(daemon->ports);
	free(assembly);
}

struct assembly *assembly_start(struct daemon *daemon, char error[256])
{
	struct assembly *assembly = calloc(1, sizeof(*assembly));
	daemon->ports = calloc(1, sizeof(*daemon->ports));
	daemon->started = (uint64_t)time(NULL);
	if (assembly == NULL || daemon->ports == NULL) {
		free(assembly);
		free(daemon->ports);
		fail(error, "no memory");
		return NULL;
	}
	assembly->daemon = assembly->roles.daemon = daemon;
	if (make_all(assembly, error))
		return assembly;
	undo_all(assembly);
	return NULL;
}

void assembly_stop(struct assembly *assembly, const char *last_words)
{
	bs_log(assembly->log, BS_LOG_INFO, "%s", last_words);
	undo_all(assembly);
}

void assembly_wake(struct assembly *assembly)
{
	roles_wake(&assembly->roles);
}

// A client that has all we said and does not close is nothing to wait for.
bool assembly_is_idle(const struct assembly *assembly)
{
	const struct daemon *daemon = assembly->daemon;
	for (uint32_t i = 0; i < daemon->worker_count; i++)
		if (*(volatile uint64_t *)&daemon->worker[i]->sessions_now != 0)
			return false;
	for (uint32_t i = 0; i < daemon->dataplane_count; i++) {
		const volatile struct bs_dataplane_counters *counters = daemon->dataplane[i];
		if (counters->blocks != 0 || counters->records > counters->half_open +
									 counters->fin_wait_2 +
									 counters->time_wait)
			return false;
	}
	return true;
}

struct control_socket *assembly_socket(struct assembly *assembly)
{
	return assembly->socket;
}

struct bs_log *assembly_log(struct assembly *assembly)
{
	return assembly->log;
}
