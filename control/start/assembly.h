// SPDX-License-Identifier: BSD-3-Clause
//
// The program put together: from a checked configuration to running lcores, and back. All is made in one order and
// undone in the opposite one; a failure in the middle undoes what was made.
//
// Control thread only.
#pragma once

#include <stdbool.h>

#include "control/configuration/config.h"
#include "control/start/daemon.h"
#include "control/socket/socket.h"

struct assembly;

// Makes everything and starts the lcores. `daemon` is zero but for `config`; the assembly fills it and owns what it
// points to. The policy was published before. On failure NULL with one line in `error`.
struct assembly *assembly_start(struct daemon *daemon, char error[256]);

// Stops the lcores after the turn under way, and frees all. `last_words`: the log's last line.
void assembly_stop(struct assembly *assembly, const char *last_words);

// Ends the naps of all lcores: something they all must see was written.
void assembly_wake(struct assembly *assembly);

// True when no client is served any more: only handshakes and what waits for late packets is left.
bool assembly_is_idle(const struct assembly *assembly);

struct control_socket *assembly_socket(struct assembly *assembly);
struct bs_log *assembly_log(struct assembly *assembly); // the control thread's
