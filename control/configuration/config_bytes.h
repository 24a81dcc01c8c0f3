// SPDX-License-Identifier: BSD-3-Clause
//
// The bytes of a configuration file, read whole: part of control/configuration/config_source.c.
#pragma once

#include <stddef.h>

#include "control/configuration/config_source.h"

// Reads source->file and notes which file it is. malloc()ed, not ended by a NUL; NULL after a fault, said of
// from_file:from_line: not there, a folder, not a regular file, too large.
char *config_bytes_read(struct config_source *source, size_t *count, const char *from_file,
	unsigned from_line, struct faults *faults);
