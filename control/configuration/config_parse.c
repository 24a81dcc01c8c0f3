// SPDX-License-Identifier: BSD-3-Clause
//
// From files to items: see the header.
#include "control/configuration/config_parse.h"

#include <confuse.h>
#include <libgen.h>
#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// libConfuse's callbacks get no context. An option's default number, which a text option doesn't use, carries
// ours.
static struct config_parse *parse_of(const cfg_opt_t *option)
{
	return (struct config_parse *)(intptr_t)option->def.number;
}

static struct config_place place_now(const struct config_parse *parse, const cfg_t *cfg)
{
	return (struct config_place){.file = parse->now->file, .line = (unsigned)cfg->line};
}

static bool add_item(struct config_parse *parse, cfg_t *cfg, const cfg_opt_t *option,
	const struct config_key *key, const char *value)
{
	struct config_item *item = realloc(
		parse->item, (parse->item_count + 1) * sizeof(*parse->item));
	bool empty = strcmp(value, CONFIG_MARK) == 0;

	if (item == NULL)
		return false;
	parse->item = item;
	item += parse->item_count;
	*item = (struct config_item){.key = key,
		.instance = config_section_find(cfg->name) != NULL && cfg->title != NULL
				    ? parse->instance_count - 1
				    : 0,
		.place = place_now(parse, cfg),
		.begins = option->nvalues == 1}; // libConfuse cleared the old values at '='
	if (!empty && (item->text = strdup(value)) == NULL)
		return false;
	parse->item_count++;
	return true;
}

static bool add_instance(struct config_parse *parse, const struct config_section_row *row,
	const char *title, struct config_place place)
{
	struct config_instance *instance = realloc(
		parse->instance, (parse->instance_count + 1) * sizeof(*parse->instance));

	if (instance == NULL)
		return false;
	parse->instance = instance;
	instance += parse->instance_count;
	*instance = (struct config_instance){.row = row, .place = place};
	if ((instance->title = strdup(title)) == NULL)
		return false;
	parse->instance_count++;
	return true;
}

// libConfuse read a value, or the mark at the beginning of a section.
static int take(cfg_t *cfg, cfg_opt_t *option, const char *value, void *result)
{
	struct config_parse *parse = parse_of(option);
	const char *section = cfg->title == NULL && strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
	bool taken = true;

	*(const char **)result = value;
	if (strcmp(option->name, CONFIG_MARK) == 0) {
		if (cfg->title != NULL)
			taken = add_instance(parse, config_section_find(cfg->name), cfg->title,
				place_now(parse, cfg));
	} else {
		const struct config_key *key = config_key_find(section, option->name);

		taken = key != NULL && add_item(parse, cfg, option, key, value);
	}
	if (!taken)
		faults_add(parse->faults, parse->now->file, (unsigned)cfg->line,
			"no memory; free some");
	return taken ? 0 : -1;
}

// What config_slips() has let through and libConfuse stumbles over.
static void on_error(cfg_t *cfg, const char *format, va_list arguments)
{
	struct config_parse *parse = parse_of(&cfg->opts[0]);
	char text[300];

	vsnprintf(text, sizeof(text), format, arguments);
	faults_add(parse->faults, parse->now->file, (unsigned)cfg->line, "%s; write KEY = VALUE",
		text);
}

// Reads `file` into `cfg`, which may be a section. False after a fault.
static bool parse_file(struct config_parse *parse, cfg_t *cfg, const char *file,
	const char *from_file, unsigned from_line)
{
	bool root = cfg->title == NULL && strcmp(cfg->name, "root") == 0;
	const struct config_source *before = parse->now;
	struct config_source *source;
	unsigned faults = faults_count(parse->faults);
	char *text;

	if (parse->source_count == CONFIG_FILES) {
		faults_add(parse->faults, from_file, from_line,
			"more than %d files; put some of them together", CONFIG_FILES);
		return false;
	}
	source = config_source_read(file, from_file, from_line, parse->faults);
	if (source == NULL)
		return false;
	parse->source[parse->source_count++] = source;
	for (unsigned i = 0; i < parse->include_depth; i++) {
		if (parse->including[i]->device == source->device &&
			parse->including[i]->inode == source->inode) {
			faults_add(parse->faults, from_file, from_line,
				"%s is included by itself; remove this include", file);
			return false;
		}
	}
	config_slips(source, root ? "" : cfg->name, parse->faults);
	if (faults_count(parse->faults) > faults)
		return false;
	text = config_source_text(source);
	if (text == NULL) {
		faults_add(parse->faults, from_file, from_line, "no memory; free some");
		return false;
	}
	parse->now = source;
	parse->including[parse->include_depth++] = source;
	int status = cfg_parse_buf(cfg, text);
	parse->include_depth--;
	parse->now = before;
	free(text);
	if (status != CFG_SUCCESS && faults_count(parse->faults) == faults)
		faults_add(parse->faults, file, 0, "libConfuse can't read it; free some memory");
	return status == CFG_SUCCESS;
}

// include("FILE"): a relative name counts from the folder of the file that it stands in. A fault in there doesn't
// end the reading of this one.
static int on_include(cfg_t *cfg, cfg_opt_t *option, int count, const char **argument)
{
	struct config_parse *parse = parse_of(option);
	char folder[PATH_MAX], path[PATH_MAX];
	int line = cfg->line; // cfg_parse_buf() counts from 1 again
	int length;

	snprintf(folder, sizeof(folder), "%s", parse->now->file);
	if (argument[0][0] == '/')
		length = snprintf(path, sizeof(path), "%s", argument[0]);
	else
		length = snprintf(path, sizeof(path), "%s/%s", dirname(folder), argument[0]);
	if (length >= (int)sizeof(path) || argument[0][0] == '\0')
		faults_add(parse->faults, parse->now->file, (unsigned)line,
			"include: not the name of a file; write include(\"/path/file\")");
	else if (!parse_file(parse, cfg, path, parse->now->file, (unsigned)line))
		parse->incomplete = true;
	cfg->line = line;
	return 0;
}

// libConfuse's table for `section`, subsections too for the top. malloc()ed with all below it.
static cfg_opt_t *options_new(struct config_parse *parse, const char *section)
{
	cfg_opt_t *options = calloc(config_key_count + config_section_count + 3, sizeof(*options));
	cfg_opt_t *next = options;
	const long context = (long)(intptr_t)parse;

	if (options == NULL)
		return NULL;
	*next++ = (cfg_opt_t){
		.name = CONFIG_MARK, // on_error() wants an option with our context first
		.type = CFGT_STR,
		.flags = CFGF_NODEFAULT,
		.parsecb = take,
		.def.number = context};
	*next++ = (cfg_opt_t){
		.name = "include", .type = CFGT_FUNC, .func = on_include, .def.number = context};
	for (unsigned i = 0; i < config_key_count; i++) {
		if (strcmp(config_keys[i].section, section) != 0)
			continue;
		bool list = config_key_is_list(&config_keys[i]);

		*next++ = (cfg_opt_t){.name = config_keys[i].name,
			.type = CFGT_STR,
			.flags = CFGF_NODEFAULT | (list ? CFGF_LIST : CFGF_NONE),
			.parsecb = take,
			.def.number = context};
	}
	for (unsigned i = 1; section[0] == '\0' && i < config_section_count; i++) {
		cfg_opt_t *below = options_new(parse, config_sections[i].name);

		*next++ = (cfg_opt_t){.name = config_sections[i].name,
			.type = CFGT_SEC,
			.subopts = below,
			.flags = config_sections[i].titled ? CFGF_MULTI | CFGF_TITLE : CFGF_NONE};
		parse->failed |= below == NULL;
	}
	return options; // the rest is zero: CFG_END()
}

static void options_free(cfg_opt_t *options)
{
	for (cfg_opt_t *option = options; option != NULL && option->name != NULL; option++)
		options_free(option->subopts);
	free(options);
}

// cfg_init() copies the options.
static cfg_t *cfg_new(struct config_parse *parse)
{
	cfg_opt_t *options = options_new(parse, "");
	cfg_t *cfg = options == NULL || parse->failed ? NULL : cfg_init(options, CFGF_NONE);

	options_free(options);
	if (cfg != NULL)
		cfg_set_error_function(cfg, on_error);
	return cfg;
}

struct config_parse *config_parse_new(const char *file, struct faults *faults)
{
	struct config_parse *parse = calloc(1, sizeof(*parse));
	// libConfuse translates its messages; ours are English.
	locale_t english = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = (locale_t)0;
	cfg_t *cfg = NULL;

	if (english != (locale_t)0)
		before = uselocale(english);
	if (parse != NULL) {
		parse->faults = faults;
		if (add_instance(parse, &config_sections[0], "", (struct config_place){file, 0}))
			cfg = cfg_new(parse);
	}
	if (cfg == NULL)
		faults_add(faults, file, 0, "no memory; free some");
	else if (!parse_file(parse, cfg, file, file, 0))
		parse->failed = true;
	if (english != (locale_t)0) {
		uselocale(before);
		freelocale(english);
	}
	bool failed = cfg == NULL || parse->failed;
	if (cfg != NULL)
		cfg_free(cfg);
	if (failed) {
		config_parse_free(parse);
		return NULL;
	}
	parse->instance[0].place.file = parse->source[0]->file;
	parse->instance[0].place.line = 1;
	return parse;
}

void config_parse_free(struct config_parse *parse)
{
	if (parse == NULL)
		return;
	for (unsigned i = 0; i < parse->source_count; i++)
		config_source_free(parse->source[i]);
	for (unsigned i = 0; i < parse->instance_count; i++)
		free(parse->instance[i].title);
	for (size_t i = 0; i < parse->item_count; i++)
		free(parse->item[i].text);
	free(parse->instance);
	free(parse->item);
	free(parse);
}
