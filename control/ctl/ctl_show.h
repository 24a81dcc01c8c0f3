// SPDX-License-Identifier: BSD-3-Clause
//
// The daemon's answers for people. Members that an answer lacks (a daemon of another version) are shown as if empty.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

// ctl_show_cache.c
void ctl_show_cache(FILE *out, const json_t *answer);
void ctl_show_cache_deleted(FILE *out, const json_t *answer);

// ctl_show_log.c: one answer of "log"
void ctl_show_log(FILE *out, const json_t *answer);
// ctl_show_sessions.c
void ctl_show_sessions(FILE *out, const json_t *answer);
void ctl_show_status(FILE *out, const json_t *answer);
// `all`: counters that are zero too.
void ctl_show_stats(FILE *out, const json_t *answer, bool all);

// ctl_show_explain.c
void ctl_show_explain(FILE *out, const json_t *answer);
// ctl_show_dnsl.c: of an answer with "dns-lists"
void ctl_show_dnsl(FILE *out, const json_t *answer);

// ctl_show_memory.c
void ctl_show_greylist(FILE *out, const json_t *answer);
void ctl_show_greylist_list(FILE *out, const json_t *answer);
void ctl_show_remembered(FILE *out, const json_t *answer);
void ctl_show_remembered_list(FILE *out, const json_t *answer);
void ctl_show_deleted(FILE *out, const json_t *answer);

// ctl_show_sources.c
void ctl_show_sources(FILE *out, const json_t *answer);
void ctl_show_source(FILE *out, const json_t *answer);
void ctl_show_cleared(FILE *out, const json_t *answer);
