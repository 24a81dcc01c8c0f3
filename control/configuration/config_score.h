// SPDX-License-Identifier: BSD-3-Clause
//
// Weights and totals as people write them: 4.35 is 435 hundredths, 1.5/-1.25 a hit's and a miss's weight. Pure functions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/policy/checks_policy.h"

#define CONFIG_SCORE_MOST 9999 // hundredths of a weight, either way
#define CONFIG_SCORE_TEXT 24   // room for "-99.99/-99.99" or a total

// Digits with at most two behind a point. False when it is no such number; one beyond +-10,000,000 is taken as that.
bool config_hundredths_parse(const char *text, int64_t *hundredths);
// Returns `text`.
const char *config_hundredths_format(int64_t hundredths, char text[CONFIG_SCORE_TEXT]);

// "HIT" or "HIT/MISS", each within +-CONFIG_SCORE_MOST. False when it is not; `score` is then as before.
bool config_score_parse(const char *text, struct bs_score *score);
const char *config_score_format(struct bs_score score, char text[CONFIG_SCORE_TEXT]);
