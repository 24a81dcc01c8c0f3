// SPDX-License-Identifier: BSD-3-Clause
#include "control/start/cores.h"

#include <stdio.h>
#include <unistd.h>

#define NODES_MAX 64

static bool check_list(
	const cpu_set_t *allowed, const int *core, size_t count, const char *key, char error[256])
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	for (size_t i = 0; i < count; i++) {
		if (core[i] >= 0 && core[i] < CPU_SETSIZE && CPU_ISSET((size_t)core[i], allowed))
			continue;
		snprintf(error, 256,
			"machine/%s: core %d does not exist or is not allowed to us: this machine "
			"has %ld, `taskset -cp "
			"$$` shows which; choose among these",
			key, core[i], online);
		return false;
	}
	return true;
}

bool cores_check(const struct config *config, char error[256])
{
	cpu_set_t allowed;
	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return true; // more cores than the set holds: pinning will tell
	return check_list(&allowed, config->dataplane_cores, config->dataplane_core_count,
		       "dataplane-cores", error) &&
	       check_list(&allowed, config->worker_cores, config->worker_core_count, "worker-cores",
		       error);
}

int core_node(int core)
{
	char path[80];
	for (int node = 0; node < NODES_MAX; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/node%d", core, node);
		if (access(path, F_OK) == 0)
			return node;
	}
	return 0;
}

void core_visit(int core, cpu_set_t *before)
{
	cpu_set_t there;
	if (sched_getaffinity(0, sizeof(*before), before) != 0)
		CPU_ZERO(before);
	CPU_ZERO(&there);
	CPU_SET((size_t)core, &there);
	sched_setaffinity(0, sizeof(there), &there);
}

void core_return(const cpu_set_t *before)
{
	if (CPU_COUNT(before) > 0)
		sched_setaffinity(0, sizeof(*before), before);
}
