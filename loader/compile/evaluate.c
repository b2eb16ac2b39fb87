// SPDX-License-Identifier: GPL-2.0-only
/* The shared evaluator, compiled for user space: simulator, unit tests, fuzzers. */
#include "compile/evaluate.h"

#include <string.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#include "bpf/walk.h"
#pragma GCC diagnostic pop

static u32 device_interval(struct image_space *img, const char *name)
{
	u64 hi = 0, lo = 0;
	char bytes[16] = { 0 };
	unsigned int i;

	if (name)
		memcpy(bytes, name, strnlen(name, sizeof(bytes) - 1));
	for (i = 0; i < 8; i++) {
		hi = hi << 8 | (u8)bytes[i];
		lo = lo << 8 | (u8)bytes[8 + i];
	}
	return interface_interval(img, hi, lo);
}

unsigned int image_evaluate(void *space, size_t size, const struct packet_context *ctx,
			    const void *packet, size_t len)
{
	struct image_space img = { .data = space, .size = size };
	const struct image_header *h = space;
	struct reader r = { .data = packet, .len = (u32)len };
	struct evaluation e;
	u32 base = h->base[ctx->family][ctx->table][ctx->hook];

	if (base == IMAGE_NONE)
		return EVALUATE_ACCEPT;
	/* The walk is not zeroed: as in the kernel. */
	e.img = &img;
	memset(&e.p, 0, sizeof(e.p));
	e.p.family = (u8)ctx->family;
	e.p.len = (u32)len;
	if (chain_empty(&img, base))
		return walk_policy(&img, &e.p, base);
	if (packet_headers(NULL, &r, &e.p, h->features & IMAGE_F_TCP_OPTIONS))
		return WALK_ERROR(DROP_UNREADABLE);
	e.p.in = device_interval(&img, ctx->in);
	e.p.out = device_interval(&img, ctx->out);
	e.p.ct = (u16)(ctx->ct ? ctx->ct : CT_INVALID);
	return walk_image(&e, base);
}
