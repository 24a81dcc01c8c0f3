// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/tcp/text.h"

#include "dataplane/tcp/cookie.h"

// The parts in their order; returns how many. Replies are one part with a count.
struct part {
	const struct bs_template *template;
	uint32_t times;
};
#define PARTS 6

static void parts(
	const struct dataplane *dataplane, const struct connection *c, struct part part[PARTS])
{
	const struct bs_template *template = dataplane->policy->texts[c->text_set].template;
	part[0] = (struct part){&template[BS_TEMPLATE_TEASER], c -> teased};
	part[1] = (struct part){&template[BS_TEMPLATE_STUTTER], c -> slow ? STUTTER_LINES : 0};
	part[2] = (struct part){&template[c->text], c -> text != BS_TEMPLATE_NONE};
	part[3] = (struct part){&template[BS_TEMPLATE_SYNC], (c->flags & CONNECTION_SYNC) != 0};
	part[4] = (struct part){&template[BS_TEMPLATE_SEQUENCE], c -> replies};
	part[5] = (struct part){&template[BS_TEMPLATE_BYE], (c->flags & CONNECTION_BYE) != 0};
}

// Asked for at every segment, and most texts are a single part: nothing is read of those that are not there.
uint32_t text_whole(const struct dataplane *dataplane, const struct connection *c)
{
	const struct bs_template *template = dataplane->policy->texts[c->text_set].template;
	uint32_t length = 0;
	if (c->text != BS_TEMPLATE_NONE)
		length += template[c->text].length;
	if (c->teased)
		length += template[BS_TEMPLATE_TEASER].length;
	if (c->slow)
		length += STUTTER_LINES * template[BS_TEMPLATE_STUTTER].length;
	if (c->flags & CONNECTION_SYNC)
		length += template[BS_TEMPLATE_SYNC].length;
	if (c->replies > 0)
		length += c->replies * template[BS_TEMPLATE_SEQUENCE].length;
	if (c->flags & CONNECTION_BYE)
		length += template[BS_TEMPLATE_BYE].length;
	return length;
}

uint32_t text_length(const struct dataplane *dataplane, const struct connection *c)
{
	// A byte at a time: what was said is what is acknowledged and the one under way.
	return c->stage == STAGE_STUTTER ? (uint32_t)c->text_position + c->line
					 : text_whole(dataplane, c);
}

uint32_t text_begin(
	const struct dataplane *dataplane, struct connection *c, enum bs_template_number text)
{
	uint32_t said = 0;
	if (c->text != BS_TEMPLATE_NONE || c->teased) // else it was told nothing yet
		said = text_length(dataplane, c);
	if (c->text_position == said) {
		c->teased = 0;
		c->text_position = 0;
		said = 0;
	}
	c->slow = 0;
	c->text = (uint8_t)text;
	return said;
}

void text_copy(const struct dataplane *dataplane, const struct connection *c, uint32_t offset,
	uint8_t *out, uint32_t count)
{
	struct part part[PARTS];
	parts(dataplane, c, part);
	for (unsigned i = 0; i < PARTS && count > 0; i++) {
		uint32_t one = part[i].template->length;
		uint32_t all = one * part[i].times;
		if (offset >= all) {
			offset -= all;
			continue;
		}
		while (offset < all && count > 0) {
			uint32_t at = offset % one;
			uint32_t piece = one - at < count ? one - at : count;
			memcpy(out, part[i].template->text + at, piece);
			out += piece;
			offset += piece;
			count -= piece;
		}
		offset = 0;
	}
}

bool text_acknowledge(
	const struct dataplane *dataplane, struct connection *c, const struct frame *frame)
{
	uint8_t shift;
	cookie_window_scale(c->options, &shift);
	uint32_t window = ((uint32_t)frame->window << shift) / 64;
	c->window = window < UINT8_MAX ? (uint8_t)window : UINT8_MAX;
	uint32_t count = frame->acknowledgement - c->snd_una;
	if (count == 0 || count > text_unacknowledged(dataplane, c))
		return false;
	c->snd_una += count;
	c->text_position += (uint16_t)count;
	c->retransmits = 0;
	return true;
}
