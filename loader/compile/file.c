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

uint64_t image_checksum(const struct image_header *h, size_t size)
{
	struct image_header copy = *h;
	uLong crc;

	copy.checksum = 0;
	copy.total_size = 0;
	copy.counters = 0;
	copy.nr_shards = 0;
	copy.shard_stride = 0;
	copy.state = 0;
	copy.loaded_at = 0;
	copy.origin = 0;
	crc = crc32_z(0, (const Bytef *)&copy, sizeof(copy));
	return crc32_z(crc, (const Bytef *)h + sizeof(copy), size - sizeof(copy));
}

int image_borrow(struct image *img, const char *name, const void *data, size_t size,
		 struct error *err)
{
	int ret;

	memset(img, 0, sizeof(*img));
	if (size < sizeof(struct image_header) || image_capacity(size) < 0)
		return error_set(err, -EINVAL, "%s: not an image of this helper", name);
	ret = image_validate(data, size, err);
	if (ret)
		return ret;
	img->data = (void *)(uintptr_t)data;
	img->header = img->data;
	img->size = size;
	return 0;
}

static int write_whole(int fd, const void *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, (const char *)data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int image_write(const struct image *img, const char *path, struct error *err)
{
	char *temporary = NULL;
	int fd = -1, ret;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		temporary = NULL;
		return error_errno(err, -ENOMEM, "%s", path);
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		ret = error_errno(err, -errno, "%s", path);
		goto out;
	}
	ret = write_whole(fd, img->data, img->size);
	if (!ret && (fchmod(fd, 0644) || fsync(fd)))
		ret = -errno;
	if (!ret && rename(temporary, path))
		ret = -errno;
	if (ret) {
		error_errno(err, ret, "%s", path);
		unlink(temporary);
	}
out:
	if (fd >= 0)
		close(fd);
	free(temporary);
	return ret;
}
