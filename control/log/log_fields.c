// SPDX-License-Identifier: BSD-3-Clause
#include "control/log/log_fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define ID_LENGTH 16u

// How lines begin that are about a client. `words`: words behind the beginning that belong to the event.
static const struct {
	const char *begins;
	unsigned words;
	bool takes_sum;
} shapes[] = {
	{"CONNECT from ", 0, true},
	{"PREGREET ", 0, true},
	{"HANGUP ", 0, true},
	{"DENYLISTED ", 0, true},
	{"DISCONNECT ", 0, true},
	{"VERDICT ", 0, false},
	{"NOQUEUE: reject: ", 1, true},
	{"lost connection after ", 1, true},
	{"timeout after ", 1, true},
	{"too many errors after ", 1, true},
	{"too many commands after ", 1, true},
	{"improper command pipelining after ", 1, true},
	{"warning: improper command pipelining ", 1, true},
	{"NON-SMTP COMMAND ", 1, true},
	{"warning: non-SMTP command ", 1, true},
	{"warning: message has ", 1, true},
	{"disconnect from ", 0, true},
};
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static bool is_id(const char *text)
{
	for (unsigned i = 0; i < ID_LENGTH; i++) {
		if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]))
			return false; // at the latest at the NUL
	}
	return true;
}

// "ID: " at the start, or "session=ID" at the end.
static void read_session(const char *text, struct log_fields *fields)
{
	static const char key[] = "session=";
	size_t length = strlen(text), tail = sizeof(key) - 1 + ID_LENGTH;
	const char *id = NULL;
	if (is_id(text) && text[ID_LENGTH] == ':')
		id = text;
	else if (length > tail && memcmp(text + length - tail, key, sizeof(key) - 1) == 0 &&
		 is_id(text + length - ID_LENGTH))
		id = text + length - ID_LENGTH;
	if (id != NULL)
		memcpy(fields->session, id, ID_LENGTH); // the rest is zero
}

// The address in the first brackets from `at` on: nothing of the client stands before them.
static void read_client(const char *at, struct log_fields *fields)
{
	char address[BS_ADDRESS_TEXT];
	const char *open = strchr(at, '[');
	const char *close = open != NULL ? strchr(open, ']') : NULL;
	if (close == NULL || (size_t)(close - open - 1) >= sizeof(address))
		return;
	memcpy(address, open + 1, (size_t)(close - open - 1));
	address[close - open - 1] = '\0';
	fields->has_client = bs_address_parse(address, &fields->client);
}

// The closing line of a session that brought a mail: " data=1" or " data=1/2" with something before the slash.
static bool brought_mail(const char *text)
{
	const char *data = strstr(text, " data=");
	return data != NULL && strtoul(data + 6, NULL, 10) > 0;
}

static void read_event(const char *text, struct log_fields *fields)
{
	for (unsigned i = 0; i < SHAPES; i++) {
		size_t length = strlen(shapes[i].begins);
		if (strncmp(text, shapes[i].begins, length) != 0)
			continue;
		const char *end = text + strcspn(text, " ");
		if (shapes[i].words > 0)
			end = text + length + strcspn(text + length, " ");
		fields->event = text;
		fields->event_length = (size_t)(end - text);
		read_client(end, fields);
		fields->takes_sum = shapes[i].takes_sum && fields->has_client &&
				    !brought_mail(text);
		return;
	}
}

void log_fields_read(const char *text, struct log_fields *fields)
{
	*fields = (struct log_fields){.event = ""};
	read_session(text, fields);
	if (fields->session[0] != '\0' && text[ID_LENGTH] == ':') {
		fields->is_mail = strstr(text, ", status=") != NULL;
		fields->event = fields->is_mail ? "mail" : "";
		fields->event_length = strlen(fields->event);
		const char *client = strstr(text, ", client=");
		if (client != NULL)
			read_client(client, fields);
		return;
	}
	read_event(text, fields);
}

// In a rejection our fields stand behind the reply, which may quote the client: the last " KEY=" is ours. In a mail's line
// they stand before it: the first one is.
static const char *find_key(const char *text, bool last, const char *key)
{
	size_t length = strlen(key);
	const char *found = NULL;
	for (const char *at = strstr(text, key); at != NULL; at = strstr(at + 1, key)) {
		if (at == text || at[-1] != ' ' || at[length] != '=')
			continue;
		found = at + length + 1;
		if (!last)
			break;
	}
	return found;
}

const char *log_fields_value(
	const char *text, const struct log_fields *fields, const char *key, size_t *length)
{
	bool reject = fields->event_length > 8 && strncmp(fields->event, "NOQUEUE:", 8) == 0;
	if (!fields->is_mail && !reject)
		return NULL;
	const char *value = find_key(text, reject, key);
	if (value == NULL)
		return NULL;
	// Several recipients of one mail stay as they are: <a>,<b>
	bool bracket = value[0] == '<';
	*length = strcspn(value, fields->is_mail ? ", " : " ");
	while (fields->is_mail && value[*length] == ',' && value[*length + 1] == '<')
		*length += 1 + strcspn(value + *length + 1, ", ");
	if (bracket && *length >= 2 && value[*length - 1] == '>' &&
		memchr(value, ',', *length) == NULL) {
		value++;
		*length -= 2;
	}
	return value;
}
