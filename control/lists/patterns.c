// SPDX-License-Identifier: BSD-3-Clause
#include "control/lists/patterns.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Strangers choose the text: (a+)+b and its like must end. An honest pattern takes some dozens of steps over an address.
#define STEPS_MOST 5000u
#define DEPTH_MOST 250u

// What a match needs lies on the stack: the context and room for one pair of offsets. If the JIT compiler is not to be had (a kernel
// that forbids memory to be written and executed), the interpreter finds room for its first frames on the stack by itself.
#define SCRATCH 1024u

struct patterns {
	pcre2_code *code[PATTERNS_MOST];
	size_t count;
	pcre2_match_context *limits;
};

struct scratch {
	size_t used;
	_Alignas(16) uint8_t bytes[SCRATCH];
};

struct patterns *patterns_new(void)
{
	struct patterns *patterns = calloc(1, sizeof(*patterns));

	if (patterns == NULL)
		return NULL;
	patterns->limits = pcre2_match_context_create(NULL);
	if (patterns->limits == NULL) {
		free(patterns);
		return NULL;
	}
	pcre2_set_match_limit(patterns->limits, STEPS_MOST);
	pcre2_set_depth_limit(patterns->limits, DEPTH_MOST);
	return patterns;
}

void patterns_free(struct patterns *patterns)
{
	if (patterns == NULL)
		return;
	for (size_t i = 0; i < patterns->count; i++)
		pcre2_code_free(patterns->code[i]);
	pcre2_match_context_free(patterns->limits);
	free(patterns);
}

bool patterns_add(struct patterns *patterns, const char *pattern, char why[PATTERNS_WHY])
{
	const uint32_t options = PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_CASELESS |
				 PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE offset;
	int error;
	size_t length = strlen(pattern);

	if (length > 1 && pattern[0] == '/' && strchr(pattern + 1, '/') != NULL) {
		snprintf(why, PATTERNS_WHY,
			"stands between slashes; write it without: it must match the whole "
			"address");
		return false;
	}
	if (patterns->count == PATTERNS_MOST) {
		snprintf(why, PATTERNS_WHY, "is one of more than %u patterns; join some with |",
			PATTERNS_MOST);
		return false;
	}
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)pattern, length, options, &error, &offset, NULL);
	if (code == NULL) {
		PCRE2_UCHAR reason[120] = "";
		pcre2_get_error_message(error, reason, sizeof(reason));
		snprintf(why, PATTERNS_WHY, "is no pattern: %s at character %zu; mend it there",
			(const char *)reason, (size_t)offset + 1);
		return false;
	}
	pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); // without it the interpreter matches
	patterns->code[patterns->count++] = code;
	return true;
}

size_t patterns_count(const struct patterns *patterns)
{
	return patterns->count;
}

static void *scratch_take(size_t size, void *context)
{
	struct scratch *scratch = context;
	size_t rounded = (size + 15) & ~(size_t)15;
	void *taken = scratch->bytes + scratch->used;

	if (rounded < size || rounded > SCRATCH - scratch->used)
		return NULL;
	scratch->used += rounded;
	return taken;
}

static void scratch_give_back(void *taken, void *context)
{
	(void)taken;
	(void)context;
}

enum patterns_match patterns_match(const struct patterns *patterns, const char *text, size_t length)
{
	struct scratch scratch = {.used = 0};
	enum patterns_match result = PATTERNS_NONE;

	if (patterns->count == 0)
		return PATTERNS_NONE;
	pcre2_general_context *memory = pcre2_general_context_create(
		scratch_take, scratch_give_back, &scratch);
	pcre2_match_data *match = memory == NULL ? NULL : pcre2_match_data_create(1, memory);
	if (match == NULL)
		return PATTERNS_GAVE_UP;
	for (size_t i = 0; i < patterns->count; i++) {
		int found = pcre2_match(
			patterns->code[i], (PCRE2_SPTR)text, length, 0, 0, match, patterns->limits);
		if (found >= 0)
			return PATTERNS_MATCH;
		if (found != PCRE2_ERROR_NOMATCH)
			result = PATTERNS_GAVE_UP;
	}
	return result;
}
