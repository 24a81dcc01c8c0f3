// SPDX-License-Identifier: BSD-3-Clause
//
// Runs the openspf.org test suite of RFC 7208:
//   spf_suite SUITE.yml EXCEPTIONS [CASE]
// Each case is evaluated twice, with answers that are there at once and with answers that come late. EXCEPTIONS names the cases that come
// out otherwise than the suite wants, one a line, each with its reason behind it; the test fails when another one does, when one of
// them does not, when one comes out `fail` that should not, and when fewer than 95 of 100 pass. Where SUITE.yml is not
// there it says so and is skipped (exit code 77). With CASE it runs that one and tells of it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <yaml.h>

#include "smtp/spf/spf.h"
#include "zone.h"

#define SKIPPED 77
#define LEAST   95 // of 100
#define EXPLAIN 4  // expected results of a case
#define ROUNDS  400

struct suite {
	struct spf *spf;
	struct zone zone;
	const char *only; // a case
	char *exceptions;
	unsigned cases, passed, excepted, wrong;
};

static const char *scalar(const yaml_node_t *node)
{
	return node != NULL && node->type == YAML_SCALAR_NODE
		       ? (const char *)node->data.scalar.value
		       : "";
}

static yaml_node_t *value_of(yaml_document_t *document, yaml_node_t *map, const char *key)
{
	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top; pair++)
		if (strcmp(scalar(yaml_document_get_node(document, pair->key)), key) == 0)
			return yaml_document_get_node(document, pair->value);
	return NULL;
}

// What YAML reads as a character beyond ASCII is meant as a byte.
static void add_bytes(struct zone_entry *entry, const yaml_node_t *node)
{
	if (node == NULL || node->type != YAML_SCALAR_NODE)
		return;
	const yaml_char_t *bytes = node->data.scalar.value;
	size_t count = node->data.scalar.length;
	char *text = realloc(entry->text, entry->length + count + 1);
	if (text == NULL)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		unsigned byte = bytes[i];
		if ((byte & 0xfc) == 0xc0 && i + 1 < count)
			byte = (byte << 6 | (bytes[++i] & 0x3f)) & 0xff;
		text[entry->length++] = (char)byte;
	}
	text[entry->length] = 0;
	entry->text = text;
}

static const struct {
	const char *name;
	enum dns_type type;
} types[] = {{"A", DNS_A}, {"AAAA", DNS_AAAA}, {"MX", DNS_MX}, {"PTR", DNS_PTR}, {"TXT", DNS_TXT},
	{"SPF", DNS_TXT}, {"CNAME", 0}};

static void add_value(yaml_document_t *document, struct zone_entry *entry, yaml_node_t *value)
{
	if (value->type != YAML_SEQUENCE_NODE) {
		add_bytes(entry, value);
	} else {
		yaml_node_item_t *item = value->data.sequence.items.start;
		if (entry->type == DNS_MX && item < value->data.sequence.items.top)
			entry->preference = (unsigned)strtoul(
				scalar(yaml_document_get_node(document, *item++)), NULL, 10);
		for (; item < value->data.sequence.items.top; item++)
			add_bytes(entry, yaml_document_get_node(document, *item));
	}
	if (entry->text == NULL)
		entry->text = calloc(1, 1);
	if (entry->text != NULL && entry->type != DNS_TXT && entry->length > 0 &&
		entry->text[entry->length - 1] == '.')
		entry->text[--entry->length] = 0;
}

static void add_entry(
	yaml_document_t *document, struct zone *zone, const char *name, yaml_node_t *node)
{
	struct zone_entry *entry = zone_add(zone, name);
	if (node->type == YAML_SCALAR_NODE) {
		entry->kind = ZONE_TIMEOUT;
		return;
	}
	yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	const char *type = scalar(yaml_document_get_node(document, pair->key));
	yaml_node_t *value = yaml_document_get_node(document, pair->value);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, type) == 0)
			entry->type = types[i].type;
	entry->spf = strcmp(type, "SPF") == 0;
	if (strcmp(scalar(value), "NONE") == 0 && !entry->spf)
		entry->kind = ZONE_NONE;
	else if (entry->type == 0)
		entry->kind = ZONE_ALIAS;
	add_value(document, entry, value);
}

static void read_zone(yaml_document_t *document, struct zone *zone, yaml_node_t *map)
{
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
		pair < map->data.mapping.pairs.top; pair++) {
		const char *name = scalar(yaml_document_get_node(document, pair->key));
		yaml_node_t *list = yaml_document_get_node(document, pair->value);
		for (yaml_node_item_t *item = list->data.sequence.items.start;
			item < list->data.sequence.items.top; item++)
			add_entry(document, zone, name, yaml_document_get_node(document, *item));
	}
}

static bool host_address(const char *host, struct bs_address *address)
{
	if (strncasecmp(host, "::ffff:", 7) == 0)
		host += 7; // as it comes over a socket that listens on both
	return bs_address_parse(host, address);
}

static void news(struct dns_asker *asker)
{
}

static void evaluate(struct suite *suite, const char *helo, const char *host, const char *from,
	bool late, struct spf_outcome *outcome)
{
	char local[128] = "";
	struct bs_address client;
	struct dns_asker asker;
	const char *at = strrchr(from, '@'), *domain = at != NULL ? at + 1 : from;
	if (at != NULL)
		snprintf(local, sizeof(local), "%.*s", (int)(at - from), from);
	if (from[0] == 0)
		domain = helo;
	if (!host_address(host, &client)) {
		fprintf(stderr, "no address: %s\n", host);
		exit(1);
	}
	suite->zone.late = late;
	dns_asker_init(&asker, &suite->zone.source, news);
	for (unsigned round = 0;
		!spf_evaluate(suite->spf, &asker, &client, helo, local, domain, outcome); round++) {
		if (round == ROUNDS) {
			fprintf(stderr, "no end: %s\n", from);
			exit(1);
		}
	}
	dns_asker_forget(&asker);
}

static bool is_exception(const struct suite *suite, const char *name)
{
	size_t length = strlen(name);
	for (const char *line = suite->exceptions; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ' ')
			return true;
	}
	return false;
}

// What the case wants; several results may be right.
static unsigned expected_of(
	yaml_document_t *document, yaml_node_t *node, const char *expected[EXPLAIN])
{
	unsigned count = 0;
	if (node->type != YAML_SEQUENCE_NODE) {
		expected[count++] = scalar(node);
		return count;
	}
	for (yaml_node_item_t *item = node->data.sequence.items.start;
		item < node->data.sequence.items.top && count < EXPLAIN; item++)
		expected[count++] = scalar(yaml_document_get_node(document, *item));
	return count;
}

static bool is_among(const char *result, const char *const expected[], unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(result, expected[i]) == 0)
			return true;
	return false;
}

static void run_case(
	struct suite *suite, yaml_document_t *document, const char *name, yaml_node_t *test)
{
	const char *expected[EXPLAIN];
	struct spf_outcome soon, late;
	if (suite->only != NULL && strcmp(suite->only, name) != 0)
		return;
	const char *helo = scalar(value_of(document, test, "helo")),
		   *host = scalar(value_of(document, test, "host")),
		   *from = scalar(value_of(document, test, "mailfrom"));
	unsigned count = expected_of(document, value_of(document, test, "result"), expected);
	evaluate(suite, helo, host, from, false, &soon);
	evaluate(suite, helo, host, from, true, &late);
	const char *result = spf_result_name(soon.result);
	bool right = is_among(result, expected, count), excepted = is_exception(suite, name);
	bool differs = soon.result != late.result || strcmp(soon.detail, late.detail) != 0;
	bool refuses = soon.result == SPF_FAIL && !right;
	suite->cases++;
	suite->passed += right;
	suite->excepted += excepted;
	if (right == excepted || differs || refuses) {
		suite->wrong++;
		printf("FAIL %s: %s (%s)%s, wants %s%s\n", name, result, soon.detail,
			differs ? ", and otherwise when answers are late" : "", expected[0],
			right && excepted ? ", though listed as an exception" : "");
	} else if (suite->only != NULL) {
		printf("%s: %s (%s), wants %s\n", name, result, soon.detail, expected[0]);
	}
}

static void run_document(struct suite *suite, yaml_document_t *document)
{
	yaml_node_t *root = yaml_document_get_root_node(document);
	yaml_node_t *tests = value_of(document, root, "tests");
	yaml_node_t *zone = value_of(document, root, "zonedata");
	if (tests == NULL || zone == NULL)
		return;
	zone_init(&suite->zone);
	read_zone(document, &suite->zone, zone);
	for (yaml_node_pair_t *pair = tests->data.mapping.pairs.start;
		pair < tests->data.mapping.pairs.top; pair++)
		run_case(suite, document, scalar(yaml_document_get_node(document, pair->key)),
			yaml_document_get_node(document, pair->value));
	zone_clear(&suite->zone);
}

static bool run_file(struct suite *suite, FILE *file)
{
	yaml_parser_t parser;
	yaml_document_t document;
	bool more = true, good = true;
	if (!yaml_parser_initialize(&parser))
		return false;
	yaml_parser_set_input_file(&parser, file);
	while (more) {
		if (!yaml_parser_load(&parser, &document)) {
			printf("line %zu: %s\n", parser.problem_mark.line + 1, parser.problem);
			good = more = false;
			continue;
		}
		more = yaml_document_get_root_node(&document) != NULL;
		if (more)
			run_document(suite, &document);
		yaml_document_delete(&document);
	}
	yaml_parser_delete(&parser);
	return good;
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t room = 0;
	if (file == NULL || getdelim(&text, &room, 0, file) < 0) {
		perror(path);
		exit(1);
	}
	fclose(file);
	return text;
}

int main(int argc, char **argv)
{
	struct suite suite = {.only = argc > 3 ? argv[3] : NULL};
	if (argc < 3) {
		fputs("usage: spf_suite SUITE.yml EXCEPTIONS [CASE]\n", stderr);
		return 2;
	}
	FILE *file = fopen(argv[1], "r");
	if (file == NULL) {
		printf("SKIP: %s is not there: the openspf.org test suite of RFC 7208\n", argv[1]);
		return SKIPPED;
	}
	suite.exceptions = read_text(argv[2]);
	suite.spf = spf_new("mx.example.org");
	bool read = suite.spf != NULL && run_file(&suite, file);
	fclose(file);
	spf_free(suite.spf);
	free(suite.exceptions);
	printf("%u of %u cases as RFC 7208 wants, %u listed exceptions, %u wrong\n", suite.passed,
		suite.cases, suite.excepted, suite.wrong);
	if (suite.only != NULL)
		return suite.cases == 0;
	return !read || suite.wrong > 0 || suite.cases == 0 ||
	       suite.passed * 100 < suite.cases * LEAST;
}
