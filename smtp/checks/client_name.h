// SPDX-License-Identifier: BSD-3-Clause
//
// The client's name as the DNS has it, both ways: address to name (PTR), name back to address.
#pragma once

#include "smtp/checks/check.h"

// The first of the client's names that leads back to its address; only what does not is anybody's say. False when there is none, or not
// yet: then "" is in `name`.
bool checks_client_name(const struct check_context *context, char name[DNS_NAME]);
// The same for those who wait: true when an answer is to come that may bring one.
bool checks_client_name_comes(const struct check_context *context, char name[DNS_NAME]);
