// SPDX-License-Identifier: BSD-3-Clause
//
// dnsl "NAME" { } after it was read: the zone's default, test points, patterns. Control thread.
#pragma once

#include "control/configuration/config_reading.h"

void config_check_dnsl(struct config_reading *reading);
