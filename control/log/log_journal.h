// SPDX-License-Identifier: BSD-3-Clause
//
// The systemd journal as a target of the log: each line with PRIORITY, SYSLOG_IDENTIFIER, SYSLOG_FACILITY (mail), and,
// where it has them, SESSION, CLIENT and EVENT, to be asked for as `journalctl SESSION=...`.
//
// libsystemd waits when journald does not read. It is the log writer's thread that waits then: rings fill, lines are lost and
// counted, sessions go on.
#pragma once

#include <stdbool.h>

#include "dataplane/seam/log.h"

// False when no journald listens here.
bool log_journal_is_there(void);
// False with errno when it was not taken.
bool log_journal_send(const char *name, enum bs_severity severity, const char *text);
