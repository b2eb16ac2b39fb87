/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

int output_write(int fd, const void *data, size_t size)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, (const char *)data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}

/* All of it, on the disk, with this mode whatever the umask is. */
static int write_whole(int fd, const void *data, size_t size, mode_t mode)
{
	int ret = output_write(fd, data, size);

	return !ret && (fchmod(fd, mode) || fsync(fd)) ? -errno : ret;
}

int output_replace(const char *path, const void *data, size_t size, struct error *err)
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
	ret = write_whole(fd, data, size, 0644);
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

int output_create(const char *path, const void *data, size_t size, mode_t mode, struct error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int ret;

	if (fd < 0)
		return error_errno(err, -errno, "%s", path);
	ret = write_whole(fd, data, size, mode);
	if (ret) {
		error_errno(err, ret, "%s", path);
		unlink(path);
	}
	close(fd);
	return ret;
}
