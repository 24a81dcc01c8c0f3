// SPDX-License-Identifier: BSD-3-Clause
//
// barscreenctl's side of allow, deny, reload, set and drain: words with "for" and a note, and answers as lines.
#pragma once

#include "control/ctl/ctl_command.h"

// "PREFIX [for TIME] [NOTE...]"
json_t *ctl_entry_request(const char *name, int count, char **word, char why[CTL_WHY]);

void ctl_show_entry(FILE *out, const json_t *answer, const struct ctl_view *view);
void ctl_show_removed(FILE *out, const json_t *answer, const struct ctl_view *view);
void ctl_show_entries(FILE *out, const json_t *answer, const struct ctl_view *view);
void ctl_show_reload(FILE *out, const json_t *answer, const struct ctl_view *view);
void ctl_show_set(FILE *out, const json_t *answer, const struct ctl_view *view);
void ctl_show_drain(FILE *out, const json_t *answer, const struct ctl_view *view);
