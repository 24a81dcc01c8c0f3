// SPDX-License-Identifier: BSD-3-Clause
//
// Does a name look like one that a provider gave to a dialup by the thousand? Pure.
#pragma once

#include "dataplane/seam/address.h"

// Why it does ("address in the name", "DSL"), or NULL. `name`: any case, any bytes. Doubts are for the name: a mail server that was given a
// word for itself (mail, mx, static) is none, whatever else is there.
const char *name_looks_dynamic(const char *name, const struct bs_address *client);
