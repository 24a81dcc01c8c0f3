// SPDX-License-Identifier: BSD-3-Clause
//
// DPDK's environment layer: started, its devices probed, its messages kept from the terminal, cleaned up.
//
// Control thread only; once in a process's life.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/start/eal_arguments.h"

// Reads free hugepages, allowed cores and our process number.
void eal_surroundings_read(struct eal_surroundings *around);

// Starts EAL. False with a line in `error`, with DPDK's own last words.
bool eal_start(struct eal_arguments *arguments, char error[256]);

// Makes the device of a port known to DPDK. A PCI device was probed at the start. False with a line in `error` that
// names the port.
bool eal_probe(const struct config_port *port, unsigned index, uint16_t queues, char error[256]);

// DPDK's last error message since the last call, cut to one line; empty when there was none. Any driver thread may write
// one at any time: control asks once a second.
void eal_last_words(char text[200]);

// Releases all of it.
void eal_stop(void);
