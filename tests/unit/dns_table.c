// SPDX-License-Identifier: BSD-3-Clause
#include "dns_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct dns_table_answer {
	char name[DNS_NAME];
	enum dns_type type;
	char text[DNS_RECORDS][512];
	struct dns_answer answer;
};

static const struct {
	const char *name;
	enum dns_type type;
} types[] = {{"A", DNS_A}, {"AAAA", DNS_AAAA}, {"MX", DNS_MX}, {"PTR", DNS_PTR}, {"TXT", DNS_TXT}};

static bool same_name(const char *written, const char *asked, enum dns_type type)
{
	char reversed[DNS_NAME];
	struct bs_address address;
	if (type == DNS_PTR && bs_address_parse(written, &address) &&
		dns_reverse(&address, "", reversed))
		written = reversed;
	return strcasecmp(written, asked) == 0;
}

static bool is_type(const char *word, enum dns_type type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, word) == 0)
			return types[i].type == type;
	cr_assert_fail("'%s' is no type", word);
	return false;
}

static void add_record(struct dns_table_answer *made, char *data)
{
	struct dns_record *record = &made->answer.record[made->answer.count];
	char *text = made->text[made->answer.count];
	cr_assert_lt(made->answer.count, DNS_RECORDS);
	made->answer.status = DNS_FOUND;
	made->answer.count++;
	if (made->type == DNS_A || made->type == DNS_AAAA) {
		cr_assert(bs_address_parse(data, &record->address), "'%s'", data);
		return;
	}
	if (made->type == DNS_MX)
		record->preference = (uint16_t)strtoul(data, &data, 10);
	data += strspn(data, " ");
	strcpy(text, made->type != DNS_TXT && strcmp(data, ".") == 0 ? "" : data);
	record->length = (uint16_t)strlen(text);
	record->text = text;
}

// False when the answer is late.
static bool read_line(
	const struct dns_table *table, struct dns_table_answer *made, char *line, bool *known)
{
	char *name = strtok_r(line, " ", &line), *type = strtok_r(NULL, " ", &line);
	char *data = line;
	cr_assert_not_null(type, "%s", name);
	if (!same_name(name, made->name, made->type))
		return true;
	*known = true;
	if (!is_type(type, made->type))
		return true;
	if (data[0] == '!') {
		made->answer.status = DNS_TROUBLE;
		strcpy(made->text[0], data + 1);
		made->answer.why = made->text[0];
	} else if (data[0] != '?') {
		add_record(made, data);
	} else if (!table->arrived) {
		return false;
	} else if (data[1] != 0) {
		add_record(made, data + 1 + strspn(data + 1, " "));
	}
	return true;
}

static struct dns_table_answer *make(struct dns_table *table, const char *name, enum dns_type type)
{
	struct dns_table_answer *made = calloc(
		1, sizeof(*made) + DNS_RECORDS * sizeof(struct dns_record));
	char *text = strdup(table->text), *rest = text, *line;
	bool known = false, there = true;
	cr_assert(made != NULL && text != NULL);
	strcpy(made->name, name);
	made->type = type;
	made->answer.status = DNS_NO_DATA;
	while (there && (line = strtok_r(rest, "\n", &rest)) != NULL)
		there = read_line(table, made, line, &known);
	if (!known)
		made->answer.status = DNS_NO_NAME;
	free(text);
	if (there)
		return made;
	free(made);
	return NULL;
}

static const struct dns_answer *look(
	struct dns_source *source, struct dns_asker *asker, const char *name, enum dns_type type)
{
	struct dns_table *table = (struct dns_table *)source;
	struct dns_table_answer *made;
	table->asked++;
	for (unsigned i = 0; i < table->answers; i++)
		if (table->answer[i]->type == type && strcasecmp(table->answer[i]->name, name) == 0)
			return &table->answer[i]->answer;
	made = make(table, name, type);
	if (made == NULL)
		return NULL;
	cr_assert_lt(table->answers, DNS_TABLE_ANSWERS);
	table->answer[table->answers++] = made;
	return &made->answer;
}

static void forget(struct dns_source *source, struct dns_asker *asker)
{
	((struct dns_table *)source)->forgotten++;
}

void dns_table_new(struct dns_table *table, const char *text)
{
	*table = (struct dns_table){.source = {.look = look, .forget = forget}, .text = text};
}

void dns_table_free(struct dns_table *table)
{
	for (unsigned i = 0; i < table->answers; i++)
		free(table->answer[i]);
}

void dns_table_arrive(struct dns_table *table)
{
	table->arrived = true;
}
