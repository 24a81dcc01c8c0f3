// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: lists that do nothing, allow or deny too much, or hit ourselves; recipients who can't be met.
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "control/audit/audit_say.h"
#include "control/configuration/config_keys.h"
#include "control/lists/list_file.h"
#include "control/lists/name_file.h"
#include "control/lists/name_set.h"
#include "smtp/relay/relay_place.h"

// Shorter prefixes are no network of anybody.
#define SHORTEST_IPV4 9u
#define SHORTEST_IPV6 17u

static bool denies(uint8_t action)
{
	return action == BS_ACTION_REFUSE || action == BS_ACTION_DROP ||
	       action == BS_ACTION_STUTTER;
}

static void audit_empty(struct audit *audit, const struct policy_base *base)
{
	char list[AUDIT_LIST];

	for (size_t i = 0; i < base->list_count; i++)
		if (base->list[i].count == 0)
			audit_warning(audit,
				"%s: there is no entry in it, so it does nothing; fill its file, "
				"or remove it",
				audit_list(audit, base->list[i].name, list));
}

static bool is_huge(const struct bs_prefix *prefix)
{
	return bs_prefix_is_ipv4(prefix) ? prefix->length < 96 + SHORTEST_IPV4
					 : prefix->length < SHORTEST_IPV6;
}

static void audit_huge_in(struct audit *audit, const struct config_list *list, const char *file)
{
	char text[BS_PREFIX_TEXT], place[AUDIT_LIST];
	size_t count;
	struct bs_prefix *prefixes = list_file_read(file, &count, audit->out); // was read before

	for (size_t i = 0; prefixes != NULL && i < count; i++) {
		if (!is_huge(&prefixes[i]))
			continue;
		audit_warning(audit,
			"%s: %s of %s is no network of anybody: it %s everyone in it; "
			"remove it if that is not meant",
			audit_list(audit, list->name, place), bs_prefix_format(&prefixes[i], text),
			file,
			bs_action_spares(list->action)      ? "lets in"
			: list->action == BS_ACTION_OBSERVE ? "would refuse"
							    : "refuses");
	}
	free(prefixes);
}

static void audit_huge(struct audit *audit)
{
	for (size_t i = 0; i < audit->config->list_count; i++) {
		const struct config_list *list = &audit->config->list[i];

		if (list->of != LIST_OF_CLIENTS)
			continue;
		if (list->file != NULL && list->file[0] != '\0')
			audit_huge_in(audit, list, list->file);
		for (size_t f = 0; f < list->file_count; f++)
			audit_huge_in(audit, list, list->files[f]);
	}
}

static void audit_denied(struct audit *audit, const struct policy_base *base,
	const struct bs_address *address, const char *what)
{
	char text[BS_ADDRESS_TEXT], list[AUDIT_LIST];
	uint8_t class;

	bs_classify_bulk(base->classes, address, &class, 1);
	if (class >= BS_CLASS_LISTS && denies(base->class[class].action))
		audit_warning(audit, "%s: it has %s %s; take it out, or allow it",
			audit_list(audit, base->class[class].name, list), what,
			bs_address_format(address, text));
}

static void audit_ourselves(struct audit *audit, const struct policy_base *base)
{
	const struct config *config = audit->config;
	struct relay_address found[RELAY_ADDRESSES] = {0};
	struct relay_place place;
	char why[160];
	unsigned count = 0;

	for (size_t p = 0; p < config->port_count; p++)
		for (size_t a = 0; a < config->port[p].address_count; a++)
			audit_denied(audit, base, &config->port[p].address[a].address,
				"our own address");
	if (relay_place_is(config->backend) && relay_place_parse(config->backend, &place, why) &&
		place.host[0] != '\0')
		count = relay_place_resolve(&place, false, found, why);
	for (unsigned i = 0; i < count; i++) {
		// cppcheck-suppress uninitvar; found[] was filled up to `count` above
		const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&found[i].socket;
		const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&found[i].socket;
		struct bs_address address = found[i].socket.ss_family == AF_INET
						    ? bs_address_from_ipv4(&ipv4->sin_addr)
						    : bs_address_from_ipv6(&ipv6->sin6_addr);

		audit_denied(audit, base, &address,
			"the mail server behind us, whose own mail would be refused:");
	}
}

// Who pretends to be one of us would pass every filter.
static void audit_pretenders(struct audit *audit, const struct policy_base *base)
{
	uint8_t rows[BS_NAMES_ROWS];
	char list[AUDIT_LIST];

	for (uint32_t i = 0; i < base->domain_count; i++) {
		unsigned count = bs_names_find(
			base->names, BS_NAMES_SENDER, NULL, base->domains[i], rows);

		if (count > 0 && base->class[rows[0]].action == BS_ACTION_ALLOW &&
			base->class[rows[0]].unverified)
			audit_warning(audit,
				"%s: it allows our own domain %s with unverified = yes: "
				"whoever pretends to be one of us passes every filter; take it out",
				audit_list(audit, base->class[rows[0]].name, list),
				base->domains[i]);
	}
}

// Entries of recipients, looked through for domains.
struct domains_seen {
	const struct policy_base *base;
	struct name_set *seen;
	size_t foreign;
	bool all; // an entry for all domains
	char first[80];
};

static bool is_above_ours(const struct policy_base *base, const char *domain)
{
	size_t length = strlen(domain);

	for (uint32_t i = 0; i < base->domain_count; i++) {
		size_t ours = strlen(base->domains[i]);

		if (ours > length && strcmp(base->domains[i] + ours - length, domain) == 0)
			return true;
	}
	return false;
}

static bool see(void *context, const char *entry)
{
	struct domains_seen *seen = context;
	const char *at = strrchr(entry, '@'), *domain = at == NULL ? entry : at + 1;

	if (*domain == '\0') {
		seen->all = true;
		return true;
	}
	if (bs_domains_has(seen->base->domain_index, domain))
		return name_set_add(seen->seen, 0, domain, strlen(domain), 0);
	if ((*domain != '.' || !is_above_ours(seen->base, domain)) && seen->foreign++ == 0)
		snprintf(seen->first, sizeof(seen->first), "%s", entry);
	return true;
}

static void see_file(struct audit *audit, struct domains_seen *seen, const char *place,
	const char *file, enum name_file_kind kind)
{
	size_t count;

	seen->foreign = 0;
	if (name_file_read(file, kind, see, seen, &count, audit->out) && seen->foreign > 0)
		audit_warning(audit,
			"%s: %s: %zu recipients are of domains that are not ours, the first is %s; "
			"add "
			"their domains, or remove them",
			place, file, seen->foreign, seen->first);
}

static void see_list(struct audit *audit, struct domains_seen *seen, const struct config_list *list)
{
	char place[AUDIT_LIST];

	if (list->of != LIST_OF_RECIPIENTS)
		return;
	audit_list(audit, list->name, place);
	if (list->file != NULL && list->file[0] != '\0')
		see_file(audit, seen, place, list->file, NAME_FILE_ADDRESSES);
	for (size_t i = 0; i < list->file_count; i++)
		see_file(audit, seen, place, list->files[i], NAME_FILE_ADDRESSES);
}

// Domains all of whose mail is refused.
static void audit_unmet(struct audit *audit, const struct domains_seen *seen)
{
	const struct config *config = audit->config;
	struct name_set_numbers numbers = {0};
	char place[CONFIG_PLACE];

	if (config->recipient_file_count + config->catch_all_count == 0 || config->ask_backend ||
		config->pattern_file_count > 0 || seen->all)
		return;
	for (size_t i = 0; i < config->catch_all_count; i++)
		if (!name_set_add(
			    seen->seen, 0, config->catch_all[i], strlen(config->catch_all[i]), 0))
			return;
	for (size_t i = 0; i < config->domain_count; i++)
		if (!name_set_find(seen->seen, 0, config->domains[i], strlen(config->domains[i]),
			    &numbers))
			audit_warning(audit,
				"%s: recipients: nobody of %s is in a file, so all its mail is "
				"refused; "
				"add its recipients, or ask-backend = yes",
				config_key_place(config, "recipients",
					config->recipient_file_count > 0 ? "files" : "catch-all",
					place),
				config->domains[i]);
}

static void audit_recipients(struct audit *audit, const struct policy_base *base)
{
	const struct config *config = audit->config;
	struct domains_seen seen = {.base = base, .seen = name_set_new()};
	char place[CONFIG_PLACE];

	if (seen.seen == NULL)
		return;
	for (size_t i = 0; i < config->recipient_file_count; i++)
		see_file(audit, &seen, config_key_place(config, "recipients", "files", place),
			config->recipient_files[i], NAME_FILE_RECIPIENTS);
	audit_unmet(audit, &seen);
	for (size_t i = 0; i < config->spamtrap_file_count; i++)
		see_file(audit, &seen, config_key_place(config, "recipients", "spamtraps", place),
			config->spamtrap_files[i], NAME_FILE_RECIPIENTS);
	for (size_t i = 0; i < config->list_count; i++)
		see_list(audit, &seen, &config->list[i]);
	name_set_free(seen.seen);
	for (size_t i = 0; i < config->catch_all_count; i++)
		audit_warning(audit,
			"%s: recipients.catch-all: nobody is unknown in %s, so who harvests there "
			"is "
			"neither counted nor disconnected (smtp.unknown-recipients); list its "
			"recipients if they can be told",
			config_key_place(config, "recipients", "catch-all", place),
			config->catch_all[i]);
}

void audit_lists(struct audit *audit, const struct policy_base *base)
{
	audit_empty(audit, base);
	audit_huge(audit);
	audit_ourselves(audit, base);
	audit_pretenders(audit, base);
	audit_recipients(audit, base);
}
