// SPDX-License-Identifier: BSD-3-Clause
//
// The tables of control/counters.h and dataplane/seam/reason.h as rows that a loop can walk: for the control socket, which
// adds counters up, and for barscreenctl, which explains them. Constant.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/counters.h"

struct counter_row {
	const char *name;
	const char *sentence;
	size_t offset; // of the uint64_t in its struct
	bool maximum;  // of several lcores' the greatest counts, not the sum
};

struct counter_table {
	const struct counter_row *row;
	size_t count;
};

extern const struct counter_table dataplane_counter_rows; // in struct bs_dataplane_counters
extern const struct counter_table reason_rows;            // the same
extern const struct counter_table dataplane_gauge_rows;   // the same
extern const struct counter_table worker_counter_rows;    // in struct bs_worker_counters
extern const struct counter_table port_counter_rows;      // in struct bs_port_counters
