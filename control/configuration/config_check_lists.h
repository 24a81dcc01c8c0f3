// SPDX-License-Identifier: BSD-3-Clause
//
// What no value of a list or of recipients alone can show. Used by control/configuration/config_check.c.
#pragma once

#include "control/configuration/config_reading.h"

void config_check_lists(struct config_reading *reading);
