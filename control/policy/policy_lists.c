// SPDX-License-Identifier: BSD-3-Clause
//
// A class table knows priorities 0 to 255, and there are at most BS_CLASSES_MAX - BS_CLASS_LISTS lists: each has its own.
#include "control/policy/policy_lists.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/lists/bogon.h"
#include "control/lists/list_file.h"
#include "control/lists/name_file.h"

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static uint64_t mixed(uint64_t number)
{
	number = (number ^ number >> 32) * UINT64_C(0x94d049bb133111eb);
	return number ^ number >> 31;
}

// A number for a prefix. Two prefixes of a million have the same one once in 37 million times, and then a count that people
// read is off by one.
static uint64_t number_of_prefix(const struct bs_prefix *prefix)
{
	uint64_t half[2], number;

	memcpy(half, prefix->address.octet, sizeof(half));
	number = (half[0] ^ prefix->length) * UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ number >> 29 ^ half[1]) * UINT64_C(0xbf58476d1ce4e5b9);
	return mixed(number);
}

uint64_t list_number_of_text(const char *text)
{
	uint64_t number = UINT64_C(0xcbf29ce484222325); // FNV-1a

	for (; *text != '\0'; text++)
		number = (number ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return mixed(number);
}

bool list_numbers_add(struct list_numbers *numbers, uint64_t number)
{
	if (numbers->count == numbers->room) {
		size_t room = numbers->room == 0 ? 64 : numbers->room * 2;
		uint64_t *larger = reallocarray(numbers->number, room, sizeof(*larger));

		if (larger == NULL)
			return false;
		numbers->number = larger;
		numbers->room = room;
	}
	numbers->number[numbers->count++] = number;
	return true;
}

void list_numbers_give(struct list_numbers *numbers, struct policy_list *list, const char *name)
{
	size_t apart = 0;

	if (numbers->count > 0)
		qsort(numbers->number, numbers->count, sizeof(*numbers->number), by_value);
	for (size_t i = 0; i < numbers->count; i++)
		if (apart == 0 || numbers->number[apart - 1] != numbers->number[i])
			numbers->number[apart++] = numbers->number[i];
	snprintf(list->name, sizeof(list->name), "%s", name);
	list->entry = numbers->number;
	list->count = apart;
	*numbers = (struct list_numbers){0};
}

// One list while its files are read.
struct adding {
	struct policy_base *base;
	const struct config_list *list;
	struct class_rules *rules;
	struct list_numbers numbers;
	uint8_t class, priority;
};

static bool add_clients(struct adding *adding, const char *file, FILE *errors)
{
	size_t count;
	struct bs_prefix *prefixes = list_file_read(file, &count, errors);
	bool added;

	if (prefixes == NULL)
		return false;
	added = class_rules_add(adding->rules, prefixes, count, adding->class, adding->priority);
	for (size_t i = 0; added && i < count; i++)
		added = list_numbers_add(&adding->numbers, number_of_prefix(&prefixes[i]));
	if (!added)
		fprintf(errors, "%s: no memory for %zu entries; free some\n", file, count);
	free(prefixes);
	return added;
}

static bool add_name(void *context, const char *entry)
{
	struct adding *adding = context;
	enum bs_names_of of = (enum bs_names_of)(adding->list->of - LIST_OF_HELO + BS_NAMES_HELO);

	return bs_names_add(adding->base->names, of, entry, adding->class,
		       adding->list->action == BS_ACTION_ALLOW) &&
	       list_numbers_add(&adding->numbers, list_number_of_text(entry));
}

static bool add_file(struct adding *adding, const char *file, FILE *errors)
{
	const struct config_list *list = adding->list;
	size_t count;

	if (access(file, R_OK) != 0) { // here we know the place of its name
		fprintf(errors,
			"%s:%u: list \"%s\": %s can't be read: %s; make it, or correct its name\n",
			list->source, list->line, list->name, file, strerror(errno));
		return false;
	}
	if (list->of == LIST_OF_CLIENTS)
		return add_clients(adding, file, errors);
	return name_file_read(file,
		list->of == LIST_OF_SENDERS || list->of == LIST_OF_RECIPIENTS ? NAME_FILE_ADDRESSES
									      : NAME_FILE_DOMAINS,
		add_name, adding, &count, errors);
}

// One list's class and files. False when one of these is at fault or there is no memory; said.
static bool add_list(struct policy_base *base, const struct config_list *list,
	struct class_rules *rules, uint8_t priority, FILE *errors)
{
	struct adding adding = {.base = base,
		.list = list,
		.rules = rules,
		.class = (uint8_t)base->class_count,
		.priority = priority};
	struct bs_class *class = &base->class[base->class_count++];
	bool good = true;

	snprintf(class->name, sizeof(class->name), "%s", list->name);
	class->action = list->action;
	class->refuse_at = list->refuse_at;
	class->unverified = list->unverified;
	if (list->file != NULL && list->file[0] != '\0')
		good = add_file(&adding, list->file, errors);
	for (size_t i = 0; i < list->file_count; i++)
		good &= add_file(&adding, list->files[i], errors);
	list_numbers_give(&adding.numbers, &base->list[base->list_count++], list->name);
	return good;
}

enum rank { RANK_OBSERVE, RANK_DENY, RANK_RELAY, RANK_ALLOW, RANKS };

static enum rank rank_of(const struct config_list *list)
{
	switch (list->action) {
	case BS_ACTION_ALLOW:
		return RANK_ALLOW;
	case BS_ACTION_RELAY:
		return RANK_RELAY;
	case BS_ACTION_OBSERVE:
		return RANK_OBSERVE;
	default:
		return RANK_DENY;
	}
}

// next[rank] becomes the priority of the first list of clients of that rank. Bogons and own networks have the two above the
// denials.
static unsigned rank_priorities(const struct config *config, unsigned next[RANKS])
{
	unsigned count[RANKS] = {0}, denials;

	for (size_t i = 0; i < config->list_count; i++)
		if (config->list[i].of == LIST_OF_CLIENTS)
			count[rank_of(&config->list[i])]++;
	next[RANK_OBSERVE] = count[RANK_OBSERVE];
	next[RANK_DENY] = denials = next[RANK_OBSERVE] + count[RANK_DENY];
	next[RANK_RELAY] = denials + 2 + count[RANK_RELAY];
	next[RANK_ALLOW] = next[RANK_RELAY] + count[RANK_ALLOW];
	return denials;
}

static bool wants_names(const struct config *config)
{
	for (size_t i = 0; i < config->list_count; i++)
		if (config->list[i].of != LIST_OF_CLIENTS)
			return true;
	return false;
}

static bool make_room(struct policy_base *base, const struct config *config)
{
	base->list = calloc(config->list_count + 1, sizeof(*base->list));
	if (wants_names(config)) {
		base->names = bs_names_new(config->delimiter);
		if (base->names == NULL)
			return false;
	}
	return base->list != NULL;
}

bool policy_lists_add(struct policy_base *base, const struct config *config,
	struct class_rules *rules, FILE *errors)
{
	unsigned next[RANKS], denials = rank_priorities(config, next);
	bool good = true;

	if (!make_room(base, config) ||
		!bogon_rules(rules, BS_CLASS_BOGON, (uint8_t)(denials + 1), config->trusted,
			config->trusted_count) ||
		!class_rules_add_without(rules, config->own, config->own_count, BS_CLASS_OWN,
			(uint8_t)(denials + 2), config->trusted, config->trusted_count)) {
		fprintf(errors, "%s: no memory; free some\n", config->file);
		return false;
	}
	for (size_t i = 0; i < config->list_count; i++) {
		const struct config_list *list = &config->list[i];
		unsigned priority = list->of == LIST_OF_CLIENTS ? next[rank_of(list)]-- : 0;

		// All files are looked at, so that one run names all faults.
		if (!add_list(base, list, rules, (uint8_t)priority, errors))
			good = false;
	}
	return good;
}
