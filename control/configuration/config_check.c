// SPDX-License-Identifier: BSD-3-Clause
//
// What no value alone can show: the machine the program runs on, and one key against another.
#include <netdb.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/configuration/config_check_lists.h"
#include "control/configuration/config_dnsl.h"
#include "control/configuration/config_policy.h"
#include "control/configuration/config_ports.h"
#include "control/configuration/config_reading.h"
#include "control/configuration/config_text.h"
#include "control/configuration/config_values.h"

static const struct config_setting *setting_of(
	const struct config_reading *reading, const char *section, const char *name)
{
	return config_setting_of(reading, 0, config_key_find(section, name));
}

// The host's own name: if it has no domain, what the resolver adds (usually from /etc/hosts).
static void find_hostname(struct config *config)
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM},
			*found = NULL;
	char name[sizeof(config->hostname)] = "";

	if (gethostname(name, sizeof(name) - 1) != 0)
		return;
	if (strchr(name, '.') == NULL && getaddrinfo(name, NULL, &hints, &found) == 0 &&
		found->ai_canonname != NULL)
		snprintf(name, sizeof(name), "%s", found->ai_canonname);
	if (found != NULL)
		freeaddrinfo(found);
	snprintf(config->hostname, sizeof(config->hostname), "%s", name);
}

static void check_hostname(struct config_reading *reading)
{
	const struct config_key *key = config_key_find("", "hostname");
	char why[CONFIG_WHY];

	if (config_setting_of(reading, 0, key)->place.file != NULL)
		return;
	find_hostname(reading->config);
	if (!config_text_domain(reading->config->hostname, 2, why))
		config_fault(reading, 0, key, 0,
			"is not set, and this host's name '%.60s' is not a fully qualified one; "
			"add "
			"hostname = "
			"\"mx1.example.org\"",
			reading->config->hostname);
}

static void check_domains(struct config_reading *reading)
{
	const struct config_key *key = config_key_find("", "domains");

	if (reading->config->domain_count == 0 &&
		config_setting_of(reading, 0, key)->place.file != NULL &&
		faults_count(reading->faults) == 0)
		config_fault(reading, 0, key, 0, "is empty; name at least one domain");
}

static bool set_cores(int **cores, size_t *count, int core)
{
	*cores = calloc(1, sizeof(**cores));
	if (*cores == NULL)
		return false;
	**cores = core;
	*count = 1;
	return true;
}

// Without a choice in the file: the first core stays the system's when there are three, the roles are apart when
// there are two.
static void choose_cores(struct config_reading *reading, const cpu_set_t *allowed)
{
	struct config *config = reading->config;
	int core[3], found = 0;
	bool chosen = true;

	for (int i = 0; i < CPU_SETSIZE && found < 3; i++) {
		if (CPU_ISSET(i, allowed))
			core[found++] = i;
	}
	if (found == 0)
		core[found++] = 0;
	int dataplane = found >= 2 ? core[1] : core[0];
	int worker = found == 3 ? core[2] : core[0];

	if (config->dataplane_core_count == 0)
		chosen &= set_cores(
			&config->dataplane_cores, &config->dataplane_core_count, dataplane);
	if (config->worker_core_count == 0)
		chosen &= set_cores(&config->worker_cores, &config->worker_core_count, worker);
	if (!chosen)
		faults_add(reading->faults, config->file, 0, "no memory; free some");
}

static void check_cores(struct config_reading *reading)
{
	static const char *const names[] = {"dataplane-cores", "worker-cores"};
	struct config *config = reading->config;
	cpu_set_t allowed;

	CPU_ZERO(&allowed);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		CPU_SET(0, &allowed);
	for (int list = 0; list < 2; list++) {
		const int *core = list == 0 ? config->dataplane_cores : config->worker_cores;
		size_t count = list == 0 ? config->dataplane_core_count : config->worker_core_count;
		const struct config_key *key = config_key_find("machine", names[list]);

		for (size_t i = 0; i < count; i++) {
			if (!CPU_ISSET(core[i], &allowed))
				config_fault(reading, 0, key, i,
					"this machine has no core %d, or we may not use it (there "
					"are %d); "
					"write another (lscpu -e prints them)",
					core[i], CPU_COUNT(&allowed));
		}
		if (count > CONFIG_CORES_MOST)
			config_fault(reading, 0, key, 0, "more than %d cores; remove some",
				CONFIG_CORES_MOST);
	}
	choose_cores(reading, &allowed);
}

// key <= limits.connections
static void check_share(struct config_reading *reading, const char *name, uint32_t value)
{
	const struct config_setting *setting = setting_of(reading, "limits", name);
	const char *at = setting->place.file == NULL ? "connections" : name;

	if (setting->faulty || setting_of(reading, "limits", "connections")->faulty)
		return;
	if (value > reading->config->connections)
		config_fault(reading, 0, config_key_find("limits", at), 0,
			"%s = %u is more than connections = %u; make it smaller, or connections "
			"larger",
			name, value, reading->config->connections);
}

static void check_limits(struct config_reading *reading)
{
	const struct config *config = reading->config;
	uint32_t size = config->data_ring_size;

	check_share(reading, "half-open", config->half_open);
	check_share(reading, "talking", config->talking);
	if ((size & (size - 1)) != 0)
		config_fault(reading, 0, config_key_find("limits", "data-ring-size"), 0,
			"%u bytes are no power of two; write 4kb, 8kb, 16kb, 32kb, 64kb, 128kb or "
			"256kb",
			size);
	size = config->data_ring_most;
	if ((size & (size - 1)) != 0 || size < config->data_ring_size)
		config_fault(reading, 0, config_key_find("limits", "data-ring-most"), 0,
			"%u bytes are no power of two, or fewer than data-ring-size = %u; write "
			"256kb, 512kb or 1mb",
			size, config->data_ring_size);
}

static void check_totals(struct config_reading *reading)
{
	const struct bs_checks *checks = &reading->config->smtp.checks;
	const struct bs_greylist_rules *greylist = &checks->greylist;
	const struct config_setting *delay = setting_of(reading, "greylist", "delay");
	const struct config_setting *window = setting_of(reading, "greylist", "retry-window");

	if (checks->refuse != 0 && checks->defer >= checks->refuse)
		config_fault(reading, 0, config_key_find("checks", "defer-score"), 0,
			"is not below refuse-score, so clients are refused and never deferred; "
			"make "
			"it smaller, or refuse-score larger");
	if (reading->config->rate_exception_count > BS_RATE_EXCEPTIONS)
		config_fault(reading, 0, config_key_find("rates", "exceptions"), BS_RATE_EXCEPTIONS,
			"more than %u networks; put them into an allow list", BS_RATE_EXCEPTIONS);
	if (!delay->faulty && !window->faulty && greylist->retry_ms <= greylist->delay_ms)
		config_fault(reading, 0, config_key_find("greylist", "retry-window"), 0,
			"is not longer than delay, so no retry ever passes; make it longer");
}

void config_check(struct config_reading *reading)
{
	check_hostname(reading);
	check_domains(reading);
	check_cores(reading);
	check_limits(reading);
	check_totals(reading);
	config_check_lists(reading);
	config_check_dnsl(reading);
	config_check_policies(reading);
	config_check_ports(reading);
}
