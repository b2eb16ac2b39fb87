// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/nflog_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static u8 message[PCAPNG_PACKET_MAX];

static u32 word(const u8 *p)
{
	u32 value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* Attributes fill the message; the last is the payload, of the length that is promised. */
static void check_message(const struct answer_record *r, const struct nflog_how *how)
{
	size_t len = nflog_encode(r, how, message), at = 20, payload = 0;

	if (len > NFLOG_MESSAGE_MAX || word(message) != len)
		abort();
	while (at < len) {
		size_t attr = word(message + at) & 0xffff, type = word(message + at) >> 16;

		if (attr < 4 || payload)
			abort();
		payload = type == 9 ? attr - 4 : 0;
		at += (attr + 3) / 4 * 4;
	}
	if (at != len || payload != nflog_payload(r, how->copy))
		abort();
}

static void check_record(const uint8_t *data, size_t size)
{
	const size_t head = offsetof(struct answer_record, data);
	struct answer_record *r = calloc(1, size < sizeof(*r) ? sizeof(*r) : size);
	struct nflog_how how = { 0 };
	size_t len;

	if (!r)
		return;
	memcpy(r, data, size);
	if (r->captured > (size > head ? size - head : 0))
		r->captured = (u32)(size > head ? size - head : 0);
	how.real = r->time;
	how.copy = r->rule.pad;
	how.numbered = r->rule.type & 1;
	check_message(r, &how);
	len = pcapng_packet(r, r->time, message);
	if (len % 4 || len > sizeof(message) || word(message + 4) != len ||
	    word(message + len - 4) != len || word(message + 20) > word(message + 24))
		abort();
	free(r);
}

/* What a person or /proc says: any text. */
static void check_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);
	struct error err = { 0 };
	struct nflog_spec spec;

	if (!text)
		return;
	if (nflog_spec_parse(text, &spec, &err) ? !err.msg[0] : spec.path && spec.path[0] != '/')
		abort();
	if (nflog_listener_find(text, size > 0 ? data[0] : 0).copy > NFLOG_COPY_MAX)
		abort();
	free(text);
}

/* Any bytes: as a record, of which only the bytes of the packet were counted, and as text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= sizeof(struct answer_record) + 0x10000)
		check_record(data, size);
	check_text(data, size);
	return 0;
}
