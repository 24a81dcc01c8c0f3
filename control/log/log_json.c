// SPDX-License-Identifier: BSD-3-Clause
#include "control/log/log_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/log/log_fields.h"

struct object {
	char *out;
	size_t length;
};

static void put(struct object *object, char c)
{
	if (object->length < LOG_JSON_TEXT - 3) // room for the end
		object->out[object->length++] = c;
}

static void put_string(struct object *object, const char *text, size_t length)
{
	put(object, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			put(object, '\\');
		put(object, text[i]);
	}
	put(object, '"');
}

static void put_member(struct object *object, const char *key, const char *value, size_t length)
{
	put(object, object->length == 0 ? '{' : ',');
	put_string(object, key, strlen(key));
	put(object, ':');
	put_string(object, value, length);
}

const char *log_severity_word(enum bs_severity severity)
{
	switch (severity) {
	case BS_LOG_ERROR:
		return "error";
	case BS_LOG_WARNING:
		return "warning";
	case BS_LOG_INFO:
		return "info";
	case BS_LOG_DEBUG:
		break;
	}
	return "debug";
}

static void put_time(struct object *object, uint64_t wall_ns)
{
	time_t second = (time_t)(wall_ns / 1000000000u);
	struct tm tm;
	char text[64];
	if (gmtime_r(&second, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	int length = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06" PRIu64 "Z",
		tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		wall_ns % 1000000000u / 1000);
	put_member(object, "time", text, length > 0 ? (size_t)length : 0);
}

static void put_fields(struct object *object, const char *text)
{
	static const char *const keys[] = {"from", "to", "nrcpt", "size", "message-id", "proto",
		"helo", "delay", "backend", "status"};
	struct log_fields fields;
	char address[BS_ADDRESS_TEXT];
	log_fields_read(text, &fields);
	if (fields.session[0] != '\0')
		put_member(object, "session", fields.session, strlen(fields.session));
	if (fields.event_length > 0)
		put_member(object, "event", fields.event, fields.event_length);
	if (fields.has_client) {
		bs_address_format(&fields.client, address);
		put_member(object, "client", address, strlen(address));
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t length;
		const char *value = log_fields_value(text, &fields, keys[i], &length);
		if (value != NULL)
			put_member(object, keys[i], value, length);
	}
}

size_t log_json(
	uint64_t wall_ns, enum bs_severity severity, const char *text, char out[LOG_JSON_TEXT])
{
	struct object object = {.out = out};
	const char *word = log_severity_word(severity);
	put_time(&object, wall_ns);
	put_member(&object, "severity", word, strlen(word));
	put_fields(&object, text);
	put_member(&object, "text", text, strnlen(text, BS_LOG_TEXT));
	put(&object, '}');
	out[object.length] = '\0';
	return object.length;
}
