// SPDX-License-Identifier: BSD-3-Clause
#include "control/ctl/ctl_text.h"

#include <inttypes.h>

void ctl_put_text(FILE *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

const char *ctl_string(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));
	return value != NULL ? value : "";
}

uint64_t ctl_number(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

const char *ctl_grouped(uint64_t value, char text[CTL_NUMBER])
{
	// cppcheck-suppress ctuPointerArith; 20 digits and 6 commas at most
	char *at = text + CTL_NUMBER - 1;
	unsigned digits = 0;
	*at = '\0';
	do {
		if (digits > 0 && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + value % 10);
		value /= 10;
		digits++;
	} while (value > 0);
	return at;
}

void ctl_put_duration(FILE *out, uint64_t seconds)
{
	if (seconds >= 86400)
		fprintf(out, "%" PRIu64 "d ", seconds / 86400);
	if (seconds >= 3600)
		fprintf(out, "%" PRIu64 "h ", seconds / 3600 % 24);
	if (seconds >= 60)
		fprintf(out, "%" PRIu64 "m ", seconds / 60 % 60);
	fprintf(out, "%" PRIu64 "s", seconds % 60);
}
