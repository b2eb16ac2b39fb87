// SPDX-License-Identifier: GPL-2.0-only
/* Images in files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "compile/internal.h"
#include "compile/layout.h"
#include "output.h"

uint64_t image_checksum(const struct image_header *h, size_t size)
{
	struct image_header copy = *h;
	uLong crc;

	copy.checksum = 0;
	copy.total_size = 0;
	copy.counters = 0;
	copy.hot = 0;
	copy.nr_shards = 0;
	copy.shard_stride = 0;
	copy.state = 0;
	copy.loaded_at = 0;
	copy.origin = 0;
	copy.hz = 0;
	copy.jiffies = 0;
	copy.clock_offset = 0;
	crc = crc32_z(0, (const Bytef *)&copy, sizeof(copy));
	return crc32_z(crc, (const Bytef *)h + sizeof(copy), size - sizeof(copy));
}

int image_borrow(struct image *img, const char *name, const void *data, size_t size,
		 struct error *err)
{
	struct image_header header;
	int ret;

	memset(img, 0, sizeof(*img));
	if (size < sizeof(header))
		return error_set(err, -EINVAL, "%s: not an image of this helper", name);
	if (image_capacity(size) < 0)
		return error_set(err, -E2BIG, "%s: an image of %zu bytes; at most %u are supported",
				 name, size, IMAGE_CAPACITY_MAX);
	ret = image_validate(data, size, err);
	if (ret)
		return ret;
	memcpy(&header, data, sizeof(header));
	if (image_layout(&header, IMAGE_CAPACITY_MAX, 1))
		return error_set(err, -E2BIG, "%s: its %u counters do not fit behind %zu bytes; "
				 "at most %u are supported", name, header.nr_counters, size,
				 IMAGE_CAPACITY_MAX);
	img->data = (void *)(uintptr_t)data;
	img->header = img->data;
	img->size = size;
	return 0;
}

int image_write(const struct image *img, const char *path, struct error *err)
{
	return output_replace(path, img->data, img->size, err);
}
