// SPDX-License-Identifier: BSD-3-Clause
//
// Lists: which keys go together. Recipients: whose domains.
#include "control/configuration/config_check_lists.h"

#include <string.h>

#include "control/configuration/config_values.h"

// Classes: the fixed ones, then one for each list.
#define LISTS_MOST (BS_CLASSES_MAX - BS_CLASS_LISTS)

static void check_name(
	struct config_reading *reading, const struct config_instance *instance, const char *name)
{
	static const char *const taken[] = {
		"plain", "bogon", "own", "runtime-allow", "runtime-deny"};

	for (size_t t = 0; t < sizeof(taken) / sizeof(taken[0]); t++) {
		if (strcmp(name, taken[t]) == 0)
			faults_add(reading->faults, instance->place.file, instance->place.line,
				"list \"%s\": the name is ours; give it another", name);
	}
}

// One of the two, and where it stands.
static void check_files(struct config_reading *reading, unsigned instance, struct config_list *list)
{
	const struct config_key *file = config_key_find("list", "file");
	const struct config_key *files = config_key_find("list", "files");
	bool one = list->file != NULL && list->file[0] != '\0', several = list->file_count > 0;
	const struct config_setting *setting = config_setting_of(
		reading, instance, one ? file : files);

	if (one && several)
		config_fault(reading, instance, files, 0, "file is set too; write it in here");
	else if (!one && !several && !config_setting_of(reading, instance, file)->faulty &&
		 faults_count(reading->faults) == 0)
		config_fault(reading, instance, file, 0,
			"is missing; add file = \"/PATH\", or files = {\"/PATH\", ...}");
	if (setting->place.file != NULL)
		list->line = setting->place.line;
}

static void check_action(
	struct config_reading *reading, unsigned instance, const struct config_list *list)
{
	const struct config_key *action = config_key_find("list", "action");
	const struct config_key *refuse_at = config_key_find("list", "refuse-at");
	const struct config_key *unverified = config_key_find("list", "unverified");
	bool clients = list->of == LIST_OF_CLIENTS;

	if (!clients && (list->action == BS_ACTION_DROP || list->action == BS_ACTION_STUTTER ||
				list->action == BS_ACTION_RELAY))
		config_fault(reading, instance, action, 0,
			"drop, stutter and trusted-relay are for addresses of clients, before they "
			"said anything; write allow, refuse or observe, or of = client");
	if (list->refuse_at == BS_REFUSE_AT_CONNECT && list->action != BS_ACTION_REFUSE)
		config_fault(reading, instance, refuse_at, 0,
			"only goes with action = refuse; remove it, or change the action");
	else if (list->refuse_at == BS_REFUSE_AT_CONNECT && !clients)
		config_fault(reading, instance, refuse_at, 0,
			"the greeting comes before all names; remove it, or write of = client");
	if (list->unverified && (list->of != LIST_OF_SENDERS || list->action != BS_ACTION_ALLOW))
		config_fault(reading, instance, unverified, 0,
			"only goes with of = sender and action = allow; remove it");
}

static void check_catch_all(struct config_reading *reading)
{
	const struct config *config = reading->config;

	for (size_t i = 0; i < config->catch_all_count; i++) {
		size_t d = 0;

		while (d < config->domain_count &&
			strcmp(config->domains[d], config->catch_all[i]) != 0)
			d++;
		if (d == config->domain_count)
			config_fault(reading, 0, config_key_find("recipients", "catch-all"), i,
				"'%.100s' is none of our domains; add it to domains, or remove it "
				"here",
				config->catch_all[i]);
	}
}

void config_check_lists(struct config_reading *reading)
{
	size_t number = 0;

	for (unsigned i = 1; i < reading->parse->instance_count; i++) {
		const struct config_instance *instance = &reading->parse->instance[i];

		if (strcmp(instance->row->name, "list") != 0)
			continue;
		struct config_list *list = &reading->config->list[number];

		check_files(reading, i, list);
		check_name(reading, instance, list->name);
		check_action(reading, i, list);
		if (number++ == LISTS_MOST)
			faults_add(reading->faults, instance->place.file, instance->place.line,
				"list: more than %u lists; put some of them together", LISTS_MOST);
	}
	check_catch_all(reading);
}
