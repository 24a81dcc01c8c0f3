// SPDX-License-Identifier: BSD-3-Clause
//
// Which checks there are at a stage, and which of them a policy wants, as words of bits: asked for each session some times, so
// not by walking the table.
#include <string.h>

#include "smtp/judge/judge_state.h"

#define AT(identifier, row, at, ...) | (uint64_t)(BS_STAGE_##at == STAGE) << BS_CHECK_##identifier

const uint64_t checks_of_stage[] = {
#define STAGE BS_STAGE_BEHAVIOUR
	[STAGE] = 0 BS_CHECKS(AT),
#undef STAGE
#define STAGE BS_STAGE_CLIENT
	[STAGE] = 0 BS_CHECKS(AT),
#undef STAGE
#define STAGE BS_STAGE_HELO
	[STAGE] = 0 BS_CHECKS(AT),
#undef STAGE
#define STAGE BS_STAGE_SENDER
	[STAGE] = 0 BS_CHECKS(AT),
#undef STAGE
#define STAGE BS_STAGE_RECIPIENT
	[STAGE] = 0 BS_CHECKS(AT),
#undef STAGE
};

#define MODES_A_WORD sizeof(uint64_t)

// A bit for each that is not off, eight modes at a time. A mode has two bits.
_Static_assert(BS_MODE_ENFORCE < 4 && BS_MODE_OFF == 0, "");
static uint64_t not_off(const uint8_t mode[BS_CHECK_COUNT])
{
	uint64_t word[(BS_CHECK_COUNT + MODES_A_WORD - 1) / MODES_A_WORD] = {0}, found = 0;
	memcpy(word, mode, BS_CHECK_COUNT);
	for (unsigned i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		uint64_t any = (word[i] | word[i] >> 1) & UINT64_C(0x0101010101010101);
		found |= (any * UINT64_C(0x0102040810204080) >> 56) << (i * MODES_A_WORD);
	}
	return found;
}

uint64_t judgement_wanted(const struct bs_policy *policy)
{
	uint64_t wanted = not_off(policy->checks.mode);
	for (uint32_t i = 0; i < policy->recipient_policy_count; i++) {
		const struct bs_recipient_policy *own = &policy->recipient_policy[i];
		wanted |= own->mode_set & not_off(own->checks.mode);
	}
	return wanted;
}

// What a trusted relay is not asked: it sends for others, so its name and address say nothing about the sender.
static uint64_t of_client(void)
{
	uint64_t spf = BIT(BS_CHECK_SPF_PERMERROR + 1) - BIT(BS_CHECK_SPF_FAIL);
	return checks_of_stage[BS_STAGE_CLIENT] | checks_of_stage[BS_STAGE_HELO] | spf |
	       BIT(BS_CHECK_SENDER_OTHER);
}

uint64_t judgement_left(
	const struct judgement *judgement, const struct check_context *context, uint64_t among)
{
	if (!judgement->explain)
		among &= judgement_wanted(context->policy);
	if (context->policy->class[context->facts->class].action == BS_ACTION_RELAY)
		among &= ~of_client();
	return among & ~judgement->done;
}

uint64_t checks_of_stages(unsigned first, unsigned last)
{
	uint64_t among = 0;
	for (unsigned stage = first; stage <= last; stage++)
		among |= checks_of_stage[stage];
	return among;
}
