/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A look at the image in force, with its live counters.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/inner.h"
#include "kernel/kernel.h"
#include "kernel/slot.h"

static int check(const struct inner *in, struct error *err)
{
	const struct image_header *h = in->image;

	if (h->magic == IMAGE_MAGIC && h->version == IMAGE_VERSION && h->total_size <= in->size &&
	    h->size <= h->total_size)
		return 0;
	error_set(err, -EPROTO, "the image in force is not one this bpfilter understands");
	error_hint(err, "it was loaded by another version: use that one, or apply the rules again");
	return -EPROTO;
}

int filter_view(struct kernel *k, struct filter_view *v, struct error *err)
{
	struct inner in = { .fd = -1 };
	size_t size = 0;
	struct slot s;
	int ret, fd;

	memset(v, 0, sizeof(*v));
	v->map_fd = -1;
	ret = slot_current(k, &s, err);
	if (ret)
		return ret;
	fd = slot_image(&s, &size, err);
	ret = fd < 0 ? fd : inner_map(&in, fd, size, false, err);
	if (!ret)
		ret = check(&in, err);
	if (ret) {
		inner_close(&in);
	} else {
		v->image = in.image;
		v->size = in.image->total_size;
		v->map = in.image;
		v->map_size = in.size;
		v->map_fd = in.fd;
		v->control = *(struct control *)(uintptr_t)s.control;
		v->slot = s.gen == GEN_A ? 'a' : 'b';
	}
	slot_close(&s);
	return ret;
}

void filter_view_close(struct filter_view *v)
{
	if (v->map)
		munmap(v->map, v->map_size);
	if (v->map_fd >= 0)
		close(v->map_fd);
	memset(v, 0, sizeof(*v));
	v->map_fd = -1;
}
