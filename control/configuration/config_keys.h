// SPDX-License-Identifier: BSD-3-Clause
//
// The table of configuration keys. Parser, check, --print-config, sample and manual all come from it: a new key is
// a new row here and a field in control/configuration/config.h.
//
// Constant; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/policy/checks_policy.h"

enum config_kind {
	KIND_HOSTNAME,    // char[width]; fully qualified
	KIND_TEXT,        // char[width]; printable ASCII
	KIND_REPLY,       // the same; its $words stand for something (smtp/checks/reply_text.h)
	KIND_DELIMITERS,  // char[width]; what parts a recipient's name from its extension
	KIND_PCI,         // char[width]; PCI address with domain
	KIND_ZONE,        // char[width]; zone of a DNS list, perhaps with a secret key
	KIND_SERVERS,     // char[width]; name servers, "" or several
	KIND_POINT,       // char[width]; addresses or a name, between blanks
	KIND_INTERFACE,   // char[width]; name of a kernel interface
	KIND_BACKEND,     // char *; URI of a known scheme
	KIND_LOG,         // char *; syslog, stderr, file:/path
	KIND_SYSLOG_NAME, // char *
	KIND_PATH,        // char *; absolute
	KIND_COUNT,       // unsigned integer of `width` bytes
	KIND_SIZE,        // the same, in bytes: 500, 64kb, 50mb
	KIND_DURATION,    // the same, in milliseconds: 25s, 5m
	KIND_SHARE,       // the same, of a million: 5%, 200ppm
	KIND_WORD,        // the same, one of `words`
	KIND_SCORE,       // struct bs_score: weights of hit and miss
	KIND_TOTAL,       // int32_t, hundredths (least and most are int64_t), or the word `words`
	KIND_DOMAINS,     // lists: an array, and a size_t count at `count_offset`
	KIND_ADDRESSES,
	KIND_GATEWAYS, // gateway4 and gateway6 of struct config_port
	KIND_PREFIXES,
	KIND_CORES,
	KIND_FILES,      // char *; absolute paths
	KIND_TITLES,     // char *; names of sections
	KIND_RECIPIENTS, // char *; addresses, lower case
	KIND_CODES,      // char *; patterns of answers of a DNS list
};

// When a changed value is taken up.
enum config_change {
	CHANGE_RESTART, // at the next start
	CHANGE_RELOAD,  // by a reload
	CHANGE_SET,     // by a reload, and by `barscreenctl set` until the next one
};

struct config_key {
	const char *section; // "" for the top
	const char *name;
	enum config_kind kind;
	bool needed;  // must be set, there is no default
	bool or_zero; // 0 is allowed besides least..most
	enum config_change change;
	uint16_t offset, width, count_offset;
	// What is in force without the key, as it would be written; NULL: nothing, or reckoned (the sentence says what).
	const char *standard;
	uint64_t least, most; // of the value; of a text, its length
	const char *words;    // "a|b|c"
	uint8_t first_word;   // value of the first of them
	int32_t word_value;   // KIND_TOTAL: what the word stands for
	struct bs_score
		score; // KIND_SCORE: what is in force without the key, instead of `standard`
	bool inherits; // of policy { }: without the key it is as for all
	bool secret;   // not in replies and logs
	const char *sentence;
};

struct config_section_row {
	const char *name;
	bool titled; // port "NAME" { }: any number, each with its own struct
	const char *sentence;
};

extern const struct config_key config_keys[];
extern const unsigned config_key_count;
extern const struct config_section_row config_sections[]; // the first is the top, ""
extern const unsigned config_section_count;

// NULL when there is none.
const struct config_key *config_key_find(const char *section, const char *name);

struct config;
// "FILE:LINE" of a key that stands in no titled section, or the file when it isn't set.
#define CONFIG_PLACE 300
const char *config_key_place(const struct config *config, const char *section, const char *name,
	char text[CONFIG_PLACE]);

const struct config_section_row *config_section_find(const char *name);

// What `name`, written in `section`, was probably meant to be: "'wait' of waiting { }", or "" when nothing is near.
#define CONFIG_NEAREST 100
const char *config_key_nearest(const char *section, const char *name, char text[CONFIG_NEAREST]);
// The name of a section that has a key `name`, or NULL.
const char *config_key_elsewhere(const char *section, const char *name);

bool config_key_is_list(const struct config_key *key);
