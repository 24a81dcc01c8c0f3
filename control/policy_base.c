// SPDX-License-Identifier: BSD-3-Clause
//
// Building the base of policies: the lists as classes of addresses.
//
// Which class an address gets, when several lists have it (DESIGN: prefer false negatives, so what allows comes first):
//   allow lists, the first of the file before the next
//   own networks, without trusted ones
//   bogons, without trusted ones
//   refuse and drop lists, the first of the file before the next
//   plain
// A class table knows priorities 0 to 255, and there are at most BS_CLASSES_MAX - BS_CLASS_LISTS lists: each has its own.
#include "control/policy_base.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/bogon.h"
#include "control/class_rules.h"
#include "control/list_file.h"

static void add_class(struct policy_base *base, const char *name, uint8_t action, uint8_t refuse_at)
{
	struct bs_class *class = &base->class[base->class_count++];

	snprintf(class->name, sizeof(class->name), "%s", name);
	class->action = action;
	class->refuse_at = refuse_at;
}

// The rules of bogons and own networks, at two priorities above `denials`.
static bool add_networks(const struct config *config, struct class_rules *rules, uint8_t denials)
{
	return bogon_rules(rules, BS_CLASS_BOGON, (uint8_t)(denials + 1), config->trusted,
		       config->trusted_count) &&
	       class_rules_add_without(rules, config->own, config->own_count, BS_CLASS_OWN,
		       (uint8_t)(denials + 2), config->trusted, config->trusted_count);
}

static int by_value(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

// A number for a prefix. Two prefixes of a million have the same one once in 37 million times, and then a count that people
// read is off by one.
static uint64_t number_of(const struct bs_prefix *prefix)
{
	uint64_t half[2], mixed;

	memcpy(half, prefix->address.octet, sizeof(half));
	mixed = (half[0] ^ prefix->length) * UINT64_C(0x9e3779b97f4a7c15);
	mixed = (mixed ^ mixed >> 29 ^ half[1]) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ mixed >> 32) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ mixed >> 31;
}

static bool remember(struct policy_base *base, const struct config_list *list,
	const struct bs_prefix *prefixes, size_t count)
{
	struct policy_list *new = &base->list[base->list_count];
	size_t apart = 0;

	new->entry = calloc(count + 1, sizeof(*new->entry));
	if (new->entry == NULL)
		return false;
	base->list_count++;
	snprintf(new->name, sizeof(new->name), "%s", list->name);
	for (size_t i = 0; i < count; i++)
		new->entry[i] = number_of(&prefixes[i]);
	qsort(new->entry, count, sizeof(*new->entry), by_value);
	for (size_t i = 0; i < count; i++)
		if (apart == 0 || new->entry[apart - 1] != new->entry[i])
			new->entry[apart++] = new->entry[i];
	new->count = apart;
	return true;
}

// One list's file. False when it is at fault or there is no memory; said.
static bool add_list(struct policy_base *base, const struct config_list *list,
	struct class_rules *rules, uint8_t priority, FILE *errors)
{
	uint8_t class = (uint8_t)base->class_count;
	struct bs_prefix *prefixes;
	size_t count;
	bool added;

	add_class(base, list->name, list->action, list->refuse_at);
	if (access(list->file, R_OK) != 0) { // here we know the place of its name
		fprintf(errors,
			"%s:%u: list \"%s\": %s can't be read: %s; make it, or correct its name\n",
			list->source, list->line, list->name, list->file, strerror(errno));
		return false;
	}
	prefixes = list_file_read(list->file, &count, errors);
	if (prefixes == NULL)
		return false;
	added = class_rules_add(rules, prefixes, count, class, priority) &&
		remember(base, list, prefixes, count);
	if (!added)
		fprintf(errors, "%s: no memory for %zu entries; free some\n", list->file, count);
	free(prefixes);
	return added;
}

static bool add_lists(struct policy_base *base, const struct config *config,
	struct class_rules *rules, FILE *errors)
{
	uint8_t allow = UINT8_MAX, denials = 0, deny;
	bool good = true;

	base->list = calloc(config->list_count + 1, sizeof(*base->list));
	for (size_t i = 0; i < config->list_count; i++)
		denials += config->list[i].action != BS_ACTION_ALLOW;
	deny = denials; // down to 1; bogons and own networks have the two above
	if (base->list == NULL || !add_networks(config, rules, denials)) {
		fprintf(errors, "%s: no memory; free some\n", config->file);
		return false;
	}
	for (size_t i = 0; i < config->list_count; i++) {
		const struct config_list *list = &config->list[i];

		// All files are looked at, so that one run names all faults.
		if (!add_list(base, list, rules, list->action == BS_ACTION_ALLOW ? allow-- : deny--,
			    errors))
			good = false;
	}
	return good;
}

static bool copy_domains(struct policy_base *base, const struct config *config)
{
	base->domains = calloc(config->domain_count + 1, sizeof(*base->domains));
	if (base->domains == NULL)
		return false;
	for (size_t i = 0; i < config->domain_count; i++) {
		base->domains[i] = strdup(config->domains[i]);
		if (base->domains[i] == NULL)
			return false;
		base->domain_count++;
	}
	return true;
}

static bool build(struct policy_base *base, const struct config *config, FILE *errors)
{
	struct class_rules rules = {0};
	bool good;

	add_class(base, "plain", BS_ACTION_NONE, BS_REFUSE_AT_RCPT);
	add_class(base, "bogon", BS_ACTION_BOGON, BS_REFUSE_AT_CONNECT);
	add_class(base, "own", BS_ACTION_OWN, BS_REFUSE_AT_CONNECT);
	add_class(base, "runtime-allow", BS_ACTION_ALLOW, BS_REFUSE_AT_RCPT);
	add_class(base, "runtime-deny", BS_ACTION_REFUSE, BS_REFUSE_AT_CONNECT);
	good = add_lists(base, config, &rules, errors);
	if (good) {
		base->classes = bs_class_table_new(rules.rule, rules.count);
		good = base->classes != NULL && copy_domains(base, config);
		if (!good)
			fprintf(errors, "%s: no memory for %zu entries of lists; free some\n",
				config->file, rules.count);
	}
	class_rules_free(&rules);
	return good;
}

struct policy_base *policy_base_new(const struct config *config, FILE *errors)
{
	struct policy_base *base = calloc(1, sizeof(*base));

	if (base == NULL)
		fprintf(errors, "%s: no memory; free some\n", config->file);
	else if (build(base, config, errors))
		return base;
	policy_base_free(base);
	return NULL;
}

void policy_base_free_table(struct policy_base *base)
{
	bs_class_table_free(base->classes);
	base->classes = NULL;
}

void policy_base_free(struct policy_base *base)
{
	if (base == NULL)
		return;
	for (uint32_t i = 0; i < base->domain_count; i++)
		free(base->domains[i]);
	for (size_t i = 0; i < base->list_count; i++)
		free(base->list[i].entry);
	free(base->domains);
	free(base->list);
	policy_base_free_table(base);
	free(base);
}

size_t policy_list_common(const struct policy_list *a, const struct policy_list *b)
{
	size_t common = 0;

	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		if (a->entry[i] == b->entry[j])
			common++;
		size_t step = a->entry[i] <= b->entry[j];

		j += b->entry[j] <= a->entry[i];
		i += step;
	}
	return common;
}
