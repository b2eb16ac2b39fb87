/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"
#include "rules/parse.h"

/* A whole regular file. O_NONBLOCK: a fifo must not hold up the boot before fstat() tells. */
static int check_file(int fd, const char *path, size_t max, size_t *size, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_errno(err, -errno, "%s", path);
	if (S_ISDIR(st.st_mode))
		return error_set(err, -EISDIR, "%s is a directory, expected a file of rules", path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s is not a regular file", path);
	if (st.st_size < 0 || (uintmax_t)st.st_size > max)
		return error_set(err, -EFBIG, "%s is too large: %jd bytes, %zu are allowed", path,
				 (intmax_t)st.st_size, max);
	*size = (size_t)st.st_size;
	return 0;
}

/* As much as there is, @size at most: a file that grows meanwhile is cut, one that shrinks too. */
static int read_all(int fd, const char *path, char *buf, size_t size, size_t *len,
		    struct error *err)
{
	ssize_t n;

	for (*len = 0; *len < size; *len += (size_t)n) {
		n = read(fd, buf + *len, size - *len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return error_errno(err, -errno, "cannot read %s", path);
		else if (!n)
			break;
	}
	return 0;
}

int rules_read_fd(int fd, const char *name, size_t max, char **text, size_t *len, struct error *err)
{
	char *buf = NULL;
	size_t size = 0;
	int ret = check_file(fd, name, max, &size, err);

	*text = NULL;
	*len = 0;
	if (!ret) {
		buf = malloc(size + 1);
		if (!buf)
			ret = error_set(err, -ENOMEM, "out of memory for %s", name);
	}
	if (!ret)
		ret = read_all(fd, name, buf, size, len, err);
	if (ret) {
		free(buf);
		return ret;
	}
	buf[*len] = '\0';
	*text = buf;
	return 0;
}

int rules_read_file(const char *path, size_t max, char **text, size_t *len, struct error *err)
{
	int fd, ret;

	*text = NULL;
	*len = 0;
	if (!path || !*path)
		return error_set(err, -ENOENT, "empty file name");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_errno(err, -errno, "cannot open %s", path);
	ret = rules_read_fd(fd, path, max, text, len, err);
	close(fd);
	return ret;
}

ANALYZER_LEAK_OFF	/* *text takes data over */
int rules_read_stream(int fd, const char *name, size_t max, char **text, size_t *len,
		      struct error *err)
{
	size_t cap = 0, used = 0;
	char *data = NULL;
	int ret = 0;

	for (;;) {
		ssize_t n;

		if (cap - used < 4096) {
			char *more = cap <= max ? realloc(data, cap * 2 + 65536) : NULL;

			if (!more) {
				ret = cap <= max ? -ENOMEM : -EFBIG;
				break;
			}
			data = more;
			cap = cap * 2 + 65536;
		}
		n = read(fd, data + used, cap - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (!ret && used > max)
		ret = -EFBIG;
	if (ret) {
		free(data);
		return error_errno(err, ret, "cannot read %s", name);
	}
	data[used] = 0;
	*text = data;
	*len = used;
	return 0;
}
ANALYZER_ON
