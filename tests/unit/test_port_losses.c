// SPDX-License-Identifier: BSD-3-Clause
//
// When the log is told that a port lost packets: at once, then once a minute, and of what nobody was told yet.
#include <criterion/criterion.h>

#include <string.h>

#include "control/start/port_losses.h"

static struct port_losses losses;
static char text[300];

static bool news(uint64_t now_ms)
{
	return port_losses_news(&losses, "mx0", now_ms, text, sizeof(text));
}

Test(port_losses, are_said_once_a_minute)
{
	cr_assert_not(news(5000), "nothing was lost");
	losses.now.rx_missed = 7;
	cr_assert(news(6000));
	cr_assert(strstr(text, "port mx0: 7 packets were lost") != NULL, "%s", text);
	cr_assert_not(news(120000), "it was said");
	losses.now.rx_no_buffer = 2;
	cr_assert_not(news(65999), "too soon");
	losses.now.rx_errors = 1;
	cr_assert(news(66000));
	cr_assert(strstr(text, ": 3 packets were lost") != NULL, "%s", text);
	cr_assert(strstr(text, "rx-missed 7, rx-errors 1, rx-no-buffer 2") != NULL, "%s", text);
	losses.now.tx_errors = 100;
	cr_assert_not(news(200000), "what was not sent is counted elsewhere");
}
