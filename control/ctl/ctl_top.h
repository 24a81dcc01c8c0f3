// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl top: what happens each second. The daemon keeps nothing for it: two looks at "stats" and the time between
// them.
#pragma once

#include "control/ctl/ctl_options.h"

// Writes `options->count` lines (0: until it is stopped), one every `options->interval_s`.
enum ctl_exit ctl_top(const struct ctl_options *options);
