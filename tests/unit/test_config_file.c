// SPDX-License-Identifier: BSD-3-Clause
//
// Configuration files: slips that libConfuse lets pass, the right line, includes, files that are none; and what one
// key demands of another.
#include "tests/unit/config_case.h"

#include <sched.h>
#include <sys/stat.h>

TestSuite(config_file, .init = make_folder, .fini = remove_folder);

Test(config_file, lines_are_right_after_every_kind_of_comment)
{
	refused("# one\n// two\n/* three\n four\n five */ /* more */\n\nhostname = x\n" GOOD_PORT,
		7, "hostname");
	refused(GOOD_TOP
		"domains += { # a comment in a list\n\"b.org\", // another\n\"-\", /* and\n*/ "
		"\"c.org\" }\n" GOOD_PORT,
		6, "domains");
	refused("hostname = \"mx1.example.org\"\r\nlog = 5\r\n", 2, "log");
}

Test(config_file, slips)
{
	refused(GOOD "hostnam = x\n", 9, "'hostname'");
	refused(GOOD "smtp { wait = 5s }\n", 9, "waiting { }");
	refused(GOOD "wait = 5s\n", 9, "waiting { }");
	refused(GOOD "smtp { hostname = 5s }\n", 9, "outside of all sections");
	refused(GOOD "smpt { errors = 5 }\n", 9, "'smtp'");
	refused(GOOD "smtp {\nerrors 5\n}\n", 10, "errors");
	refused(GOOD "smtp {\nerrors\ncommands = 50\n}\n", 10, "errors");
	refused(GOOD "smtp {\nerrors =\ncommands = 50\n}\n", 10, "errors");
	refused(GOOD "smtp {\nerrors =\n}\n", 10, "errors");
	refused(GOOD "log =\nsmtp {\nerrors = 5\n}\n", 9, "log");
	refused(GOOD "smtp {\nerrors = 5\n", 9, "never closed");
	refused(GOOD "smtp {\nerrors = 5\n\nlimits {\n}\n", 12, "'}' missing");
	refused(GOOD "}\n", 9, "'}'");
	refused(GOOD "smtp = 5\n", 9, "smtp");
	refused(GOOD "smtp \"x\" { }\n", 9, "takes no name");
	refused(GOOD "port { }\n", 9, "\"NAME\"");
	refused(GOOD "port \"a b\" { device = net_tap addresses = {10.1.1.1/24} }\n", 9, "a b");
	refused(GOOD "log = \"syslog\n\"\n", 9, "does not end");
	refused(GOOD "log = 'syslog\n", 9, "does not end");
	refused(GOOD "/* a\nb\n", 9, "never ends");
	refused(GOOD "log = file:/a\\ b\n", 9, "log");
	refused(GOOD "log = \"file:/\\n\"\n", 9, "backslash");
	refused(GOOD "log = \"file:/\\\n\"\n", 9, "backslash");
	refused(GOOD "log = \"file:/\\\\a\\n\"\n", 9, "log: a backslash");
	refused(GOOD "log = \"file:/\001\"\n", 9, "control character");
	refused(GOOD "networks {\nown = {10.0.0.0/8,\n192.168.0.0/16\n172.16.0.0/12}\n}\n", 11,
		"no comma");
	refused(GOOD "networks {\nown = {10.0.0.0/8,,172.16.0.0/12}\n}\n", 10, "own");
	refused(GOOD "networks {\nown = {10.0.0.0/8\ntrusted = {}\n}\n", 10, "own");
	refused(GOOD "include(\"a\", \"b\")\n", 9, "include");
	refused(GOOD "include(\n", 9, "include");
	refused(GOOD "include()\n", 9, "include");
	refused(GOOD "include = \"a\"\n", 9, "include");
	refused(GOOD "networks { own = {} own = {} }\n", 9, "own");
	refused(GOOD "\xff\xfe\n", 9, "0xff");
	refused("\xef\xbb\xbf" GOOD, 1, "0xef");
}

// All faults in one run, in the order of the file.
Test(config_file, all_faults_at_once)
{
	const char *path = put(
		"a.conf", "hostname = x\nlog = y\nsmtp {\nerrors = 0\ncommands = x\n}\n");
	char *said;

	cr_assert_null(read_said(path, &said));
	cr_expect(says(said, path, 1, "hostname"));
	cr_expect(says(said, path, 1, "domains"), "missing");
	cr_expect(says(said, path, 1, "backend"), "missing");
	cr_expect(says(said, path, 2, "log"));
	cr_expect(says(said, path, 4, "errors"));
	cr_expect(says(said, path, 5, "commands"));
	cr_expect(says(said, path, 1, "port"));
	cr_expect(strstr(said, "log:") < strstr(said, "errors"));
	free(said);
}

Test(config_file, adding_to_a_list)
{
	struct config *config = taken(
		GOOD "domains += {\"b.org\"}\ndomains += {}\nnetworks { own = {} }\n"
		     "networks { own += {10.0.0.0/8} trusted = {10.1.0.0/16} }\n");

	cr_expect_eq(config->domain_count, 2);
	cr_expect_eq(config->own_count, 1);
	cr_expect_eq(config->trusted_count, 1);
	config_free(config);
}

Test(config_file, includes)
{
	char *said;
	struct config *config;
	const char *path;

	put("port", "mtu = 9000\n");
	put("limits", "\nsmtp {\n errors = 7 }\n");
	config = taken(
		GOOD "include(\"limits\")\nlist one { file = /a }\nport p { device = net_tap\n"
		     "addresses = {10.0.0.1/8} include(port) vlan = 7 }\nlist two { file = /b }\n");
	cr_expect_eq(config->smtp.errors, 7);
	cr_expect_eq(config->port_count, 2);
	cr_expect_eq(config->port[1].mtu, 9000);
	cr_expect_eq(config->port[1].vlan, 7);
	cr_expect_eq(config->port[1].line, 11);
	cr_expect_eq(config->list_count, 2);
	cr_expect_eq(config->list[1].line, 13);
	config_free(config);

	put("limits", "\nsmtp {\n errors = x\n }\nlist z { file = z }\n");
	path = put("a.conf", GOOD "include(limits)\nlog = z\n");
	cr_assert_null(read_said(path, &said));
	cr_expect(says(said, path, 10, "log"), "%s", said);
	cr_expect(says(said, put("limits", ""), 3, "errors"), "%s", said);
	cr_expect(says(said, put("limits", ""), 5, "file"), "%s", said);
	free(said);

	refused(GOOD "\ninclude(nothere)\n", 10, "nothere");
	refused(GOOD "include(nothere)\nlog = x\n", 10, "log");
	refused(GOOD "include(\".\")\n", 9, "folder");
	refused(GOOD "include(\"\")\n", 9, "include");
	refused(GOOD "include(\"/dev/zero\")\n", 9, "regular");
	refused(GOOD "include(a.conf)\n", 9, "itself");
	put("loop", "\n\ninclude(a.conf)\n");
	cr_assert_null(read_said(put("a.conf", GOOD "include(loop)\n"), &said));
	cr_expect(says(said, put("loop", ""), 3, "itself"), "%s", said);
	free(said);
}

Test(config_file, too_many_includes)
{
	char text[2000] = GOOD;

	put("empty", "\n");
	for (int i = 0; i < 40; i++)
		strcat(text, "include(empty)\n");
	refused(text, 9 + 31, "files");
}

Test(config_file, files_that_are_none)
{
	char *said;
	const char *path;

	cr_expect_null(read_said("/nonexistent/x", &said));
	cr_expect_not_null(strstr(said, "/nonexistent/x: "));
	free(said);
	cr_expect_null(read_said(folder, &said));
	cr_expect_not_null(strstr(said, "folder"));
	free(said);
	cr_expect_null(read_said(put("empty", "hostname = mx1.example.org\n"), &said));
	cr_expect_not_null(strstr(said, "domains"));
	free(said);
	path = put("pipe", "");
	unlink(path);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_null(read_said(path, &said));
	cr_expect_not_null(strstr(said, "regular"));
	free(said);
	char *large = malloc(1100001);
	memset(large, '\n', 1100000);
	large[1100000] = '\0';
	cr_expect_null(read_said(put("large", large), &said));
	cr_expect_not_null(strstr(said, "megabyte"));
	free(said);
	free(large);
}

// 20 failed readings, also of included files, leave libConfuse as it was.
Test(config_file, reading_again_after_faults)
{
	put("bad", "smtp {\nerrors = {\n");
	put("b.conf", GOOD "include(bad)\nport \"x\" { include(bad) include(nothere) }\n");
	for (int i = 0; i < 20; i++) {
		char *said, path[300];

		snprintf(path, sizeof(path), "%s/b.conf", folder);
		cr_expect_null(read_said(path, &said));
		free(said);
		config_free(taken(GOOD));
	}
}

Test(config_file, ports)
{
	refused(GOOD_TOP, 1, "port");
	refused(GOOD "port \"MX0\" { device = net_tap addresses = {10.0.0.1/8} }\n", 9, "MX0");
	refused(GOOD "port a { device = net_tap\n addresses = {10.0.0.1/8,\n192.0.2.25/25} }\n", 11,
		"192.0.2.25");
	refused(GOOD "port a { device = net_tap interface = mx0 addresses = {10.0.0.1/8} }\n", 9,
		"interface");
	refused(GOOD "port a { device = net_af_xdp addresses = {10.0.0.1/8} }\n", 9, "interface");
	refused(GOOD "port a { device = net_af_packet addresses = {10.0.0.1/8} }\n", 9,
		"interface");
	refused(GOOD "port a { device = net_memif addresses = {10.0.0.1/8} }\n", 9, "socket");
	refused(GOOD "port a { device = net_memif socket = \"/run/m\" ring-size = 1000 "
		     "addresses = {10.0.0.1/8} }\n",
		9, "ring-size");
	refused(GOOD "port a { device = net_memif socket = \"/run/m,id=1\" "
		     "addresses = {10.0.0.1/8} }\n",
		9, "socket");
	refused(GOOD "port a { device = net_memif socket = \"/run/m\" addresses = {10.0.0.1/8} }\n"
		     "port b { device = net_memif socket = \"/run/m\" addresses = {10.0.0.2/8} }\n",
		10, "memif-id");
	refused(GOOD "port a { addresses = {10.0.0.1/8} }\n", 9, "pci");
	refused(GOOD "port a { pci = \"\" addresses = {10.0.0.1/8} }\n", 9, "pci");
	refused(GOOD "port a { pci = 0000:03:00.0 addresses = {10.0.0.1/8} }\n"
		     "port b { pci = 0000:03:00.0 addresses = {10.0.0.2/8} }\n",
		10, "pci");
	refused(GOOD "port a { device = net_tap }\n", 9, "addresses");
	refused(GOOD "port a { device = net_tap addresses = {2001:db8:1::1/64}\n mtu = 1279 }\n",
		10, "mtu");
	refused(GOOD "port a { device = net_tap addresses = {10.0.0.1/8}\ngateways = {10.0.0.2,\n"
		     "fe80::1} }\n",
		11, "fe80::1");
	refused(GOOD
		"port \"averylongnameofaport\" { device = net_tap addresses = {10.0.0.1/8} }\n",
		9, "interface");
	config_free(taken(GOOD "port a { device = net_tap addresses = {10.0.0.1/8} mtu = 576 "
			       "gateways = {10.255.0.1} }\n"));
}

Test(config_file, many_ports)
{
	char text[4000] = GOOD, line[100];

	for (int i = 0; i < 16; i++) {
		snprintf(line, sizeof(line),
			"port a%d { device = net_tap addresses = {10.%d.0.1/16} }\n", i, i);
		strcat(text, line);
	}
	refused(text, 24, "16");
}

Test(config_file, one_key_against_another)
{
	refused(GOOD "limits {\nconnections = 100\ntalking = 101\nhalf-open = 50 }\n", 11,
		"talking");
	refused(GOOD "limits {\nconnections = 100\ntalking = 10\nhalf-open = 101 }\n", 12,
		"half-open");
	refused(GOOD "limits {\nconnections = 100 }\n", 10, "half-open");
	refused(GOOD "limits {\ndata-ring-size = 65535 }\n", 10, "data-ring-size");
	refused(GOOD "limits {\ndata-ring-size = 5kb }\n", 10, "data-ring-size");
	refused(GOOD "limits {\ndata-ring-most = 96kb }\n", 10, "data-ring-most");
	refused(GOOD "limits {\ndata-ring-most = 32kb }\n", 10, "data-ring-most");
	refused(GOOD "list a { }\n", 9, "file");
	refused(GOOD "list own { file = /a }\n", 9, "own");
	refused(GOOD "list a { file = /a }\nlist A { file = /b }\n", 10, "A");
	refused(GOOD "list a { file = /a action = allow\nrefuse-at = connect }\n", 10, "refuse-at");
	config_free(taken(GOOD "list a { file = /a action = refuse refuse-at = connect }\n"));
}

Test(config_file, too_many_lists)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(GOOD, out);
	for (int i = 0; i < 254; i++)
		fprintf(out, "list a%d { file = /a }\n", i);
	fclose(out);
	refused(text, 9 + 251, "251");
	free(text);
}

// In namespaces of its own: the name is changed, and nobody outside is asked for it.
Test(config_file, hostname_by_default)
{
	static const char text[] = "domains = {a.org}\nbackend = maildir:/a\n" GOOD_PORT;
	struct config *config;

	if (unshare(CLONE_NEWUTS | CLONE_NEWNET) != 0)
		cr_skip_test("needs root");
	cr_assert_eq(sethostname("mx9.example.net", 15), 0);
	config = taken(text);
	cr_expect_str_eq(config->hostname, "mx9.example.net");
	config_free(config);
	cr_assert_eq(sethostname("barscreen-test-host", 19), 0);
	refused(text, 1, "add hostname");
	cr_assert_eq(sethostname("a_b.example.net", 15), 0);
	refused(text, 1, "add hostname");
}
