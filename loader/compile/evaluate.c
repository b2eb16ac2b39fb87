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
	struct packet_context context = *ctx;
	struct packet p = { .family = (u8)ctx->family, .len = (u32)len };
	struct evaluation e = { .ctx = &context, .img = &img, .p = &p };
	const struct image_header *h = space;
	struct walk w;	/* not zeroed: as in the kernel */
	struct reader r;
	u32 base = h->base[ctx->family][ctx->table][ctx->hook];

	if (base == IMAGE_NONE)
		return EVALUATE_ACCEPT;
	context.data = packet;
	context.len = (u32)len;
	e.w = &w;
	if (chain_empty(&img, base))
		return walk_policy(&img, &p, base);
	hook_reader(&context, &r);
	if (packet_headers(&context, &r, &p))
		return WALK_ERROR(DROP_UNREADABLE);
	p.in = device_interval(&img, ctx->in);
	p.out = device_interval(&img, ctx->out);
	p.ct = (u16)(ctx->ct ? ctx->ct : CT_INVALID);
	return walk_image(&e, base);
}
