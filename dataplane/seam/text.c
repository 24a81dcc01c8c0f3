// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/seam/text.h"

#include <stdbool.h>
#include <stdio.h>

// Literal bytes, %s, %u and %c without flags, widths and lengths.
static bool is_plain(const char *format)
{
	for (const char *at = strchr(format, '%'); at != NULL; at = strchr(at + 2, '%'))
		if (at[1] != 's' && at[1] != 'u' && at[1] != 'c')
			return false;
	return true;
}

size_t bs_vprint(char *to, size_t room, const char *format, va_list arguments)
{
	struct bs_text text = bs_text_in(to, room);
	if (!is_plain(format)) {
		int length = vsnprintf(to, room, format, arguments);
		return length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;
	}
	while (*format != '\0') {
		size_t literal = strcspn(format, "%");
		bs_text_bytes(&text, format, literal);
		format += literal;
		if (*format == '\0')
			break;
		if (format[1] == 's') {
			bs_text_put(&text, va_arg(arguments, const char *));
		} else if (format[1] == 'u') {
			bs_text_number(&text, va_arg(arguments, unsigned));
		} else {
			char c = (char)va_arg(arguments, int);
			bs_text_bytes(&text, &c, 1);
		}
		format += 2;
	}
	return bs_text_end(&text);
}

size_t bs_print(char *to, size_t room, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	size_t length = bs_vprint(to, room, format, arguments);
	va_end(arguments);
	return length;
}
