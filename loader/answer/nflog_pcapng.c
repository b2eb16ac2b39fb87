// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer/nflog_internal.h"

/*
 * Two files, written by turns: when one is full the other is emptied. Nothing is renamed, so that
 * no file system is needed once they are open.
 */

struct pcapng {
	struct nflog_out out; /* first */
	int fd[2];	      /* -1: none */
	unsigned int now;     /* which of them is written */
	u64 size, most;	      /* bytes in it, and at most in each */
	u8 block[PCAPNG_PACKET_MAX];
};

enum file_state { FILE_EMPTY, FILE_WHOLE, FILE_CUT };

static struct pcapng *of(struct nflog_out *out)
{
	return (struct pcapng *)out;
}

/*
 * Whether blocks can be put behind what is there, which must be a file of this kind: others are
 * nobody's to write to.
 */
static int look(int fd, const char *path, off_t size, enum file_state *state, struct error *err)
{
	u8 section[PCAPNG_SECTION_MAX];
	u32 head[3], len, again;

	*state = FILE_EMPTY;
	if (!size)
		return 0;
	pcapng_section(section);
	if (pread(fd, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(&head[0], section, sizeof(head[0])) ||
	    memcmp(&head[2], section + 8, sizeof(head[2])))
		return error_set(err, -EEXIST, "%.200s is no pcapng file: it stays as it is", path);
	*state = FILE_CUT;
	if (size % 4 || pread(fd, &len, sizeof(len), size - 4) != sizeof(len) || len < 12 ||
	    len % 4 || (off_t)len > size)
		return 0;
	if (pread(fd, &again, sizeof(again), size - (off_t)len + 4) == sizeof(again) &&
	    again == len)
		*state = FILE_WHOLE;
	return 0;
}

/* Without waiting for the other end of a FIFO, and not through a link somebody has put there. */
static int open_file(struct pcapng *p, unsigned int i, const char *path, struct stat *st,
		     enum file_state *state, struct error *err)
{
	char name[PATH_MAX];

	snprintf(name, sizeof(name), "%s%s", path, i ? ".1" : "");
	p->fd[i] = open(
		name, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		0600);
	if (p->fd[i] < 0)
		return error_errno(err, -errno, "cannot open %.200s", name);
	if (fstat(p->fd[i], st))
		return error_errno(err, -errno, "cannot look at %.200s", name);
	if (!S_ISREG(st->st_mode))
		return error_set(err, -EEXIST, "%.200s is no ordinary file", name);
	return look(p->fd[i], name, st->st_size, state, err);
}

/* All of it or nothing: half a block would make the rest of the file unreadable. */
static bool append(struct pcapng *p, size_t len)
{
	ssize_t n;

	do
		n = write(p->fd[p->now], p->block, len);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len) {
		p->size += len;
		return true;
	}
	if (n > 0 && ftruncate(p->fd[p->now], (off_t)p->size))
		p->size = p->most; /* so that the other file is next */
	return false;
}

static bool begin_section(struct pcapng *p)
{
	return append(p, pcapng_section(p->block));
}

static bool turn(struct pcapng *p)
{
	unsigned int other = !p->now;

	if (ftruncate(p->fd[other], 0))
		return false;
	p->now = other;
	p->size = 0;
	return begin_section(p);
}

/* Goes on behind the newest packets; if that cannot be done, they are kept and the others go. */
static int begin(struct pcapng *p, const struct stat *st, const enum file_state *state,
		 struct error *err)
{
	const struct timespec *a = &st[0].st_mtim, *b = &st[1].st_mtim;
	bool later = a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
	bool ok;

	p->now = state[1] != FILE_EMPTY && (state[0] == FILE_EMPTY || later);
	p->size = (u64)st[p->now].st_size;
	if (state[p->now] == FILE_CUT || p->size + PCAPNG_PACKET_MAX > p->most)
		ok = turn(p);
	else
		ok = begin_section(p);
	return ok ? 0 : error_errno(err, errno ? -errno : -EIO, "cannot write the pcapng file");
}

static void pcapng_close(struct nflog_out *out)
{
	struct pcapng *p = of(out);

	for (unsigned int i = 0; i < 2; i++)
		if (p->fd[i] >= 0)
			close(p->fd[i]);
}

static int pcapng_open(struct nflog_out *out, const struct nflog_spec *spec, struct error *err)
{
	enum file_state state[2] = { FILE_EMPTY, FILE_EMPTY };
	struct stat st[2] = { { 0 }, { 0 } };
	struct pcapng *p = of(out);
	int ret = 0;

	p->fd[0] = p->fd[1] = -1;
	p->most = spec->size;
	for (unsigned int i = 0; i < 2 && !ret; i++)
		ret = open_file(p, i, spec->path, &st[i], &state[i], err);
	return ret ? ret : begin(p, st, state, err);
}

static void pcapng_write(struct nflog_out *out, const struct answer_record *r, u64 boot, u64 real)
{
	struct pcapng *p = of(out);
	size_t len = pcapng_packet(r, real, p->block);

	(void)boot;
	if (p->size + len > p->most) {
		if (!turn(p)) {
			out->counts.lost++;
			return;
		}
		len = pcapng_packet(r, real, p->block);
	}
	if (append(p, len))
		out->counts.sent++;
	else
		out->counts.lost++;
}

const struct nflog_ops nflog_pcapng = {
	.size = sizeof(struct pcapng),
	.open = pcapng_open,
	.write = pcapng_write,
	.close = pcapng_close,
};
