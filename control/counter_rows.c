// SPDX-License-Identifier: BSD-3-Clause
#include "control/counter_rows.h"

#define TABLE(rows) \
	{ \
		(rows), sizeof(rows) / sizeof((rows)[0]) \
	}

#define X(identifier, name, sentence) \
	{name, sentence, offsetof(struct bs_dataplane_counters, identifier), false},
#define X_MAXIMUM(identifier, name, sentence) \
	{name, sentence, offsetof(struct bs_dataplane_counters, identifier), true},
static const struct counter_row dataplane_counters[] = {BS_DATAPLANE_COUNTERS(X)};
static const struct counter_row dataplane_gauges[] = {
	BS_DATAPLANE_GAUGES(X) BS_DATAPLANE_MAXIMA(X_MAXIMUM)};
#undef X_MAXIMUM
#undef X

#define X(identifier, name, sentence) \
	{name, sentence, offsetof(struct bs_dataplane_counters, reason[BS_REASON_##identifier]), \
		false},
static const struct counter_row reasons[] = {BS_REASONS(X)};
#undef X

#define X(identifier, name, sentence) \
	{name, sentence, offsetof(struct bs_worker_counters, identifier), false},
static const struct counter_row worker_counters[] = {BS_WORKER_COUNTERS(X)};
#undef X

#define X(identifier, name, sentence) \
	{name, sentence, offsetof(struct bs_port_counters, identifier), false},
static const struct counter_row port_counters[] = {BS_PORT_COUNTERS(X)};
#undef X

const struct counter_table dataplane_counter_rows = TABLE(dataplane_counters);
const struct counter_table reason_rows = TABLE(reasons);
const struct counter_table dataplane_gauge_rows = TABLE(dataplane_gauges);
const struct counter_table worker_counter_rows = TABLE(worker_counters);
const struct counter_table port_counter_rows = TABLE(port_counters);
