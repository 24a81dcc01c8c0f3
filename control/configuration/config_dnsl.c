// SPDX-License-Identifier: BSD-3-Clause
//
// dnsl "NAME" { }: see the header.
#include "control/configuration/config_dnsl.h"

#include <string.h>

#include "control/configuration/config_text.h"
#include "control/configuration/config_values.h"

static void default_zone(struct config_reading *reading, unsigned instance, struct bs_dnsl *list)
{
	const struct config_key *key = config_key_find("dnsl", "zone");
	char why[CONFIG_WHY];

	if (config_setting_of(reading, instance, key)->place.file != NULL)
		return;
	snprintf(list->zone, sizeof(list->zone), "%s", list->name);
	if (!config_text_domain(list->zone, 2, why))
		config_fault(reading, instance, key, 0,
			"is not set, and the section's name is no zone; add zone = "
			"\"zen.spamhaus.org\"");
}

// Addresses between blanks, one for each family at most; of a list of names, one label.
static bool fits(const struct bs_dnsl *list, const char *text)
{
	unsigned ipv4 = 0, ipv6 = 0;
	char why[CONFIG_WHY], copy[sizeof(list->test_listed)], *rest = NULL;

	if (list->kind == BS_DNSL_NAME_KIND)
		return config_text_domain(text, 1, why);
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word != NULL;
		word = strtok_r(NULL, " ", &rest)) {
		struct bs_address address;

		if (!bs_address_parse(word, &address))
			return false;
		*(bs_address_is_ipv4(&address) ? &ipv4 : &ipv6) += 1;
	}
	return ipv4 <= 1 && ipv6 <= 1;
}

static void check_point(struct config_reading *reading, unsigned instance,
	const struct bs_dnsl *list, const char *name, const char *text)
{
	const struct config_key *key = config_key_find("dnsl", name);

	if (text[0] == '\0')
		return;
	if (!list->tested)
		config_fault(reading, instance, key, 0,
			"has no effect with test = no; remove one of them");
	else if (!fits(list, text))
		config_fault(reading, instance, key, 0, "'%.63s' is no such point; write %s", text,
			list->kind == BS_DNSL_NAME_KIND
				? "a name without the zone, like \"test\""
				: "an address, like \"127.0.0.2\", or one of each family, like "
				  "\"127.0.0.2 ::ffff:7f00:2\"");
}

static void check_points(
	struct config_reading *reading, unsigned instance, const struct bs_dnsl *list)
{
	check_point(reading, instance, list, "test-listed", list->test_listed);
	check_point(reading, instance, list, "test-unlisted", list->test_unlisted);
	if (list->test_listed[0] != '\0' && strcasecmp(list->test_listed, list->test_unlisted) == 0)
		config_fault(reading, instance, config_key_find("dnsl", "test-unlisted"), 0,
			"is the same as test-listed, so the list always fails; write another");
}

static void parse_codes(struct config_reading *reading, unsigned instance, struct config_dnsl *dnsl)
{
	for (size_t i = 0; i < dnsl->code_count && i < BS_DNSL_CODES; i++)
		bs_dnsl_code_parse(dnsl->codes[i], &dnsl->list.code[dnsl->list.codes++]);
	if (dnsl->code_count > BS_DNSL_CODES)
		config_fault(reading, instance, config_key_find("dnsl", "codes"), BS_DNSL_CODES,
			"more than %d patterns; put some together, like 127.0.0.[2;4;6..8]",
			BS_DNSL_CODES);
}

void config_check_dnsl(struct config_reading *reading)
{
	size_t number = 0;

	for (unsigned i = 1; i < reading->parse->instance_count; i++) {
		const struct config_instance *instance = &reading->parse->instance[i];

		if (strcmp(instance->row->name, "dnsl") != 0)
			continue;
		struct config_dnsl *dnsl = &reading->config->dnsl[number];

		if (number++ == BS_DNSL_MOST)
			faults_add(reading->faults, instance->place.file, instance->place.line,
				"dnsl: more than %u DNS lists; remove some", BS_DNSL_MOST);
		default_zone(reading, i, &dnsl->list);
		check_points(reading, i, &dnsl->list);
		parse_codes(reading, i, dnsl);
	}
}
