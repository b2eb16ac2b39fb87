// SPDX-License-Identifier: GPL-2.0-only
/*
 * An image from a hostile file, and a packet through it. What the validator lets through must be
 * an image: the evaluator never says that it is none, and its rules can be shown, or are refused.
 * What it refuses, it must refuse without a crash. The checksum is set right first, else the fuzzer
 * would never get behind it. Input: byte 0 selects family, table and hook, byte 1 the packet's
 * length, then the packet, then the image.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compile/evaluate.h"
#include "compile/internal.h"
#include "compile/layout.h"

#define TEXT_MOST	(1U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const uint8_t *image, size_t size, const uint8_t *head, const uint8_t *packet,
		     size_t len)
{
	struct packet_context ctx = {
		.family = (enum family)(head[0] & 1),
		.table = (enum table_id)(head[0] >> 1 & 1),
		.hook = (enum hook)((head[0] >> 2 & 7) % NR_HOOKS),
		.in = "eth0",
		.ct = head[0] & 0x80 ? CT_NEW : CT_ESTABLISHED,
	};
	struct image_header *h, header;
	struct error err = { 0 };
	struct ruleset rs;

	memcpy(&header, image, sizeof(header));
	if (image_layout(&header, IMAGE_CAPACITY_0, 2))
		return;
	h = calloc(1, header.total_size);
	if (!h)
		return;
	memcpy(h, image, size);
	header.hz = 250;
	*h = header;
	/* What only the kernel knows is not there. */
	if (image_evaluate(h, header.total_size, &ctx, packet, len) == 2 + DROP_BAD_IMAGE &&
	    !(header.features & IMAGE_F_KERNEL))
		abort();
	/* A text can unpack to a GiB, which a fuzzer has no time for. */
	if (header.text_size <= TEXT_MOST && !image_ruleset(h, &rs, true, &err))
		ruleset_free(&rs);
	free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_header *copy;
	struct error err = { 0 };
	size_t len;

	if (size < 2)
		return 0;
	len = data[1];
	if (size < 2 + len + sizeof(*copy) || size - 2 - len > IMAGE_CAPACITY_0 / 2)
		return 0;
	copy = malloc(size - 2 - len);
	if (!copy)
		return 0;
	memcpy(copy, data + 2 + len, size - 2 - len);
	copy->magic = IMAGE_MAGIC;
	copy->version = IMAGE_VERSION;
	copy->header_size = sizeof(*copy);
	copy->size = (uint32_t)(size - 2 - len);
	copy->checksum = image_checksum(copy, copy->size);
	if (!image_validate(copy, copy->size, &err))
		evaluate((const uint8_t *)copy, copy->size, data, data + 2, len);
	free(copy);
	return 0;
}
