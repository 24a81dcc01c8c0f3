// SPDX-License-Identifier: BSD-3-Clause
//
// What DPDK's environment layer (EAL) is told, made from the configuration: users write no EAL options. Pure functions.
//
// Virtual devices are not among the arguments: they are probed one by one after EAL is up (control/start/eal.h), so that a
// failure belongs to a port.
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "control/configuration/config.h"
#include "control/start/memory_plan.h"

#define EAL_ARGUMENTS_MAX (24 + 2 * PORTS_MAX)
#define EAL_TEXT          4096
#define EAL_DEVICE        256

// What the machine has; read by eal_surroundings_read() or made by a test.
struct eal_surroundings {
	uint64_t hugepages_free; // bytes, all sizes together
	uint64_t hugepage_size;  // bytes of the kernel's default size, 0: the kernel has none
	cpu_set_t cpus;          // that we may use
	pid_t pid;
};

struct eal_arguments {
	char *argument[EAL_ARGUMENTS_MAX + 1]; // NULL after the last; points into `text`
	int count;
	bool hugepages;
	char prefix[32];   // --file-prefix
	char warning[256]; // empty, or one line for the operator with the cure
	char text[EAL_TEXT];
	uint32_t used;
};

// False with a line in `error` when hugepages are required and too few are free.
bool eal_arguments_make(const struct config *config, const struct memory_plan *plan,
	const struct eal_surroundings *around, struct eal_arguments *arguments, char error[256]);

// DPDK's name of the device of port number `index`: "0000:03:00.0", "net_tap0".
void eal_device_name(const struct config_port *port, unsigned index, char name[EAL_DEVICE]);

// The same with its parameters, for probing: "net_tap0,iface=bs0,mac=02:...". `queues`: of the device.
void eal_device_text(
	const struct config_port *port, unsigned index, uint16_t queues, char text[EAL_DEVICE]);
