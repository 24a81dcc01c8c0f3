// SPDX-License-Identifier: BSD-3-Clause
//
// Pieces of what barscreenctl shows to people. Members that an answer lacks are empty or 0.
#pragma once

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define CTL_NUMBER 32

// What the daemon sent, without what moves a terminal's cursor. NULL is allowed.
void ctl_put_text(FILE *out, const char *text);
const char *ctl_string(const json_t *object, const char *key);
uint64_t ctl_number(const json_t *object, const char *key);
// 1234567 as 1,234,567; returns a place in `text`.
const char *ctl_grouped(uint64_t value, char text[CTL_NUMBER]);
// 1d 2h 3m 4s.
void ctl_put_duration(FILE *out, uint64_t seconds);
