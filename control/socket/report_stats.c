// SPDX-License-Identifier: BSD-3-Clause
#include <time.h>

#include "control/counter_rows.h"
#include "smtp/checks/check.h"
#include "control/socket/report.h"

// The lcore that owns a counter may be writing it.
static uint64_t counter(const void *block, size_t offset)
{
	return __atomic_load_n((const uint64_t *)((const char *)block + offset), __ATOMIC_RELAXED);
}

// A row over `count` blocks of counters.
static uint64_t together(const struct counter_row *row, const void *const *block, size_t count)
{
	uint64_t sum = 0;
	for (size_t b = 0; b < count; b++) {
		uint64_t value = counter(block[b], row->offset);
		if (!row->maximum)
			sum += value;
		else if (value > sum)
			sum = value;
	}
	return sum;
}

// The rows of `table`, each over `count` blocks of counters.
static json_t *sums(const struct counter_table *table, const void *const *block, size_t count)
{
	json_t *object = json_object();
	for (size_t i = 0; object != NULL && i < table->count; i++) {
		uint64_t value = together(&table->row[i], block, count);
		if (json_object_set_new(
			    object, table->row[i].name, json_integer((json_int_t)value)) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

static json_t *dataplane_sums(const struct daemon *daemon, size_t first, size_t count)
{
	const void *const *block = (const void *const *)daemon->dataplane + first;
	return json_pack("{s:o, s:o, s:o}", "counters", sums(&dataplane_counter_rows, block, count),
		"reasons", sums(&reason_rows, block, count), "gauges",
		sums(&dataplane_gauge_rows, block, count));
}

static uint64_t sessions_now(const struct daemon *daemon, size_t first, size_t count)
{
	uint64_t sum = 0;
	for (size_t i = first; i < first + count; i++)
		sum += counter(
			daemon->worker[i], offsetof(struct bs_worker_counters, sessions_now));
	return sum;
}

// How each check came out, and how often it gave the reply: {"helo-literal": {"hit": 1, ...}}.
static json_t *check_sums(const struct daemon *daemon, size_t first, size_t count)
{
	json_t *object = json_object();
	for (unsigned check = 0; object != NULL && check < BS_CHECK_COUNT; check++) {
		json_int_t hit = 0, miss = 0, unknown = 0, answered = 0;
		for (size_t i = first; i < first + count; i++) {
			hit += (json_int_t)daemon->worker[i]->check[check].hit;
			miss += (json_int_t)daemon->worker[i]->check[check].miss;
			unknown += (json_int_t)daemon->worker[i]->check[check].unknown;
			answered += (json_int_t)daemon->worker[i]->check[check].answered;
		}
		json_t *one = json_pack("{s:I, s:I, s:I, s:I}", "hit", hit, "miss", miss, "unknown",
			unknown, "answered", answered);
		if (json_object_set_new(object, checks[check].name, one) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_t *worker_sums(const struct daemon *daemon, size_t first, size_t count)
{
	const void *const *block = (const void *const *)daemon->worker + first;
	return json_pack("{s:o, s:o, s:I}", "counters", sums(&worker_counter_rows, block, count),
		"checks", check_sums(daemon, first, count), "sessions-now",
		(json_int_t)sessions_now(daemon, first, count));
}

// One entry an lcore, in order of their numbers.
static json_t *each(const struct daemon *daemon, size_t lcores,
	json_t *(*one)(const struct daemon *daemon, size_t first, size_t count))
{
	json_t *array = json_array();
	for (size_t i = 0; array != NULL && i < lcores; i++) {
		if (json_array_append_new(array, one(daemon, i, 1)) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

json_t *report_gauges(const struct daemon *daemon)
{
	return sums(&dataplane_gauge_rows, (const void *const *)daemon->dataplane,
		daemon->dataplane_count);
}

uint64_t report_sessions_now(const struct daemon *daemon)
{
	return sessions_now(daemon, 0, daemon->worker_count);
}

json_t *report_losses(const struct daemon *daemon, unsigned port)
{
	const void *block = &daemon->losses[port].now;
	return sums(&port_counter_rows, &block, 1);
}

// {"mx0": {"rx-missed": 0, ...}}
static json_t *ports(const struct daemon *daemon)
{
	json_t *object = json_object();
	unsigned count = daemon->ports != NULL ? daemon->ports->port_count : 0;
	for (unsigned i = 0; object != NULL && i < count; i++) {
		if (json_object_set_new(
			    object, daemon->ports->port[i].name, report_losses(daemon, i)) != 0) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

static uint64_t log_lost(const struct daemon *daemon)
{
	return daemon->log != NULL ? log_writer_lost(daemon->log) : 0;
}

static uint64_t log_failures(const struct daemon *daemon)
{
	return daemon->log != NULL ? log_writer_failures(daemon->log) : 0;
}

static uint64_t log_summed(const struct daemon *daemon)
{
	return daemon->log != NULL ? log_writer_summed(daemon->log) : 0;
}

// Milliseconds of a clock that never jumps: rates need the time between two looks.
static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

json_t *report_stats(const struct daemon *daemon)
{
	return json_pack("{s:b, s:I, s:{s:o, s:o}, s:{s:o, s:o}, s:{s:I, s:I, s:I}, s:o, s:o}",
		"ok", 1, "clock-ms", (json_int_t)clock_ms(), "dataplane", "total",
		dataplane_sums(daemon, 0, daemon->dataplane_count), "lcores",
		each(daemon, daemon->dataplane_count, dataplane_sums), "worker", "total",
		worker_sums(daemon, 0, daemon->worker_count), "lcores",
		each(daemon, daemon->worker_count, worker_sums), "log", "lines-lost",
		(json_int_t)log_lost(daemon), "failed-writes", (json_int_t)log_failures(daemon),
		"lines-summed", (json_int_t)log_summed(daemon), "dns-lists",
		report_dns_lists(daemon), "ports", ports(daemon));
}
