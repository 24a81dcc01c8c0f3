// SPDX-License-Identifier: BSD-3-Clause
//
// What relay { } of the configuration says to backends that speak SMTP or LMTP. The defaults are RFC 5321's, 4.5.3.2, but where
// a client of ours would be kept waiting: a server that is ours answers at once, or is ill.
#pragma once

#include <stdint.h>

struct backend_settings {
	uint32_t connect_timeout_ms; // one address
	uint32_t command_timeout_ms; // greeting, EHLO, MAIL, RCPT, RSET
	uint32_t data_timeout_ms;    // DATA
	uint32_t write_timeout_ms;   // content of which the backend takes nothing
	uint32_t end_timeout_ms;     // the final dot
	uint32_t negative_ttl_ms;    // how long an unknown recipient is remembered; 0: not
	uint32_t positive_ttl_ms;    // how long a known one is
	uint32_t cache_size;         // recipients remembered
};
