// SPDX-License-Identifier: BSD-3-Clause
//
// The checks of port "NAME" { } that need more than one value; control/configuration/config_check.c's.
#pragma once

#include "control/configuration/config_reading.h"

void config_check_ports(struct config_reading *reading);
