// SPDX-License-Identifier: GPL-2.0-only
#include <linux/netfilter/nfnetlink_log.h>
#include <stdlib.h>
#include <string.h>

#include "answer/nflog_internal.h"

/* group, port, packets that wait, copy mode, copy range, flush timeout, references */
#define COLUMNS 7

/* Returns what follows the line; a line that is none has no group (-1). */
static const char *read_line(const char *p, long long *column)
{
	const char *end = strchr(p, '\n');
	char *next;
	int i;

	if (!end)
		end = p + strlen(p);
	for (i = 0; i < COLUMNS; i++) {
		column[i] = strtoll(p, &next, 10);
		if (next == p || next > end || column[i] < 0)
			break;
		p = next;
	}
	if (i < COLUMNS)
		column[0] = -1;
	return *end ? end + 1 : end;
}

struct nflog_listener nflog_listener_find(const char *text, u16 group)
{
	struct nflog_listener l = { 0 };
	long long column[COLUMNS];

	while (*text) {
		text = read_line(text, column);
		if (column[0] != group || column[1] > UINT32_MAX)
			continue;
		l.port = (u32)column[1];
		if (column[3] == NFULNL_COPY_PACKET)
			l.copy = column[4] < NFLOG_COPY_MAX ? (u32)column[4] : NFLOG_COPY_MAX;
		l.timeout = column[5] < UINT32_MAX ? (u32)column[5] : UINT32_MAX;
		break;
	}
	return l;
}
