// SPDX-License-Identifier: BSD-3-Clause
#include "control/policy/reload.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "control/configuration/config_changes.h"
#include "control/socket/request_command.h"

#define FAULTS_MOST 50 // lines in an answer

struct reload {
	struct config *running;
	struct policy_store *store;
	int event;
	bool under_way;
	pthread_t thread;
	uint64_t number, began_ms;
	char *file; // the thread's: `running` may change meanwhile
	// Made by the thread, taken by control after it has ended.
	struct config *config;
	struct policy_base *base;
	char *faults;
	json_t *result; // of reload `number`, when it has ended
};

static uint64_t clock_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

struct reload *reload_new(struct config *running, struct policy_store *store)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	if (reload == NULL)
		return NULL;
	reload->running = running;
	reload->store = store;
	reload->file = strdup(running->file);
	reload->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (reload->file != NULL && reload->event >= 0)
		return reload;
	reload_free(reload);
	return NULL;
}

static void forget_built(struct reload *reload)
{
	config_free(reload->config);
	policy_base_free(reload->base);
	free(reload->faults);
	reload->config = NULL;
	reload->base = NULL;
	reload->faults = NULL;
}

void reload_free(struct reload *reload)
{
	if (reload == NULL)
		return;
	if (reload->under_way)
		pthread_join(reload->thread, NULL);
	forget_built(reload);
	json_decref(reload->result);
	if (reload->event >= 0)
		close(reload->event);
	free(reload->file);
	free(reload);
}

int reload_fd(const struct reload *reload)
{
	return reload->event;
}

static void *build(void *argument)
{
	struct reload *reload = argument;
	uint64_t one = 1;
	size_t size;
	FILE *faults = open_memstream(&reload->faults, &size);
	if (faults != NULL) {
		reload->config = config_read(reload->file, faults);
		if (reload->config != NULL)
			reload->base = policy_base_new(reload->config, faults);
		fclose(faults);
	}
	ssize_t ignored = write(reload->event, &one, sizeof(one));
	(void)ignored; // the counter can't be full: one thread at a time
	return NULL;
}

uint64_t reload_begin(struct reload *reload, char error[256])
{
	if (reload->under_way) {
		snprintf(error, 256, "a reload is under way already; ask again when it has ended");
		return 0;
	}
	json_decref(reload->result);
	reload->result = NULL;
	reload->number++;
	reload->began_ms = clock_ms();
	if (pthread_create(&reload->thread, NULL, build, reload) != 0) {
		snprintf(error, 256,
			"no thread for the reload: the limit of threads or of memory "
			"is reached");
		return 0;
	}
	pthread_setname_np(reload->thread, "bs-reload");
	reload->under_way = true;
	return reload->number;
}

// {"ok": false, "error": the first line, "faults": [all lines]}
static json_t *refusal(const struct reload *reload)
{
	json_t *lines = json_array();
	char *rest = reload->faults, *line;
	const char *first = "no memory";
	unsigned count = 0;
	while (rest != NULL && lines != NULL && (line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' || count++ >= FAULTS_MOST)
			continue;
		if (count == 1)
			first = line;
		if (json_array_append_new(lines, request_text(line)) != 0)
			break;
	}
	return json_pack("{s:b, s:o, s:o}", "ok", 0, "error", request_text(first), "faults", lines);
}

// The new base is in force, or nothing has changed (no memory).
static json_t *take_over(struct reload *reload)
{
	json_t *changes = config_changes(reload->running, policy_store_base_now(reload->store),
		reload->config, reload->base);
	struct policy_base *base = reload->base;
	if (changes == NULL)
		return NULL;
	reload->base = NULL; // the store's, in any case
	config_adopt(reload->running, reload->config);
	if (!policy_store_base(reload->store, base)) {
		config_adopt(reload->running, reload->config); // back
		json_decref(changes);
		return NULL;
	}
	json_t *ok = json_pack("{s:b, s:I, s:b}", "ok", 1, "milliseconds",
		(json_int_t)(clock_ms() - reload->began_ms), "texts-wait",
		(int)policy_store_state(reload->store).texts_wait);
	if (ok == NULL || json_object_update(changes, ok) != 0) {
		json_decref(changes);
		changes = NULL; // it is in force; only the answer is lost
	}
	json_decref(ok);
	return changes;
}

static void summarise(const struct reload *reload, char summary[RELOAD_SUMMARY])
{
	const json_t *result = reload->result;
	const char *error = json_string_value(json_object_get(result, "error"));
	if (error != NULL)
		snprintf(summary, RELOAD_SUMMARY, "reload: nothing has changed: %.300s", error);
	else
		snprintf(summary, RELOAD_SUMMARY,
			"reload: %zu keys and %zu lists changed, %zu keys wait for a restart; %lld "
			"ms",
			json_array_size(json_object_get(result, "changed")),
			json_array_size(json_object_get(result, "lists")),
			json_array_size(json_object_get(result, "restart")),
			(long long)json_integer_value(json_object_get(result, "milliseconds")));
}

bool reload_end(struct reload *reload, char summary[RELOAD_SUMMARY], bool *good)
{
	uint64_t count;
	if (!reload->under_way || read(reload->event, &count, sizeof(count)) < 0)
		return false;
	pthread_join(reload->thread, NULL);
	reload->under_way = false;
	reload->result = reload->base != NULL ? take_over(reload) : refusal(reload);
	if (reload->result == NULL)
		reload->result = request_error(
			"no memory to take the configuration over; free some");
	forget_built(reload);
	*good = json_is_true(json_object_get(reload->result, "ok"));
	summarise(reload, summary);
	return true;
}

json_t *reload_result(const struct reload *reload, uint64_t number, bool *forgotten)
{
	*forgotten = number != reload->number || (!reload->under_way && reload->result == NULL);
	return *forgotten || reload->under_way ? NULL : json_incref(reload->result);
}
