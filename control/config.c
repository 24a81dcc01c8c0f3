// SPDX-License-Identifier: BSD-3-Clause
//
// Reading a configuration: files to items (config_parse.c), items to values (config_fill.c), values against each
// other (config_check.c).
#include "control/config.h"

#include <stdlib.h>
#include <string.h>

#include "control/config_reading.h"
#include "control/config_values.h"

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
	for (size_t i = 0; i < config->port_count; i++) {
		free_values(&config->port[i], "port");
		free(config->port[i].source);
	}
	for (size_t i = 0; i < config->list_count; i++) {
		free_values(&config->list[i], "list");
		free(config->list[i].source);
	}
	free_values(config, NULL);
	free(config->port);
	free(config->list);
	free(config->file);
	free(config);
}
