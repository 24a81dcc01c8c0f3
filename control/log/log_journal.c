// SPDX-License-Identifier: BSD-3-Clause
#include "control/log/log_journal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

// Source file and line of each call would be this file's: leave them out.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "control/log/log_fields.h"

#define SOCKET "/run/systemd/journal/socket"
#define FIELD  (BS_LOG_TEXT + 32)

struct entry {
	struct iovec field[8];
	int count;
	char bytes[4096];
	size_t used;
};

static void add(struct entry *entry, const char *key, const char *value, size_t length)
{
	size_t room = sizeof(entry->bytes) - entry->used;
	int made = snprintf(entry->bytes + entry->used, room, "%s=%.*s", key, (int)length, value);
	if (made <= 0 || (size_t)made >= room)
		return;
	entry->field[entry->count++] = (struct iovec){
		.iov_base = entry->bytes + entry->used, .iov_len = (size_t)made};
	entry->used += (size_t)made + 1;
}

bool log_journal_is_there(void)
{
	return access(SOCKET, W_OK) == 0;
}

bool log_journal_send(const char *name, enum bs_severity severity, const char *text)
{
	struct entry entry = {.count = 0};
	struct log_fields fields;
	char priority[4], address[BS_ADDRESS_TEXT];
	snprintf(priority, sizeof(priority), "%u", (unsigned)severity & 7u);
	add(&entry, "MESSAGE", text, strnlen(text, FIELD));
	add(&entry, "PRIORITY", priority, 1);
	add(&entry, "SYSLOG_IDENTIFIER", name, strlen(name));
	add(&entry, "SYSLOG_FACILITY", "2", 1);
	log_fields_read(text, &fields);
	if (fields.session[0] != '\0')
		add(&entry, "SESSION", fields.session, strlen(fields.session));
	if (fields.event_length > 0)
		add(&entry, "EVENT", fields.event, fields.event_length);
	if (fields.has_client) {
		bs_address_format(&fields.client, address);
		add(&entry, "CLIENT", address, strlen(address));
	}
	int error = sd_journal_sendv(entry.field, entry.count);
	if (error < 0)
		errno = -error;
	return error >= 0;
}
