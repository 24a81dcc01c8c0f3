// SPDX-License-Identifier: BSD-3-Clause
//
// Sections with a name: see the header.
#include "control/configuration/config_titled.h"

#include <stdlib.h>
#include <string.h>

#define ROW(section_name, type, field, counter, name_field, when) \
	{ \
		.section = (section_name), .array = offsetof(struct config, field), \
		.count = offsetof(struct config, counter), .size = sizeof(struct type), \
		.name = offsetof(struct type, name_field), \
		.name_size = sizeof(((struct type *)0)->name_field), \
		.source = offsetof(struct type, source), .line = offsetof(struct type, line), \
		.change = (when) \
	}

const struct config_titled config_titled[] = {
	ROW("port", config_port, port, port_count, name, CHANGE_RESTART),
	ROW("list", config_list, list, list_count, name, CHANGE_RELOAD),
	ROW("dnsl", config_dnsl, dnsl, dnsl_count, list.name, CHANGE_RELOAD),
	ROW("policy", config_policy, policy, policy_count, rules.name, CHANGE_RELOAD),
};
const unsigned config_titled_count = sizeof(config_titled) / sizeof(config_titled[0]);

static void **array_of(const struct config *config, const struct config_titled *titled)
{
	return (void **)((char *)config + titled->array);
}

static size_t *count_of(const struct config *config, const struct config_titled *titled)
{
	return (size_t *)((char *)config + titled->count);
}

const struct config_titled *config_titled_find(const char *section)
{
	for (unsigned i = 0; i < config_titled_count; i++) {
		if (strcmp(config_titled[i].section, section) == 0)
			return &config_titled[i];
	}
	return NULL;
}

size_t config_titled_number(const struct config *config, const struct config_titled *titled)
{
	return *count_of(config, titled);
}

void *config_titled_at(
	const struct config *config, const struct config_titled *titled, size_t number)
{
	if (number >= *count_of(config, titled))
		return NULL;
	return (char *)*array_of(config, titled) + number * titled->size;
}

const char *config_titled_name(const struct config_titled *titled, const void *element)
{
	return (const char *)element + titled->name;
}

void *config_titled_named(
	const struct config *config, const struct config_titled *titled, const char *name)
{
	for (size_t i = 0; i < *count_of(config, titled); i++) {
		void *element = config_titled_at(config, titled, i);

		if (strcmp(config_titled_name(titled, element), name) == 0)
			return element;
	}
	return NULL;
}

bool config_titled_room(struct config *config, const struct config_titled *titled, size_t most)
{
	// One more than any use: calloc(0) may be NULL.
	*array_of(config, titled) = calloc(most + 1, titled->size);
	return *array_of(config, titled) != NULL;
}

bool config_titled_add(struct config *config, const struct config_titled *titled, const char *name,
	const char *file, unsigned line)
{
	char *element = (char *)*array_of(config, titled) +
			*count_of(config, titled) * titled->size;
	char *source = strdup(file);

	if (source == NULL)
		return false;
	*(char **)(element + titled->source) = source;
	*(unsigned *)(element + titled->line) = line;
	snprintf(element + titled->name, titled->name_size, "%s", name);
	(*count_of(config, titled))++;
	return true;
}

void config_titled_free(struct config *config, const struct config_titled *titled)
{
	for (size_t i = 0; i < *count_of(config, titled); i++)
		free(*(char **)((char *)config_titled_at(config, titled, i) + titled->source));
	free(*array_of(config, titled));
	*array_of(config, titled) = NULL;
	*count_of(config, titled) = 0;
}

void config_titled_swap(struct config *a, struct config *b, const struct config_titled *titled)
{
	void *array = *array_of(a, titled);
	size_t count = *count_of(a, titled);

	*array_of(a, titled) = *array_of(b, titled);
	*count_of(a, titled) = *count_of(b, titled);
	*array_of(b, titled) = array;
	*count_of(b, titled) = count;
}
