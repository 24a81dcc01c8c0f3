// SPDX-License-Identifier: BSD-3-Clause
//
// From items to struct config: defaults, values, duplicates, missing keys.
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_policy.h"
#include "control/configuration/config_preset.h"
#include "control/configuration/config_reading.h"
#include "control/configuration/config_text.h"
#include "control/configuration/config_titled.h"
#include "control/configuration/config_values.h"

void *config_base(const struct config_reading *reading, unsigned instance)
{
	const struct config_instance *all = reading->parse->instance;
	const char *kind = all[instance].row->name;
	size_t number = 0;

	for (unsigned i = 1; i < instance; i++)
		number += strcmp(all[i].row->name, kind) == 0;
	const struct config_titled *titled = config_titled_find(kind);

	if (titled != NULL)
		return config_titled_at(reading->config, titled, number);
	return reading->config;
}

struct config_setting *config_setting_of(
	const struct config_reading *reading, unsigned instance, const struct config_key *key)
{
	return &reading->setting[(size_t)instance * config_key_count + (size_t)(key - config_keys)];
}

static struct config_place place_of(const struct config_reading *reading, unsigned instance,
	const struct config_key *key, size_t element)
{
	const struct config_parse *parse = reading->parse;
	const struct config_setting *setting = config_setting_of(reading, instance, key);

	for (size_t i = 0; i < parse->item_count; i++) {
		const struct config_item *item = &parse->item[i];

		if (item->key == key && item->instance == instance && item->text != NULL &&
			element-- == 0)
			return item->place;
	}
	return setting->place.file != NULL ? setting->place : parse->instance[instance].place;
}

void config_fault(const struct config_reading *reading, unsigned instance,
	const struct config_key *key, size_t element, const char *format, ...)
{
	struct config_place place = place_of(reading, instance, key, element);
	const struct config_instance *of = &reading->parse->instance[instance];
	char text[CONFIG_WHY + 200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (key->section[0] == '\0')
		faults_add(reading->faults, place.file, place.line, "%s: %s", key->name, text);
	else if (of->title[0] == '\0')
		faults_add(reading->faults, place.file, place.line, "%s.%s: %s", key->section,
			key->name, text);
	else
		faults_add(reading->faults, place.file, place.line, "%s \"%.31s\".%s: %s",
			key->section, of->title, key->name, text);
}

static bool in_instance(const struct config_reading *reading, unsigned instance, unsigned key)
{
	const struct config_section_row *row = config_section_find(config_keys[key].section);

	if (instance == 0)
		return row == NULL || !row->titled;
	return row == reading->parse->instance[instance].row;
}

static bool make_room(struct config_reading *reading)
{
	struct config *config = reading->config;
	const struct config_parse *parse = reading->parse;

	reading->setting = calloc(
		(size_t)parse->instance_count * config_key_count, sizeof(*reading->setting));
	for (unsigned i = 0; i < config_titled_count; i++) {
		if (!config_titled_room(config, &config_titled[i], parse->instance_count))
			return false;
	}
	return reading->setting != NULL;
}

// Names, places, and no name twice.
static bool fill_titles(struct config_reading *reading)
{
	for (unsigned i = 1; i < reading->parse->instance_count; i++) {
		const struct config_instance *instance = &reading->parse->instance[i];
		const struct config_titled *titled = config_titled_find(instance->row->name);
		struct config_place place = instance->place;
		char why[CONFIG_WHY];

		if (titled == NULL || !config_titled_add(reading->config, titled, instance->title,
					      place.file, place.line))
			return false;
		if (!config_text_title(instance->title, titled->name_size - 1, why))
			faults_add(reading->faults, place.file, place.line, "%s: %s",
				instance->row->name, why);
		for (unsigned j = 1; j < i; j++) {
			const struct config_instance *other = &reading->parse->instance[j];

			if (other->row == instance->row &&
				strcasecmp(other->title, instance->title) == 0)
				faults_add(reading->faults, place.file, place.line,
					"%s \"%.60s\" is there already (%s:%u); give it another "
					"name",
					instance->row->name, instance->title, other->place.file,
					other->place.line);
		}
	}
	return true;
}

static void fill_defaults(struct config_reading *reading)
{
	char why[CONFIG_WHY];

	for (unsigned i = 0; i < reading->parse->instance_count; i++) {
		for (unsigned k = 0; k < config_key_count; k++) {
			const struct config_key *key = &config_keys[k];
			char text[CONFIG_STANDARD];
			const char *standard = config_value_standard(key, text);

			// An empty default of a list is what calloc() made.
			if (in_instance(reading, i, k) && standard != NULL &&
				!config_key_is_list(key) &&
				!config_value_set(key, config_base(reading, i), standard, why))
				config_fault(reading, i, key, 0, "%s", why);
		}
	}
}

// Which preset is known only after all files are read.
static void fill_preset(struct config_reading *reading)
{
	enum config_preset preset = (enum config_preset)reading->config->checks_preset;
	char why[CONFIG_WHY];

	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];
		const char *value = config_preset_value(preset, key);

		if (value != NULL && config_setting_of(reading, 0, key)->place.file == NULL &&
			!config_value_set(key, reading->config, value, why))
			config_fault(reading, 0, key, 0, "%s", why);
	}
}

static void fill_item(struct config_reading *reading, const struct config_item *item)
{
	struct config_setting *setting = config_setting_of(reading, item->instance, item->key);
	const char *section = item->key->section;
	char why[CONFIG_WHY];

	if (item->begins && setting->place.file != NULL) {
		faults_add(reading->faults, item->place.file, item->place.line,
			"%s%s%s: is set already (%s:%u); remove one", section,
			section[0] == '\0' ? "" : ".", item->key->name, setting->place.file,
			setting->place.line);
		setting->faulty = true;
		return;
	}
	if (setting->place.file == NULL)
		setting->place = item->place;
	if (item->text == NULL || setting->faulty)
		return;
	if (config_value_set(item->key, config_base(reading, item->instance), item->text, why)) {
		if (strcmp(section, "policy") == 0)
			config_policy_note(config_base(reading, item->instance), item->key);
		return;
	}
	setting->faulty = item->begins && !config_key_is_list(item->key);
	faults_add(reading->faults, item->place.file, item->place.line, "%s%s%s: %s", section,
		section[0] == '\0' ? "" : ".", item->key->name, why);
}

static void say_missing(struct config_reading *reading)
{
	for (unsigned i = 0; i < reading->parse->instance_count; i++) {
		for (unsigned k = 0; k < config_key_count; k++) {
			const struct config_key *key = &config_keys[k];

			if (in_instance(reading, i, k) && key->needed &&
				config_setting_of(reading, i, key)->place.file == NULL)
				config_fault(reading, i, key, 0, "is missing; add %s = %s",
					key->name,
					config_key_is_list(key) ? "{\"...\"}" : "\"...\"");
		}
	}
}

bool config_fill(struct config_reading *reading)
{
	if (!make_room(reading) || !fill_titles(reading))
		return false;
	fill_defaults(reading);
	for (size_t i = 0; i < reading->parse->item_count; i++)
		fill_item(reading, &reading->parse->item[i]);
	fill_preset(reading);
	if (!reading->parse->incomplete)
		say_missing(reading);
	return true;
}
