// SPDX-License-Identifier: BSD-3-Clause
//
// How many connections, mails and recipients a source has had of late.
#include "dataplane/seam/source.h"
#include "dataplane/seam/source_window.h"

uint32_t bs_source_count(struct bs_source *source, enum bs_rate rate, uint16_t add,
	uint32_t window_s, uint32_t now_s)
{
	uint16_t counts[WINDOW_COUNTS] = {0};
	if (add == 0)
		return window_read(&source->rates, window_s, now_s).count[rate];
	counts[rate] = add;
	return window_add(&source->rates, counts, window_s, now_s).count[rate];
}
