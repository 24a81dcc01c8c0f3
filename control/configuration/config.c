// SPDX-License-Identifier: BSD-3-Clause
//
// Reading a configuration: files to items (config_parse.c), items to values (config_fill.c), values against each
// other (config_check.c).
#include "control/configuration/config.h"

#include <stdlib.h>
#include <string.h>

#include "control/configuration/config_reading.h"
#include "control/configuration/config_titled.h"
#include "control/configuration/config_values.h"

// For those who look at the whole later (control/audit/audit.c). Without memory they name no line.
static void keep_places(const struct config_reading *reading)
{
	struct config *config = reading->config;

	config->where = calloc(config_key_count, sizeof(*config->where));
	for (unsigned i = 0;
		config->where != NULL && reading->setting != NULL && i < config_key_count; i++) {
		const struct config_place *place =
			&config_setting_of(reading, 0, &config_keys[i])->place;

		if (place->file != NULL)
			config->where[i] = (struct config_where){strdup(place->file), place->line};
	}
}

static struct config *read_into(struct config *config, const char *file, struct faults *faults)
{
	struct config_reading reading = {.config = config, .faults = faults};

	config->file = strdup(file);
	if (config->file == NULL)
		return NULL;
	reading.parse = config_parse_new(file, faults);
	if (reading.parse != NULL) {
		if (!config_fill(&reading))
			faults_add(faults, file, 0, "no memory; free some");
		else if (!reading.parse->incomplete)
			config_check(&reading);
		keep_places(&reading);
	}
	free(reading.setting);
	config_parse_free(reading.parse);
	return faults_count(faults) == 0 ? config : NULL;
}

struct config *config_read(const char *file, FILE *errors)
{
	struct faults *faults = faults_new();
	struct config *config = calloc(1, sizeof(*config));

	if (faults == NULL || config == NULL) {
		fprintf(errors, "%s: no memory; free some\n", file);
		faults_free(faults);
		free(config);
		return NULL;
	}
	if (read_into(config, file, faults) == NULL) {
		faults_print(faults, errors);
		config_free(config);
		config = NULL;
	}
	faults_free(faults);
	return config;
}

static void free_values(void *base, const char *section)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		const char *of = config_keys[i].section;
		const struct config_section_row *row = config_section_find(of);

		if (section != NULL ? strcmp(of, section) == 0 : row == NULL || !row->titled)
			config_value_free(&config_keys[i], base);
	}
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (unsigned i = 0; i < config_titled_count; i++) {
		const struct config_titled *titled = &config_titled[i];

		for (size_t n = 0; n < config_titled_number(config, titled); n++)
			free_values(config_titled_at(config, titled, n), titled->section);
		config_titled_free(config, titled);
	}
	free_values(config, NULL);
	for (unsigned i = 0; config->where != NULL && i < config_key_count; i++)
		free(config->where[i].file);
	free(config->where);
	free(config->file);
	free(config);
}
