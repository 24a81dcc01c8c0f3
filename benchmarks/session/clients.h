// SPDX-License-Identifier: BSD-3-Clause
//
// Clients as packets: each plays SYN, EHLO, MAIL, RCPT of an unknown recipient, QUIT, FIN, one segment a command, and
// checks each reply's code. PARALLEL of them at a time, from 64 addresses.
#pragma once

#include <stdint.h>

#include "benchmarks/session/filter.h"

#define PARALLEL 32u

struct clients;

struct clients *clients_new(struct filter *filter);
void clients_free(struct clients *clients);

// Plays so many sessions to their ends. Ends the program with a word on standard error when a reply is not what it should be.
void clients_play(struct clients *clients, uint32_t sessions);

// Segments since the beginning: to the filter and from it.
uint64_t clients_sent(const struct clients *clients);
uint64_t clients_received(const struct clients *clients);
