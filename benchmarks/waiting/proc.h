// SPDX-License-Identifier: BSD-3-Clause
//
// Memory as /proc tells it.
#pragma once

#include <stdint.h>

// The sum, in bytes, of the lines of a file in /proc that begin with these words, `count` of them, and go on with a number of kB. 0 where
// the file can't be read.
uint64_t proc_bytes(const char *path, const char *const *words, unsigned count);
