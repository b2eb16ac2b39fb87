// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sodium/utils.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sign/text.h"

int sign_text_error_(const struct sign_text *t, struct error *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return error_at(err, -EBADMSG, t->where, t->line, 0, NULL, 0, "%s", text);
}

/* minisign takes CR LF, too. */
static int next_line(struct sign_text *t, const char **text, size_t *len, struct error *err)
{
	const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
	const char *end = newline ? newline : t->end;

	t->line++;
	if (t->at == t->end)
		return sign_text_error(t, err, "the file ends too early");
	*text = t->at;
	*len = (size_t)(end - t->at);
	if (newline && *len && end[-1] == '\r')
		--*len;
	t->at = newline ? newline + 1 : t->end;
	return 0;
}

bool sign_text_begins(const struct sign_text *t, const char *prefix)
{
	size_t len = strlen(prefix);

	return (size_t)(t->end - t->at) >= len && !memcmp(t->at, prefix, len);
}

int sign_text_comment(struct sign_text *t, const char *prefix, const char **text, size_t *len,
		      struct error *err)
{
	bool found = sign_text_begins(t, prefix);
	int ret = next_line(t, text, len, err);

	if (ret)
		return ret;
	if (!found)
		return sign_text_error(t, err, "the line does not begin with \"%s\"", prefix);
	*text += strlen(prefix);
	*len -= strlen(prefix);
	return 0;
}

/*
 * libsodium 1.0.18 takes bytes above 0x7f for digits. Only what it would write itself is right: no
 * two texts are the same signature.
 */
static bool is_canonical(const void *data, size_t size, const char *text, size_t len)
{
	char again[SIGN_BASE64_MAX];
	bool same;

	sodium_bin2base64(again, sizeof(again), data, size, sodium_base64_VARIANT_ORIGINAL);
	same = strlen(again) == len && !memcmp(again, text, len);
	explicit_bzero(again, sizeof(again));
	return same;
}

int sign_text_base64(struct sign_text *t, const char *what, void *data, size_t size,
		     struct error *err)
{
	const char *text;
	size_t len, got = 0;
	int ret = next_line(t, &text, &len, err);

	if (ret)
		return ret;
	if (sodium_base642bin(data, size, text, len, NULL, &got, NULL,
			      sodium_base64_VARIANT_ORIGINAL) || got != size ||
	    !is_canonical(data, size, text, len))
		return sign_text_error(t, err, "the line is not %s (%zu bytes in base64)", what,
				       size);
	return 0;
}

void sign_text_encode(struct buffer *out, const void *data, size_t size)
{
	char text[SIGN_BASE64_MAX];

	sodium_bin2base64(text, sizeof(text), data, size, sodium_base64_VARIANT_ORIGINAL);
	buffer_printf(out, "%s\n", text);
	explicit_bzero(text, sizeof(text));
}

int sign_text_end(struct sign_text *t, struct error *err)
{
	if (t->at == t->end)
		return 0;
	t->line++;
	return sign_text_error(t, err, "more text than belongs here");
}

const char *sign_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
