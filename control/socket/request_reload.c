// SPDX-License-Identifier: BSD-3-Clause
//
// What changes the running program: reload, set, drain.
#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_changes.h"
#include "control/configuration/config_keys.h"
#include "control/configuration/config_values.h"
#include "control/configuration/nearest.h"
#include "control/policy/policy_store.h"
#include "control/policy/reload.h"
#include "control/socket/request_command.h"

static json_t *not_ready(void)
{
	return request_error("barscreen is starting; try again");
}

static bool reload_later(struct daemon *daemon, uint64_t number, struct request_answer *answer)
{
	bool forgotten;
	json_t *result = reload_result(daemon->reload, number, &forgotten);
	if (forgotten)
		result = request_error("another reload has ended since; the log tells of this one");
	return (result != NULL || forgotten) && (request_dump(answer, result) || true);
}

json_t *request_reload(struct request_call *call)
{
	char error[256];
	if (call->daemon->reload == NULL)
		return not_ready();
	call->answer->ticket = reload_begin(call->daemon->reload, error);
	if (call->answer->ticket == 0)
		return request_error("%s", error);
	call->answer->later = reload_later;
	return NULL;
}

// "waiting.wait", or "wait" where no other settable key has that name.
static const struct config_key *settable(const char *name, json_t **refusal)
{
	struct nearest nearest = {0};
	const struct config_key *found = NULL, *fixed = NULL, *other = NULL;
	const char *last = strrchr(name, '.') != NULL ? strrchr(name, '.') + 1 : name;
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		size_t section = strlen(key->section);
		bool whole = section > 0 && strncmp(name, key->section, section) == 0 &&
			     name[section] == '.' && strcmp(name + section + 1, key->name) == 0;
		bool same = whole || strcmp(name, key->name) == 0;
		if (same && key->change == CHANGE_SET) {
			other = found;
			found = key;
		} else if (same)
			fixed = key;
		if (key->change == CHANGE_SET)
			nearest_offer(&nearest, last, key->name);
	}
	if (found != NULL && other == NULL && fixed != NULL &&
		!config_section_find(fixed->section)->titled)
		other = fixed; // who means that one must not change another
	if (other != NULL) {
		*refusal = request_error(
			"\"%.60s\" is a key of several sections; write \"%s.%s\" or \"%s.%s\"",
			name, other->section, other->name, found->section, found->name);
		return NULL;
	}
	if (found == NULL && fixed != NULL)
		*refusal = request_error("\"%.60s\" can't be set at run time; change it in the "
					 "configuration, then %s",
			name, fixed->change == CHANGE_RELOAD ? "reload" : "restart");
	else if (found == NULL && nearest.word != NULL)
		*refusal = request_error(
			"no key \"%.60s\"; did you mean \"%s\"?", name, nearest.word);
	else if (found == NULL)
		*refusal = request_error("no key \"%.60s\"; 'set' alone shows them", name);
	return found;
}

static json_t *value_of(const struct config_key *key, const struct config *config)
{
	char *text = config_value_text(key, config);
	json_t *value = text != NULL ? request_text(text) : NULL;
	free(text);
	return value;
}

static json_t *show_all(const struct config *config)
{
	json_t *all = json_object();
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *key = &config_keys[i];
		char name[80];
		snprintf(name, sizeof(name), "%s.%s", key->section, key->name);
		if (key->change == CHANGE_SET &&
			json_object_set_new(all, name, value_of(key, config)) != 0) {
			json_decref(all);
			return NULL;
		}
	}
	return json_pack("{s:b, s:o}", "ok", 1, "values", all);
}

// The value is in force, or all is as before.
static json_t *change(struct request_call *call, const struct config_key *key, const char *text)
{
	struct config *config = call->daemon->running;
	char why[CONFIG_WHY], *old = config_value_text(key, config);
	json_t *answer = NULL;
	if (old == NULL)
		return NULL;
	struct bs_policy before = config->smtp;
	uint32_t drain_before = config->drain_timeout_ms;
	if (!config_value_set(key, config, text, why)) {
		answer = request_error("%s: %s", key->name, why);
	} else if (!policy_store_numbers(call->daemon->policies)) {
		config->smtp = before;
		config->drain_timeout_ms = drain_before;
		answer = request_error("no memory; nothing has changed");
	} else {
		answer = json_pack("{s:b, s:o, s:o, s:o, s:s}", "ok", 1, "key",
			json_sprintf("%s.%s", key->section, key->name), "old", request_text(old),
			"value", value_of(key, config), "until", "the next reload or restart");
	}
	free(old);
	return answer;
}

json_t *request_set(struct request_call *call)
{
	const char *name = request_word(call, "key"), *value = request_word(call, "value");
	struct config *config = call->daemon->running;
	json_t *refusal = NULL;
	if (config == NULL)
		return not_ready();
	if (name == NULL)
		return value == NULL ? show_all(config)
				     : request_error("\"value\" without \"key\"");
	const struct config_key *key = settable(name, &refusal);
	if (key == NULL || (value != NULL && !request_may_write(call, &refusal)))
		return refusal;
	if (value != NULL)
		return change(call, key, value);
	return json_pack("{s:b, s:o, s:o}", "ok", 1, "key",
		json_sprintf("%s.%s", key->section, key->name), "value", value_of(key, config));
}

// The supervisor sees the change and wakes the lcores (control/start/supervise.c).
json_t *request_drain(struct request_call *call)
{
	const char *word = request_word(call, "state");
	bool on = word == NULL || strcmp(word, "on") == 0;
	if (call->daemon->stopping && !on)
		return request_error("barscreen is stopping; that can't be taken back");
	atomic_store(&call->daemon->draining, on);
	return json_pack("{s:b, s:b}", "ok", 1, "draining", (int)on);
}
