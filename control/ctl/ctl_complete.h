// SPDX-License-Identifier: BSD-3-Clause
//
// For the shell's completion: barscreenctl --complete WORD... writes what may come after these words, one a line, from
// the same table as everything else.
#pragma once

void ctl_complete(int count, char **word);
