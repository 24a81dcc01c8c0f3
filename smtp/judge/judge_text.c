// SPDX-License-Identifier: BSD-3-Clause
//
// What a judgement says in the log.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/seam/text.h"
#include "smtp/judge/judge_state.h"

#define DETAIL_SHOWN 48
#define NUMBER       32

// A detail as one word of a log line.
static void clean(const char *detail, char word[DETAIL_SHOWN])
{
	size_t i = 0;
	for (; i < DETAIL_SHOWN - 1 && detail[i] != 0; i++)
		word[i] = (char)(isgraph((unsigned char)detail[i]) &&
						 strchr("()<>=,;", detail[i]) == NULL
					 ? detail[i]
					 : '_');
	word[i] = 0;
}

static int describe(const struct judgement *judgement, enum bs_check check, char text[96])
{
	const struct check_result *result = judgement_result(judgement, check);
	char detail[DETAIL_SHOWN];
	clean(result->detail, detail);
	const char *open = detail[0] != 0 ? "(" : "", *close = detail[0] != 0 ? ")" : "";
	if (result->outcome == CHECK_UNKNOWN)
		return (int)bs_print(
			text, 96, "%s=unknown%s%s%s", checks[check].name, open, detail, close);
	return (int)bs_print(text, 96, "%s%s%s%s", checks[check].name, open, detail, close);
}

static int number(char text[NUMBER], const char *before, int32_t hundredths, const char *behind)
{
	unsigned size = (unsigned)abs(hundredths);
	return (int)bs_print(text, NUMBER, "%s%s%u.%u%u%s", before, hundredths < 0 ? "-" : "",
		size / 100, size / 10 % 10, size % 10, behind);
}

// "helo-other(x)+1.50" and a ? when it is only observed. Misses without weight say nothing.
static size_t add(const struct judgement *judgement, enum bs_check check, char *text, size_t room)
{
	const struct check_result *result = judgement_result(judgement, check);
	char word[96], plus[NUMBER] = "";
	if (!(judgement->wanted & UINT64_C(1) << check)) // run for the log or for a list
		return 0;
	if (result->outcome != CHECK_HIT && result->outcome != CHECK_UNKNOWN &&
		judgement->weight[check].enforced == 0 && judgement->weight[check].observed == 0)
		return 0;
	describe(judgement, check, word);
	if (judgement->weight[check].enforced != 0)
		number(plus, judgement->weight[check].enforced < 0 ? "" : "+",
			judgement->weight[check].enforced, "");
	else if (judgement->weight[check].observed != 0)
		number(plus, judgement->weight[check].observed < 0 ? "" : "+",
			judgement->weight[check].observed, "?");
	if (strlen(word) + strlen(plus) + 1 >= room)
		return 0;
	return bs_print(text, room, "%s%s ", word, plus);
}

char *judgement_summary(const struct judgement *judgement, char *text, size_t room)
{
	size_t length = 0;
	char total[NUMBER];
	text[0] = 0;
	// What counts before what could not be told: without a DNS that would fill the line.
	for (unsigned i = 0; i < 2 * BS_CHECK_COUNT && length + 32 < room; i++) {
		enum bs_check check = (enum bs_check)(i % BS_CHECK_COUNT);
		bool unknown = judgement_result(judgement, check)->outcome == CHECK_UNKNOWN;
		if (unknown == (i >= BS_CHECK_COUNT))
			length += add(judgement, check, text + length, room - length - 24);
	}
	text[length] = 0;
	if (length == 0)
		return text;
	number(total, "total=", judgement->score, "");
	snprintf(text + length, room - length, "%s", total);
	return text;
}
