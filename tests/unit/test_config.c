// SPDX-License-Identifier: BSD-3-Clause
//
// Every key of the table with wrong values: refused, with file, line and key; and with good ones: they come back as
// they went in.
#include "tests/unit/config_case.h"

#include <inttypes.h>

#include "control/configuration/config_keys.h"
#include "control/configuration/config_print.h"
#include "control/configuration/config_values.h"

TestSuite(config, .init = make_folder, .fini = remove_folder);

#define VALUES 16

// What is wrong for every key of a kind, as it would stand behind "KEY = ".
static const char *const wrong[][VALUES] = {
	[KIND_HOSTNAME] = {"\"\"", "mx1", "\"-a.example.org\"", "\"a..example.org\"", "192.0.2.1",
		"\"mx1.example.org.\"",
		"\"b\xc3\xbc"
		"cher.example\"",
		"\"a_b.example.org\"", "\"mx 1.example.org\""},
	[KIND_TEXT] = {"\"b\xc3\xbc"
		       "cher\"",
		"\"a\tb\""},
	[KIND_REPLY] = {"\"a $word\"", "\"b\xc3\xbc"
				       "cher\""},
	[KIND_PCI] = {"03:00.0", "0000:03:00.8", "0000:03:00.01", "x", "\"0000:0g:00.0\""},
	[KIND_SERVERS] = {"localhost", "192.0.2.1:0", "192.0.2.300", "\"[::1\"", "\"::1]\""},
	[KIND_INTERFACE] = {"\"a b\"", "a/b", "..", "\"a:b\"", "sixteenletters00"},
	[KIND_BACKEND] = {"\"\"", "/var/mail", "mbox:/var/mail", "maildir:mail", "\"maildir:\""},
	[KIND_LOG] = {"\"\"", "\"file:\"", "file:a.log", "journald"},
	[KIND_SYSLOG_NAME] = {"\"\"", "\"a b\"", "\"a[1]\""},
	[KIND_PATH] = {"\"\"", "a/b", "\" /a\""},
	[KIND_COUNT] = {"\"\"", "abc", "-1", "\"+1\"", "\"1 \"", "\" 1\"", "1.5", "0x10", "5s",
		"1kb", "99999999999999999999999"},
	[KIND_SIZE] = {"\"\"", "abc", "-1", "1.5kb", "5s", "1kib", "\"1 kb\"", "kb",
		"99999999999999999999999", "99999999999999999gb"},
	[KIND_DURATION] = {"\"\"", "abc", "-1s", "5", "1.5s", "5kb", "\"5 s\"", "s",
		"99999999999999999999999s", "99999999999999999d"},
	[KIND_SHARE] = {"\"\"", "abc", "-1%", "5", "1.5%", "5ms", "\"5 %\"", "%", "101%",
		"99999999999999999999999ppm"},
	[KIND_WORD] = {"\"\"", "nonsense", "1", "\"|\""},
	[KIND_ZONE] = {"\"\"", "-a.example", "\"a b\"", "127.0.0.1"},
	[KIND_POINT] = {"x", "\"127.0.0.2/32\"", "\"127.0.0.2 127.0.0.3\"", "\"a,b\""},
	[KIND_SCORE] = {"\"\"", "abc", "1.", ".5", "1.255", "100", "-99.995", "\"+1\"", "1,5", "1/",
		"/1", "1/2/3", "\"1 / 2\"", "1e1", "1/100"},
	[KIND_TOTAL] = {"\"\"", "abc", "1.", "1.255", "1000", "-1000", "99999999999999999999",
		"\"+1\"", "1/2", "Never"},
	[KIND_DOMAINS] = {"{}", "{\"\"}", "{\"*\"}", "{\"*.example.org\"}", "{\"-a.org\"}",
		"{\"a.org\", \"A.org\"}", "{192.0.2.1}", "{\"[192.0.2.1]\"}", "{\"@a.org\"}"},
	[KIND_ADDRESSES] = {"{}", "{\"\"}", "{\"x\"}", "{\"192.0.2.25\"}", "{\"192.0.2.25/33\"}",
		"{\"192.0.2.256/24\"}", "{\"192.0.2.0/24\"}", "{\"192.0.2.255/24\"}",
		"{\"127.0.0.1/8\"}", "{\"224.0.0.1/4\"}", "{\"::1/64\"}", "{\"fe80::1/64\"}",
		"{\"ff02::1/64\"}", "{\"2001:db8::1/129\"}",
		"{\"192.0.2.25/24\", \"192.0.2.25/24\"}"},
	[KIND_GATEWAYS] = {"{\"\"}", "{\"x\"}", "{\"192.0.2.1/24\"}", "{\"198.51.100.1\"}",
		"{\"192.0.2.25\"}", "{\"192.0.2.1\", \"192.0.2.2\"}", "{\"2001:db8:1::1\"}",
		"{\"224.0.0.1\"}", "{\"::\"}"},
	[KIND_PREFIXES] = {"{\"\"}", "{\"x\"}", "{\"192.0.2.1/24\"}", "{\"192.0.2.0/33\"}",
		"{\"2001:db8::1/32\"}", "{\"::/129\"}", "{\"192.0.2.0/24\", \"x\"}"},
	[KIND_DELIMITERS] = {"a", "\" \"", "\"+@\"", "\"+\\\"\""},
	[KIND_FILES] = {"{\"\"}", "{a/b}", "{\" /a\"}", "{/a, /a}", "{\"/a\tb\"}"},
	[KIND_TITLES] = {"{\"\"}", "{\"a b\"}", "{two}", "{one, one}", "{\"a/b\"}"},
	[KIND_RECIPIENTS] = {"{\"\"}", "{\"@a.org\"}", "{a.org}", "{\"a b@a.org\"}",
		"{\"a@-a.org\"}", "{\"a@b@c.org\"}", "{\"a@a.org\", \"A@a.org\"}",
		"{\"\\\"a\\\"@a.org\"}", "{\"a@192.0.2.1\"}"},
	[KIND_CODES] = {"{\"\"}", "{x}", "{127.0.0}", "{127.0.0.256}", "{\"127.0.0.[\"}",
		"{\"127.0.0.[3..2]\"}", "{\"127.0.0.2\", \"127.0.0.2\"}"},
	[KIND_CORES] = {"{\"\"}", "{x}", "{-1}", "{1024}", "{1023}", "{0.5}", "{0x0}"},
};

static const char *const good[][VALUES] = {
	[KIND_HOSTNAME] = {"mx1.example.org", "\"xn--bcher-kva.example\""},
	[KIND_TEXT] = {"\"\"", "\"https://example.org/?a=$b;c or \\\"x\\\" \\\\\"",
		"'a \"b\" ${c}'"},
	[KIND_PCI] = {"0000:03:00.0", "\"0000:aF:1f.7\"", "\"\""},
	[KIND_SERVERS] = {"\"\"", "192.0.2.53", "\"192.0.2.53:5353, [2001:db8::53]:53,::1\""},
	[KIND_INTERFACE] = {"bs0", "fifteenletters0"},
	[KIND_BACKEND] = {"maildir:/var/mail", "\"maildir:/a b\""},
	[KIND_LOG] = {"syslog", "journal", "stderr", "file:/var/log/a", "\"file:/a b\""},
	[KIND_SYSLOG_NAME] = {"postfix-barscreen/smtpd", "a"},
	[KIND_SHARE] = {"0", "0%", "5%", "100%", "1ppm", "12345PPM"},
	[KIND_PATH] = {"/run/a", "\"/run/b c#d\""},
	[KIND_ZONE] = {"zen.example.org", "\"k3y.zen.example.net\""},
	[KIND_POINT] = {"\"\"", "127.0.0.9", "\"127.0.0.9 ::9\""},
	[KIND_SCORE] = {"0", "4.35", "-99.99/99.99", "\"1.5/-1.25\"", "1.50", "0/-0.05"},
	[KIND_DOMAINS] = {"{a.org}", "{\"a.org\", \"B.org\",}", "a.org", "{\"xn--a-1.example\"}"},
	[KIND_ADDRESSES] = {"{\"192.0.2.25/24\"}", "{192.0.2.25/31, 2001:db8::25/128}",
		"\"192.0.2.1/32\""},
	[KIND_GATEWAYS] = {"{}", "{192.0.2.1}", "{\"fe80::1\"}",
		"{\"2001:db8::1\", \"192.0.2.2\"}"},
	[KIND_PREFIXES] = {"{}", "{192.0.2.0/24, \"2001:db8::/32\"}", "{192.0.2.1}", "{0.0.0.0/0}"},
	[KIND_DELIMITERS] = {"\"+\"", "\"-+$\"", "\"\""},
	[KIND_FILES] = {"{/a}", "{\"/a b\", \"/$c\"}"},
	[KIND_CORES] = {"{}"},
	[KIND_TITLES] = {"{}", "{one}"},
	[KIND_RECIPIENTS] = {"{}", "{\"A.b+c@B.org\", \"postmaster@\"}", "{\"$a@a.org\"}"},
	[KIND_CODES] = {"{}", "{127.0.0.2}", "{\"127.0.0.[2..11]\", \"127.0.[0..255].[1;3]\"}"},
};

static const char *base_value(const struct config_key *key)
{
	if (strcmp(key->name, "hostname") == 0)
		return "\"mx1.example.org\"";
	if (key->kind == KIND_DOMAINS && (key->needed || strcmp(key->section, "policy") == 0))
		return "{\"example.org\"}";
	if (key->kind == KIND_BACKEND)
		return "\"maildir:/var/mail/virtual\"";
	if (key->kind == KIND_ZONE)
		return "\"zen.example.org\"";
	if (strcmp(key->name, "device") == 0)
		return "net_tap";
	if (key->kind == KIND_ADDRESSES)
		return "{\"192.0.2.25/24\", \"2001:db8::25/64\"}";
	if (strcmp(key->section, "list") == 0 && key->kind == KIND_PATH)
		return "\"/etc/barscreen/deny\"";
	return NULL;
}

// A whole configuration with KEY = VALUE `times` times, each on its line, the last on line *line.
static char *compose(const struct config_key *key, const char *value, int times, unsigned *line)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	unsigned at = 1;

	for (unsigned s = 0; s < config_section_count; s++) {
		const char *section = config_sections[s].name;

		if (s > 0) {
			fprintf(out, "%s %s{ # %s\n", section,
				config_sections[s].titled ? "\"one\" " : "", section);
			at++;
		}
		for (unsigned k = 0; k < config_key_count; k++) {
			const struct config_key *other = &config_keys[k];
			const char *base = base_value(other);

			if (strcmp(other->section, section) != 0)
				continue;
			for (int i = 0; other == key && i < times; i++) {
				fprintf(out, "\t%s = %s /* %s */\n", key->name, value, section);
				*line = at++;
			}
			// list.file is not needed, and not allowed, beside list.files.
			if (strcmp(key->name, "files") == 0 && strcmp(key->section, section) == 0)
				base = NULL;
			if (other != key && base != NULL) {
				fprintf(out, "\t%s = %s\n", other->name, base);
				at++;
			}
		}
		if (s > 0) {
			fputs("}\n", out);
			at++;
		}
	}
	cr_assert_eq(fclose(out), 0);
	return text;
}

static void refused_value(const struct config_key *key, const char *value, int times)
{
	unsigned line = 0;
	char *text = compose(key, value, times, &line);

	refused(text, line, key->name);
	free(text);
}

Test(config, wrong_values_of_every_key)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];

		cr_assert_not_null(
			wrong[key->kind][0], "no wrong values for kind of %s", key->name);
		for (int i = 0; i < VALUES && wrong[key->kind][i] != NULL; i++) {
			if (key->kind == KIND_DOMAINS && !key->needed && i == 0)
				continue; // {} is nothing wrong there
			if (key->kind == KIND_PATH && i == 0 && strcmp(key->section, "port") == 0)
				continue; // "" is none, which the device may not need
			refused_value(key, wrong[key->kind][i], 1);
		}
	}
}

Test(config, values_out_of_range)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];
		bool number = key->kind == KIND_COUNT || key->kind == KIND_SIZE;
		const char *unit = key->kind == KIND_DURATION ? "ms"
				   : key->kind == KIND_SHARE  ? "ppm"
							      : "";
		char value[5000];

		if (number || key->kind == KIND_DURATION || key->kind == KIND_SHARE) {
			snprintf(value, sizeof(value), "%" PRIu64 "%s", key->most + 1, unit);
			refused_value(key, value, 1);
			snprintf(value, sizeof(value), "%" PRIu64 "%s", key->least - 1, unit);
			if (key->least > 0)
				refused_value(key, value, 1);
			if (key->least > 0 && !key->or_zero)
				refused_value(key, "0", 1);
		} else if (key->kind != KIND_WORD && key->kind != KIND_SCORE &&
			   key->kind != KIND_TOTAL && !config_key_is_list(key)) {
			memset(value, 'a', sizeof(value));
			value[0] = value[key->most + 2] = '"';
			value[key->most + 3] = '\0';
			refused_value(key, value, 1);
		}
	}
}

Test(config, wrong_types_and_slips_of_every_key)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];

		refused_value(key, "", 1);
		refused_value(key, "=", 1);
		refused_value(key, "1;", 1);
		refused_value(key, "\"a\";", 1);
		refused_value(key, "*", 1);
		refused_value(key, "\"${HOME}\"", 1);
		refused_value(key, "{\"a\" \"b\"}", 1);
		refused_value(key, "{{}}", 1);
		if (!config_key_is_list(key)) {
			refused_value(key, "{}", 1);
			refused_value(key, "{1}", 1);
			refused_value(key, "1, 2", 1);
		}
	}
}

Test(config, every_key_once)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];
		const char *base = base_value(key);
		char text[CONFIG_STANDARD];
		const char *standard = config_value_standard(key, text);

		if (base == NULL)
			base = standard == NULL || config_key_is_list(key)      ? "{}"
			       : standard[0] == '\0' || key->kind == KIND_REPLY ? "\"\""
										: standard;
		refused_value(key, base, 2);
	}
}

Test(config, misspelt_keys)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		struct config_key typed = config_keys[k];
		char name[40], *text;
		unsigned line = 0;

		snprintf(name, sizeof(name), "%s", typed.name);
		name[strlen(name) - 1] = 'q';
		text = compose(&config_keys[k], "1", 1, &line);
		char *at = strstr(text, config_keys[k].name), *value = NULL;

		// The key's own line is the only one with " = 1 ".
		for (value = strstr(text, " = 1 ");
			value != NULL && value > text && value[-1] != '\t';)
			value--;
		cr_assert(at != NULL && value != NULL);
		memcpy(value, name, strlen(name));
		refused(text, line, name);
		refused(text, line, typed.name);
		free(text);
	}
}

static char *printed(const struct config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(config, out);
	fclose(out);
	return text;
}

static void round_trip(const struct config_key *key, const char *value)
{
	unsigned line;
	char *text = compose(key, value, 1, &line), *first, *second;
	struct config *config = taken(text);

	first = printed(config);
	config_free(config);
	config = taken(first);
	second = printed(config);
	config_free(config);
	cr_expect_str_eq(first, second);
	free(text);
	free(first);
	free(second);
}

static const char *fitting_device(const struct config_key *key, const char *value)
{
	return strcmp(key->name, "device") == 0 && strcmp(value, "net_tap") != 0 ? NULL : value;
}

Test(config, good_values_come_back)
{
	for (unsigned k = 0; k < config_key_count; k++) {
		const struct config_key *key = &config_keys[k];
		char value[50], text[CONFIG_STANDARD];
		const char *standard = config_value_standard(key, text);

		if (standard != NULL && !config_key_is_list(key) && standard[0] != '\0' &&
			key->kind != KIND_DELIMITERS && key->kind != KIND_REPLY && // need quotes
			fitting_device(key, standard) != NULL)
			round_trip(key, standard);
		if (strcmp(key->name, "catch-all") == 0) { // domains of ours only
			round_trip(key, "{example.org}");
			continue;
		}
		for (int i = 0; i < VALUES && good[key->kind][i] != NULL; i++)
			round_trip(key, good[key->kind][i]);
		// The ends of a range; for those that hang together with others it is the table's default.
		if ((key->kind == KIND_COUNT || key->kind == KIND_SIZE) &&
			strcmp(key->section, "limits") != 0 && strcmp(key->name, "mtu") != 0) {
			snprintf(value, sizeof(value), "%" PRIu64, key->least);
			round_trip(key, value);
			snprintf(value, sizeof(value), "%" PRIu64, key->most);
			round_trip(key, value);
		}
	}
}

Test(config, units)
{
	struct config *config = taken(
		GOOD "waiting { wait = 1500ms }\n"
		     "smtp { message-size = 1GB data-rate = 2kb line-length = 4096 "
		     "data-timeout = 1h errors = \"7\" greeted-timeout = '2m' }\n"
		     "limits { drain-timeout = 0 }\n");

	cr_expect_eq(config->smtp.wait_ms, 1500);
	cr_expect_eq(config->smtp.message_size, UINT64_C(1) << 30);
	cr_expect_eq(config->smtp.data_rate, 2048);
	cr_expect_eq(config->smtp.line_length, 4096);
	cr_expect_eq(config->smtp.data_timeout_ms, 3600000);
	cr_expect_eq(config->smtp.greeted_timeout_ms, 120000);
	cr_expect_eq(config->smtp.errors, 7);
	cr_expect_eq(config->drain_timeout_ms, 0);
	config_free(config);
}

Test(config, defaults_are_the_tables)
{
	struct config *config = taken(GOOD);

	cr_expect_eq(config->smtp.wait_ms, 25000);
	cr_expect_eq(config->smtp.message_size, 50 << 20);
	cr_expect_eq(config->service, 25);
	cr_expect_eq(config->port[0].mtu, 1500);
	cr_expect_eq(config->port_count, 1);
	cr_expect_eq(config->port[0].device, DEVICE_TAP);
	cr_expect_str_eq(config->port[0].interface, "mx0");
	cr_expect_eq(config->port[0].line, 4);
	cr_expect_str_eq(config->log, "syslog");
	cr_expect_str_eq(config->control_socket, "/run/barscreen/control");
	cr_expect_geq(config->dataplane_core_count, 1);
	cr_expect_geq(config->worker_core_count, 1);
	cr_expect_eq(config->list_count, 0);
	config_free(config);
}

// The sample explains each key as --print-config does, and can be read.
Test(config, sample_explains_every_key)
{
	char *said, *text = calloc(1, 100000);
	FILE *file = fopen(CONFIG_SAMPLE, "r");
	struct config *config;

	cr_assert_not_null(file, "%s", CONFIG_SAMPLE);
	cr_assert_gt(fread(text, 1, 99999, file), 1000);
	fclose(file);
	for (unsigned k = 0; k < config_key_count; k++) {
		char *comment, wanted[2000];
		size_t size;
		FILE *out = open_memstream(&comment, &size);

		config_print_comment(&config_keys[k], out);
		fclose(out);
		if (config_keys[k].sentence[0] == '\0') { // a policy's, as in checks { }
			free(comment);
			continue;
		}
		// A preset beats defaults only: checks { } has them as comments.
		bool quiet = strcmp(config_keys[k].section, "checks") == 0 &&
			     strcmp(config_keys[k].name, "preset") != 0;

		snprintf(wanted, sizeof(wanted), "%s%s%s%s = ", comment,
			config_keys[k].section[0] == '\0' ? "" : "\t", quiet ? "#" : "",
			config_keys[k].name);
		cr_expect_not_null(strstr(text, wanted), "the sample lacks:\n%s", wanted);
		free(comment);
	}
	config = read_said(CONFIG_SAMPLE, &said);
	cr_expect_not_null(config, "%s", said);
	config_free(config);
	free(said);
	free(text);
}
