// SPDX-License-Identifier: BSD-3-Clause
//
// Presets: see the header.
#include "control/configuration/config_preset.h"

#include <string.h>

struct preset_row {
	const char *key, *value;
};

// policyd-weight refuses at a total of 1 and has one weight for each finding; its names of these stand behind. What it
// does not know (SPF, greylisting) is off.
static const struct preset_row policyd_weight[] = {
	{"refuse-score", "1"}, // REJECTLEVEL
	{"helo-numeric", "enforce"},
	{"helo-numeric-score", "2.5"}, // helo_numeric
	{"helo-other", "enforce"},
	{"helo-other-score", "1.5/-1.25"}, // client_ip_eq_helo
	{"sender-other", "enforce"},
	{"sender-other-score", "1.5/-3.1"}, // helo_from_mx_eq_ip
	{"name-dynamic", "enforce"},
	{"name-dynamic-score", "3.75"}, // seems_dialup
	{"sender-mx", "enforce"},
	{"sender-mx-score", "2.1"}, // bogus_mx
	{"client-lists", "enforce"},
	{"spf-fail", "off"},
	{"spf-softfail", "off"},
	{"spf-pass", "off"},
	{"spf-permerror", "off"},
	{"helo-spf-fail", "off"},
	{"greylist", "off"},
};

const char *config_preset_value(enum config_preset preset, const struct config_key *key)
{
	size_t count = preset == PRESET_POLICYD_WEIGHT
			       ? sizeof(policyd_weight) / sizeof(policyd_weight[0])
			       : 0;

	for (size_t i = 0; i < count && strcmp(key->section, "checks") == 0; i++) {
		if (strcmp(policyd_weight[i].key, key->name) == 0)
			return policyd_weight[i].value;
	}
	return NULL;
}
