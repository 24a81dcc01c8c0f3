// SPDX-License-Identifier: BSD-3-Clause
#include "benchmarks/load/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/frame/wire_format.h"

#define PATIENCE_MS 60000u
#define PREFIXES    20000u

static _Noreturn void usage(const char *where)
{
	fprintf(stderr,
		"usage: load [-c SESSIONS-AT-ONCE] [-r SESSIONS-A-SECOND] [-m MOST] [-t SECONDS]\n"
		"  [-k KIND=WEIGHT,...] [-s FIRST-IPV4] [-S FIRST-IPV6] [-n SOURCES] [-6 PERCENT]\n"
		"  [-p PATIENCE-SECONDS] [-f FRAMES-A-SECOND:KIND=WEIGHT,...] [-l PREFIXES]\n"
		"  [-H HISTOGRAM-FILE] %s IPV4 IPV6\n"
		"or: load -L PREFIXES\n"
		"kinds of sessions: refused accepted early harvester silent; of floods: plain syn\n"
		"listed bogon ack. SOURCES is a power of two. -L prints the list of those who "
		"flood\n"
		"as `listed`, which has so many prefixes of IPv4 and 3 to 10 of it of IPv6.\n",
		where);
	exit(2);
}

// False: not NAME=WEIGHT,...
static bool weights(struct load *load, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "=,");
		enum script_kind kind = script_find(load->script, text, (unsigned)length);
		char *end = (char *)text + length;
		if (kind == SCRIPTS)
			return false;
		load->settings.weight[kind] = *end == '=' ? (uint32_t)strtoul(end + 1, &end, 10)
							  : 1;
		if (*end != ',' && *end != '\0')
			return false;
		text = *end == ',' ? end + 1 : end;
	}
	return true;
}

static bool address(const char *text, bool ipv4, struct bs_address *parsed)
{
	return bs_address_parse(text, parsed) && bs_address_is_ipv4(parsed) == ipv4;
}

static bool network(struct load *load, int letter, const char *text)
{
	struct bs_address first;
	if (!address(text, letter == 's', &first))
		return false;
	if (letter == 's')
		load->side.network4 = load32(first.octet + 12);
	else
		memcpy(load->side.network6, first.octet, 16);
	return true;
}

static _Noreturn void print_list(uint32_t prefixes)
{
	bool printed = flood_print_list(prefixes);
	exit(printed && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

// False: there is no such option, or it is not said like that.
static bool option(struct load *load, int letter, const char *text)
{
	double number = strtod(text, NULL);
	switch (letter) {
	case 'c':
		load->settings.places = (uint32_t)number;
		return load->settings.places > 0;
	case 'r':
		load->rate = number;
		return true;
	case 'm':
		load->most = (uint64_t)number;
		return true;
	case 't':
		load->seconds = number;
		return number > 0;
	case 'k':
		return weights(load, text);
	case 'n':
		load->settings.sources = (uint32_t)number;
		return number > 0 && (load->settings.sources & (load->settings.sources - 1)) == 0;
	case '6':
		load->settings.ipv6 = load->flood.ipv6 = (uint32_t)number;
		return true;
	case 'p':
		load->settings.patience_ms = (uint32_t)(number * 1000);
		return true;
	case 'H':
		load->histograms = text;
		return true;
	case 'f':
		return flood_option(&load->flood, text);
	case 'l':
		load->flood.prefixes = (uint32_t)number;
		return number > 0;
	case 'L':
		print_list((uint32_t)number);
	case 's':
	case 'S':
		return network(load, letter, text);
	default:
		return false;
	}
}

const char *load_options(struct load *load, int count, char **words, const char *where)
{
	int letter;
	*load = (struct load){
		.settings = {.places = 512, .sources = 1u << 20, .patience_ms = PATIENCE_MS},
		.flood = {.prefixes = PREFIXES},
		.seconds = 3,
		.router4 = 0xc6120001, // 198.18.0.1
		.side = {.target_port = 25},
	};
	network(load, 's', "10.0.0.0");
	network(load, 'S', "2001:db8::1");
	scripts_make(load->script, "a@example.org", "nobody@example.org");
	while ((letter = getopt(count, words, "c:r:m:t:k:s:S:n:6:p:f:l:L:H:")) != -1)
		if (letter == '?' || !option(load, letter, optarg))
			usage(where);
	uint32_t sum = 0;
	for (unsigned i = 0; i < SCRIPTS; i++)
		sum += load->settings.weight[i];
	if (sum == 0)
		load->settings.weight[SCRIPT_REFUSED] = 1;
	if (count - optind != 3 || !address(words[optind + 1], true, &load->side.target4) ||
		!address(words[optind + 2], false, &load->side.target6))
		usage(where);
	return words[optind];
}
