// SPDX-License-Identifier: BSD-3-Clause
#include <inttypes.h>
#include <string.h>

#include "control/counter_rows.h"
#include "control/ctl/ctl_show.h"
#include "control/ctl/ctl_text.h"

// "1.4 MiB", or "" for what is small enough to be read.
static const char *scaled(uint64_t bytes, char text[CTL_NUMBER])
{
	static const char *const unit[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double value = (double)bytes / 1024;
	size_t i = 0;
	if (bytes < 10240)
		return "";
	for (; value >= 1024 && i < 5; i++)
		value /= 1024;
	snprintf(text, CTL_NUMBER, "%.1f %s", value, unit[i]);
	return text;
}

static void print_cores(FILE *out, const json_t *cores, const char *role)
{
	size_t index;
	const json_t *core;
	fprintf(out, "%s", role);
	json_array_foreach (json_object_get(cores, role), index, core)
		fprintf(out, "%s%" PRId64, index == 0 ? " " : ",",
			(int64_t)json_integer_value(core));
}

// What was lost there; nothing where nothing was.
static void print_losses(FILE *out, const json_t *losses)
{
	char text[CTL_NUMBER];
	for (size_t i = 0; i < port_counter_rows.count; i++) {
		const struct counter_row *row = &port_counter_rows.row[i];
		uint64_t count = ctl_number(losses, row->name);
		if (count > 0)
			fprintf(out, "  %-20s %12s  %s\n", row->name, ctl_grouped(count, text),
				row->sentence);
	}
}

static void print_port(FILE *out, const json_t *port)
{
	size_t index;
	const json_t *item;
	fprintf(out, "\nPort ");
	ctl_put_text(out, ctl_string(port, "name"));
	fprintf(out, " (%s): link %s, %s, MTU %" PRIu64, ctl_string(port, "device"),
		ctl_string(port, "link"), ctl_string(port, "mac"), ctl_number(port, "mtu"));
	if (ctl_number(port, "vlan") != 0)
		fprintf(out, ", VLAN %" PRIu64, ctl_number(port, "vlan"));
	fprintf(out, ", %" PRIu64 " queue%s\n", ctl_number(port, "queues"),
		ctl_number(port, "queues") == 1 ? "" : "s");
	json_array_foreach (json_object_get(port, "addresses"), index, item) {
		const char *state = ctl_string(item, "state");
		fprintf(out, "  address  %-43s %s%s\n", ctl_string(item, "address"), state,
			strcmp(state, "duplicate") == 0 ? ": another host has it, it is not served"
							: "");
	}
	json_array_foreach (json_object_get(port, "gateways"), index, item) {
		bool resolved = json_is_true(json_object_get(item, "resolved"));
		fprintf(out, "  gateway  %-43s %s\n", ctl_string(item, "address"),
			resolved ? ctl_string(item, "mac") : "does not answer");
	}
	print_losses(out, json_object_get(port, "losses"));
}

static void print_connections(FILE *out, const json_t *connections)
{
	char text[CTL_NUMBER];
	fprintf(out, "\nConnections\n");
	for (size_t i = 0; i < dataplane_gauge_rows.count; i++) {
		const struct counter_row *row = &dataplane_gauge_rows.row[i];
		fprintf(out, "  %-20s %12s  %s\n", row->name,
			ctl_grouped(ctl_number(connections, row->name), text), row->sentence);
	}
}

void ctl_show_status(FILE *out, const json_t *answer)
{
	size_t index;
	const json_t *item;
	const json_t *limitations = json_object_get(answer, "limitations");
	char text[CTL_NUMBER];
	fprintf(out, "barscreen %s on ", ctl_string(answer, "version"));
	ctl_put_text(out, ctl_string(answer, "hostname"));
	fprintf(out, ", process %" PRIu64 ", up ", ctl_number(answer, "pid"));
	ctl_put_duration(out, ctl_number(answer, "uptime"));
	fprintf(out, "\nState     %s",
		json_is_true(json_object_get(answer, "draining"))
			? "stopping: no new connections, sessions end"
			: "running");
	if (ctl_number(json_object_get(answer, "connections"), "stress") > 0)
		fprintf(out, ", in STRESS mode: waits are short, stutters end, suspicious "
			     "clients are told 421");
	fprintf(out, "\nCores     ");
	print_cores(out, json_object_get(answer, "cores"), "dataplane");
	fprintf(out, "; ");
	print_cores(out, json_object_get(answer, "cores"), "worker");
	fprintf(out, "\nSessions  %s\n", ctl_grouped(ctl_number(answer, "sessions"), text));
	print_connections(out, json_object_get(answer, "connections"));
	json_array_foreach (json_object_get(answer, "ports"), index, item)
		print_port(out, item);
	if (json_array_size(json_object_get(answer, "dns-lists")) > 0) {
		fputc('\n', out);
		ctl_show_dnsl(out, answer);
	}
	if (json_array_size(limitations) > 0)
		fprintf(out, "\nLimitations\n");
	json_array_foreach (limitations, index, item) {
		fprintf(out, "  ");
		ctl_put_text(out, json_string_value(item));
		fputc('\n', out);
	}
}

static void print_counter(
	FILE *out, const char *name, uint64_t value, const char *sentence, bool bytes)
{
	char text[CTL_NUMBER], size[CTL_NUMBER] = "";
	const char *scale = bytes ? scaled(value, size) : "";
	fprintf(out, "  %-24s %20s  %s%s%s%s\n", name, ctl_grouped(value, text), sentence,
		scale[0] != '\0' ? " (" : "", scale, scale[0] != '\0' ? ")" : "");
}

static bool counts_bytes(const char *name)
{
	size_t length = strlen(name);
	return length > 6 && strcmp(name + length - 6, "-bytes") == 0;
}

static const char *sentence_of(const struct counter_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->row[i].name, name) == 0)
			return table->row[i].sentence;
	}
	return ""; // the daemon is of another version
}

// The daemon's members decide what is shown, in its order.
static void print_counters(FILE *out, const char *title, const json_t *counters,
	const struct counter_table *table, bool all)
{
	const char *name;
	json_t *value;
	bool titled = false;
	json_object_foreach ((json_t *)counters, name, value) {
		uint64_t count = (uint64_t)json_integer_value(value);
		if (count == 0 && !all)
			continue;
		if (!titled)
			fprintf(out, "%s\n", title);
		titled = true;
		print_counter(out, name, count, sentence_of(table, name), counts_bytes(name));
	}
	if (!titled)
		fprintf(out, "%s: nothing counted\n", title);
}

void ctl_show_stats(FILE *out, const json_t *answer, bool all)
{
	static const struct counter_row log_row[] = {
		{"lines-lost", "log lines lost because they came faster than they could be written",
			0},
		{"failed-writes", "writes to the log file that failed and were tried again", 0}};
	static const struct counter_table log_rows = {log_row, 2};
	char title[80];
	const char *name;
	json_t *losses;
	const json_t *dataplane = json_object_get(json_object_get(answer, "dataplane"), "total");
	const json_t *worker = json_object_get(json_object_get(answer, "worker"), "total");
	print_counters(out, "Packets and connections", json_object_get(dataplane, "counters"),
		&dataplane_counter_rows, all);
	print_counters(out, "\nPackets by what became of them",
		json_object_get(dataplane, "reasons"), &reason_rows, all);
	print_counters(out, "\nConnections now", json_object_get(dataplane, "gauges"),
		&dataplane_gauge_rows, all);
	print_counters(out, "\nSessions and mails", json_object_get(worker, "counters"),
		&worker_counter_rows, all);
	json_object_foreach ((json_t *)json_object_get(answer, "ports"), name, losses) {
		snprintf(title, sizeof(title), "\nLost at port %s", name);
		print_counters(out, title, losses, &port_counter_rows, all);
	}
	print_counters(out, "\nLog", json_object_get(answer, "log"), &log_rows, all);
	if (json_array_size(json_object_get(answer, "dns-lists")) > 0) {
		fputc('\n', out);
		ctl_show_dnsl(out, answer);
	}
}
