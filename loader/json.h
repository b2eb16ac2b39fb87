/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_JSON_H
#define LOADER_JSON_H

#include <stdbool.h>

#include "buffer.h"

/** json_string() - in quotes; what is not UTF-8 becomes U+FFFD. */
void json_string(struct buffer *out, const char *text);

const char *json_bool(bool value);

#endif
