/* SPDX-License-Identifier: GPL-2.0-only */
#include "json.h"

/* Length of the UTF-8 sequence at @s, 0 if it is none. */
static int utf8_len(const unsigned char *s)
{
	int len = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 :
		  *s >= 0xf0 && *s < 0xf5 ? 4 : 0;

	for (int i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

void json_string(struct buffer *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	buffer_putc(out, '"');
	while (*s) {
		int len = utf8_len(s);

		if (*s == '"' || *s == '\\')
			buffer_printf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			buffer_printf(out, "\\u%04x", *s);
		else if (len)
			buffer_add(out, s, (size_t)len);
		else
			buffer_puts(out, "\\ufffd");
		s += len ? len : 1;
	}
	buffer_putc(out, '"');
}

const char *json_bool(bool value)
{
	return value ? "true" : "false";
}
