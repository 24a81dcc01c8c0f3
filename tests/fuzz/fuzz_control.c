// SPDX-License-Identifier: BSD-3-Clause
//
// Requests to the control socket: any bytes get exactly one line of JSON that says "ok" or why not, and only one who may
// stops us or changes anything. All commands but reload (a thread that reads files) have something to work on here.
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/configuration/config.h"
#include "control/socket/desk.h"
#include "control/overlay/overlay_keeper.h"
#include "control/policy/policy_store.h"
#include "control/socket/request.h"
#include "dataplane/seam/source.h"
#include "smtp/dns/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define LINES_MAX 64 // more of them teach nothing new

static char folder[] = "/tmp/barscreen-fuzz-XXXXXX";
static struct bs_dataplane_counters dataplane;
static struct bs_worker_counters worker;
static struct daemon program = {
	.dataplane = {&dataplane}, .dataplane_count = 1, .worker = {&worker}, .worker_count = 1};
static struct bs_bell bell;
static struct bs_door *door;

static void must(bool good)
{
	if (!good)
		abort();
}

static void clean(void)
{
	char command[100];
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	must(system(command) == 0);
}

static struct config *read_config(void)
{
	char path[100];
	snprintf(path, sizeof(path), "%s/conf", folder);
	FILE *file = fopen(path, "w");
	must(file != NULL);
	fprintf(file,
		"hostname = mx1.example.org\ndomains = {example.org}\nbackend = \"maildir:%s\"\n"
		"state-folder = \"%s\"\nport tap0 { device = net_tap addresses = {192.0.2.25/24} "
		"}\n",
		folder, folder);
	fclose(file);
	return config_read(path, stderr);
}

static void make_sources(void)
{
	static const struct siphash_key key = {{1, 2}};
	program.sources = bs_sources_new(64, &key);
	must(program.sources != NULL);
	for (uint8_t i = 0; i < 20; i++) {
		enum bs_source_opening how;
		struct bs_address address = bs_address_from_ipv4((uint8_t[]){192, 0, 2, i});
		bs_source_open(program.sources, &address, 1, &how);
	}
}

static void make_program(void)
{
	char error[OVERLAY_ERROR > 256 ? OVERLAY_ERROR : 256];
	must(mkdtemp(folder) != NULL);
	atexit(clean);
	program.config = program.running = read_config();
	must(program.config != NULL);
	bs_qsbr_init(&program.qsbr);
	struct policy_readers readers = {
		&program.qsbr, program.dataplane, &program.dataplane_count};
	program.policies = policy_store_new(
		&readers, program.config, policy_base_new(program.config, stderr));
	program.overlay = overlay_keeper_new(program.policies, folder, error);
	program.log = log_writer_new("file:/dev/null", "name", error);
	must(program.policies != NULL && program.overlay != NULL && program.log != NULL);
	for (unsigned i = 0; i < 2000; i++)
		log_tail_put(log_writer_tail(program.log), i, BS_LOG_INFO,
			"DENYLISTED [192.0.2.7]:4000; session=1mzkv3r20c000001");
	must(bs_bell_open(&bell));
	program.bell = &bell;
	program.desk = desk_new(&bell);
	must(program.desk != NULL);
	door = desk_door(program.desk, &bell);
	make_sources();
}

static void check_line(const struct request_answer *answer, bool may_write)
{
	must(answer->line != NULL);
	must(memchr(answer->line, '\n', answer->length) == answer->line + answer->length - 1);
	json_t *object = json_loadb(answer->line, answer->length, JSON_REJECT_DUPLICATES, NULL);
	const json_t *ok = json_object_get(object, "ok");
	must(json_is_boolean(ok) && (!answer->stop || (may_write && json_is_true(ok))));
	must(json_is_true(ok) || json_is_string(json_object_get(object, "error")));
	json_decref(object);
	free(answer->line);
}

// As an lcore with one session would.
static void answer_door(void)
{
	struct bs_view view = {.state = BS_VIEW_TALKING, .helo = "helo", .from = "from"};
	struct bs_inquiry *inquiry = bs_door_look(door);
	if (inquiry == NULL)
		return;
	if (inquiry->dns != NULL)
		inquiry->dns[inquiry->count++].records = 1;
	else
		bs_inquiry_add(inquiry, &view);
	inquiry->found = true;
	bs_door_answer(door, inquiry);
}

// The client goes away after some turns, or after the first of many answers.
static void wait_for(struct request_answer *answer, bool may_write)
{
	bool answered = false;
	for (unsigned i = 0; i < 4 && !answered; i++) {
		answer->again = false;
		answered = answer->later(&program, answer->ticket, answer);
		if (answered)
			check_line(answer, may_write);
		answer_door();
	}
	if (answered && !answer->again)
		answer->later = NULL;
	request_answer_end(&program, answer);
}

static void check(bool may_write, const char *line, size_t length)
{
	struct request_answer answer;
	must(request_handle(&program, may_write, line, length, &answer));
	if (answer.later != NULL)
		wait_for(&answer, may_write);
	else
		check_line(&answer, may_write);
}

// Each line of the input is a request, as the socket cuts it.
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
	if (program.config == NULL)
		make_program();
	for (unsigned i = 0; i < LINES_MAX && count > 0; i++) {
		const uint8_t *end = memchr(bytes, '\n', count);
		size_t length = end != NULL ? (size_t)(end - bytes) : count;
		const struct overlay_entries *entries = overlay_keeper_entries(program.overlay);
		check(false, (const char *)bytes, length);
		must(overlay_keeper_entries(program.overlay) == entries);
		check(true, (const char *)bytes, length);
		bytes += length + (end != NULL);
		count -= length + (end != NULL);
	}
	return 0;
}
