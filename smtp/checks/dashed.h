// SPDX-License-Identifier: BSD-3-Clause
//
// Names of smtp/checks/rows.h as people see them, '-' for '_': X(..., helo_literal, ...) is "helo-literal" in keys, counters and log.
// A constant expression, so that tables of such names are constant too.
#pragma once

#define CHECK_NAME 24 // with the final NUL; smtp/checks/checks.c asserts that all fit

#define DASHED_BYTE(text, at) \
	((at) + 1 <= sizeof(text) ? ((text)[(at) + 1 <= sizeof(text) ? (at) : 0] == '_' \
						    ? '-' \
						    : (text)[(at) + 1 <= sizeof(text) ? (at) : 0]) \
				  : 0)
#define DASHED_4(text, at) \
	DASHED_BYTE(text, at), DASHED_BYTE(text, (at) + 1), DASHED_BYTE(text, (at) + 2), \
		DASHED_BYTE(text, (at) + 3)
// Initialiser of a `static const char name[CHECK_NAME]`; of a compound literal it would be no constant for gcc 12.
#define BS_DASHED(text) \
	{ \
		DASHED_4(text, 0), DASHED_4(text, 4), DASHED_4(text, 8), DASHED_4(text, 12), \
			DASHED_4(text, 16), DASHED_4(text, 20) \
	}
