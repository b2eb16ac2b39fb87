// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer/nflog_internal.h"

/*
 * Each message is sent to the socket's name in the working directory: a reader that has made it
 * anew is found without more ado. There are sequence numbers, by which a reader sees what it lost.
 */

struct socket_out {
	struct nflog_out out; /* first */
	int fd, directory;
	u32 number;
	struct sockaddr_un to;
	u8 message[NFLOG_MESSAGE_MAX];
};

static struct socket_out *of(struct nflog_out *out)
{
	return (struct socket_out *)out;
}

static int open_directory(const char *path, const char *name)
{
	char directory[PATH_MAX];
	size_t len = (size_t)(name - path);
	int fd;

	memcpy(directory, path, len);
	directory[len] = 0;
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void socket_close(struct nflog_out *out)
{
	struct socket_out *s = of(out);

	if (s->fd >= 0)
		close(s->fd);
	if (s->directory >= 0)
		close(s->directory);
}

static int socket_open(struct nflog_out *out, const struct nflog_spec *spec, struct error *err)
{
	const char *name = strrchr(spec->path, '/') + 1;
	struct socket_out *s = of(out);

	s->fd = -1;
	s->to.sun_family = AF_UNIX;
	memcpy(s->to.sun_path, name, strlen(name) + 1);
	s->directory = open_directory(spec->path, name);
	if (s->directory < 0)
		return error_errno(err, s->directory, "cannot open the directory of %.200s",
				   spec->path);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return s->fd < 0 ? error_errno(err, -errno, "cannot make a socket") : 0;
}

static int socket_settle(struct nflog_out *out)
{
	return fchdir(of(out)->directory) ? -errno : 0;
}

static void socket_write(struct nflog_out *out, const struct answer_record *r, u64 boot, u64 real)
{
	struct socket_out *s = of(out);
	const struct nflog_how how = {
		.real = real,
		.copy = NFLOG_COPY_MAX,
		.numbered = true,
		.number = s->number++,
	};
	size_t len = nflog_encode(r, &how, s->message);

	(void)boot;
	if (sendto(s->fd, s->message, len, MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)&s->to, sizeof(s->to)) == (ssize_t)len)
		out->counts.sent++;
	else
		out->counts.lost++;
}

const struct nflog_ops nflog_socket = {
	.size = sizeof(struct socket_out),
	.open = socket_open,
	.settle = socket_settle,
	.write = socket_write,
	.close = socket_close,
};
