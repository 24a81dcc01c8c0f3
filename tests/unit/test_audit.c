// SPDX-License-Identifier: BSD-3-Clause
//
// barscreen --check: what is not there is said, once a line, with a cure; what is there is no error.
#include "tests/unit/config_case.h"

#include <sys/stat.h>

#include "control/audit/audit.h"

TestSuite(audit, .init = make_folder, .fini = remove_folder);

// A configuration that needs the folder alone; `more` is put behind it. Errors are counted into *errors.
static char *audited(const char *more, const char *domain, unsigned *errors)
{
	char text[3000], *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);
	struct config *config;

	snprintf(text, sizeof(text),
		"hostname = mx1.example.org\ndomains = {%s}\nbackend = \"maildir:%s\"\n"
		"control-socket = \"%s/control\"\n%s",
		domain, folder, folder, more);
	config = taken(text);
	ask_nobody(config);
	*errors = config_audit(config, out);
	fclose(out);
	config_free(config);
	return said;
}

#define TAP \
	"port bsaudit0 { device = net_tap addresses = {192.0.2.25/24} gateways = {192.0.2.1} }\n"

// Every line is "check: degree: what", and the errors are as many as were counted.
static void well_formed(const char *said, unsigned errors)
{
	char *copy = strdup(said), *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line != NULL;
		line = strtok_r(NULL, "\n", &rest)) {
		bool error = strncmp(line, "check: error: ", 14) == 0;

		cr_expect(error || strncmp(line, "check: warning: ", 16) == 0 ||
				  strncmp(line, "check: ok: ", 11) == 0,
			"%s", line);
		cr_expect(strncmp(line, "check: ok: ", 11) == 0 || strchr(line, ';') != NULL,
			"no cure in: %s", line);
		errors -= error;
	}
	cr_expect_eq(errors, 0, "%s", said);
	free(copy);
}

static void finds(const char *more, const char *domain, const char *line)
{
	unsigned errors;
	char *said = audited(more, domain, &errors);

	well_formed(said, errors);
	cr_expect_not_null(strstr(said, line), "no '%s' in:\n%s", line, said);
	cr_expect(strncmp(line, "check: error", 12) != 0 || errors > 0);
	free(said);
}

Test(audit, what_is_missing)
{
	char line[400];

	finds(TAP, "a.org", "check: warning: backend: no folder for a.org");
	finds(TAP, "a.org", "check: warning: contact");
	finds("port p { pci = fffe:1f:1f.7 addresses = {192.0.2.25/24} }\n", "a.org",
		"check: error: port \"p\": no PCI device fffe:1f:1f.7");
	finds("port p { pci = fffe:1f:1f.7 addresses = {192.0.2.25/24} }\n", "a.org",
		"check: warning: port \"p\": no gateway");
	finds("port p { device = net_af_packet interface = bsnothere addresses = {192.0.2.25/24} "
	      "}\n",
		"a.org", "check: error: port \"p\": there is no interface bsnothere");
	finds("port lo { device = net_tap addresses = {192.0.2.25/24} }\n", "a.org",
		"check: error: port \"lo\": ");
	finds(TAP "log = file:/proc/nonexistent/log\n", "a.org",
		"check: error: log: there is no folder");
	finds(TAP "list a { file = /proc/nonexistent/list }\n", "a.org", "/proc/nonexistent/list");
	put("deny", "192.0.2.1/24\n");
	snprintf(line, sizeof(line), TAP "list a { file = \"%s/deny\" }\n", folder);
	finds(line, "a.org", "deny:1: ");
	put("deny", "9.9.9.9\n");
	snprintf(line, sizeof(line), TAP "list a { file = \"%s/deny\" action = drop }\n", folder);
	finds(line, "a.org", ": list \"a\": its clients can't reach postmaster");
	finds(line, "a.org", "check: ok: lists: 1 read");
	finds(line, "a.org", "check: ok: verdicts: a source with one can't reach postmaster");
	finds(TAP "machine { dataplane-cores = {} worker-cores = {} hugepages = off }\n", "a.org",
		"check: warning: hugepages = off");
	finds(TAP "machine { hugepages = required }\nlimits { connections = 16777216 talking = "
		  "1048576 "
		  "data-rings = 1048576 data-ring-size = 256kb }\n",
		"a.org", "check: ");
}

Test(audit, backend_missing)
{
	char *said;
	size_t size;
	FILE *out = open_memstream(&said, &size);
	struct config *config = taken("hostname = mx1.example.org\ndomains = {a.org}\nbackend = "
				      "maildir:/proc/nonexistent/m\n"
				      "control-socket = /proc/nonexistent/a/b/control\n" TAP);
	ask_nobody(config);
	unsigned errors = config_audit(config, out);

	fclose(out);
	config_free(config);
	well_formed(said, errors);
	cr_expect_not_null(
		strstr(said, "check: error: backend: there is no folder /proc/nonexistent/m"));
	cr_expect_not_null(strstr(
		said, "check: error: control-socket: there is no folder /proc/nonexistent/a"));
	free(said);
}

Test(audit, what_is_there)
{
	char path[200];
	unsigned errors;
	char *said;

	snprintf(path, sizeof(path), "%s/a.org", folder);
	cr_assert_eq(mkdir(path, 0700), 0);
	said = audited("contact = x\n" TAP, "a.org", &errors);
	rmdir(path);
	well_formed(said, errors);
	cr_expect_not_null(strstr(said, "check: ok: backend"), "%s", said);
	cr_expect_not_null(strstr(said, "check: ok: control-socket"));
	cr_expect_not_null(strstr(said, "check: ok: contact"));
	cr_expect_not_null(strstr(said, "check: ok: no open relay"));
	free(said);
}
