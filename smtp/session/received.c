// SPDX-License-Identifier: BSD-3-Clause
//
// The trace header. Postfix's shape, which SpamAssassin and people can read. The date is built by hand: strftime
// would speak the locale's language.
#include "smtp/session/received.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

size_t received_format(const struct received *received, char text[RECEIVED_TEXT])
{
	char address[BS_ADDRESS_TEXT], recipient[MAILBOX_TEXT];
	bs_address_format(&received->client, address);
	time_t seconds = (time_t)received->seconds;
	struct tm tm;
	if (gmtime_r(&seconds, &tm) == NULL) { // a year beyond int
		seconds = 0;
		gmtime_r(&seconds, &tm);
	}
	const struct mailbox *one = received->recipient;
	int length = snprintf(text, RECEIVED_TEXT,
		"Received: from %s (%s [%s%s])\r\n"
		"\tby %s (barscreen) with %s id %s%s%s%s;\r\n"
		"\t%s, %d %s %d %02d:%02d:%02d +0000\r\n",
		received->helo, received->name,
		bs_address_is_ipv4(&received->client) ? "" : "IPv6:", address, received->hostname,
		received->esmtp ? "ESMTP" : "SMTP", received->id, one != NULL ? "\r\n\tfor <" : "",
		one != NULL ? mailbox_format(one, recipient) : "", one != NULL ? ">" : "",
		days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour,
		tm.tm_min, tm.tm_sec);
	return length < RECEIVED_TEXT ? (size_t)length : RECEIVED_TEXT - 1;
}

static bool fits_helo(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || (byte != 0 && strchr(".-_:[]", byte) != NULL);
}

void received_clean_helo(const char *helo, size_t length, char clean[RECEIVED_HELO])
{
	if (length > RECEIVED_HELO - 1)
		length = RECEIVED_HELO - 1;
	for (size_t i = 0; i < length; i++)
		clean[i] = (char)(fits_helo(helo[i]) ? helo[i] : '?');
	clean[length] = 0;
}
