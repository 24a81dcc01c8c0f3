// SPDX-License-Identifier: BSD-3-Clause
//
// How the parts of the audit say what they found.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "control/configuration/config.h"
#include "control/policy/policy_base.h"

struct audit {
	const struct config *config;
	FILE *out;
	unsigned errors;
};

void audit_error(struct audit *audit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void audit_warning(struct audit *audit, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void audit_ok(struct audit *audit, const char *format, ...) __attribute__((format(printf, 2, 3)));

// A list as the lines begin with it: FILE:LINE: list "NAME".
#define AUDIT_LIST 400
const char *audit_list(const struct audit *audit, const char *name, char text[AUDIT_LIST]);

bool audit_is_folder(const char *path);

// control/audit/audit_backend.c: where the mail goes. May ask it, for some seconds at most.
void audit_backend(struct audit *audit);

// control/audit/audit_checks.c: checks, DNS lists, policies of recipients.
void audit_checks(struct audit *audit, const struct policy_base *base);
// control/audit/audit_dnsl.c: the DNS lists. Asks them, for some seconds at most.
void audit_dns_lists(struct audit *audit, const struct bs_dnsl *lists, uint32_t count);

// control/audit/audit_device.c: ports, cores, memory.
void audit_devices(struct audit *audit);

// control/audit/audit_resolvers.c: who is asked. Asks them, for two seconds at most.
void audit_resolvers(struct audit *audit, const struct policy_base *base);

// control/audit/audit_lists.c: lists and recipients, as the base built of them has them. Reads their files again; may ask the resolver.
void audit_lists(struct audit *audit, const struct policy_base *base);
