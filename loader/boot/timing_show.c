// SPDX-License-Identifier: GPL-2.0-only
/* "bpfilter boot --timing": in the running system, what the boot has left in the kernel's log. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "boot/timing.h"
#include "commands.h"

#define RECORD_MAX	8192	/* PRINTK_MESSAGE_MAX and what is escaped */

/*
 * A record is "PRIORITY,NUMBER,TIME,FLAGS;TEXT\n KEY=VALUE\n" (Documentation/ABI/testing/dev-kmsg),
 * one each read().
 */
static bool take_record(char *record, struct timing *t)
{
	static const char mark[] = "bpfilter: " TIMING_MARK;
	char *text = strchr(record, ';');
	struct timing found;

	if (!text)
		return false;
	text[1 + strcspn(text + 1, "\n")] = 0;
	if (strncmp(text + 1, mark, sizeof(mark) - 1) ||
	    !timing_parse(text + sizeof(mark), &found))
		return false;
	*t = found;
	return true;
}

/* The last one counts: process 1 of another PID namespace may have written one, too. */
static int find_line(struct timing *t, struct error *err)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), ret;
	char record[RECORD_MAX + 1];
	bool found = false;
	ssize_t n;

	if (fd < 0)
		return error_errno(err, -errno, "cannot read the kernel's log, /dev/kmsg");
	/* EPIPE: overwritten before it was read, the next read() goes on behind. */
	while ((n = read(fd, record, RECORD_MAX)) > 0 || (n < 0 && (errno == EPIPE ||
								      errno == EINTR))) {
		record[n > 0 ? n : 0] = 0;
		found |= take_record(record, t);
	}
	ret = n < 0 && errno != EAGAIN ? -errno : 0;
	close(fd);
	if (ret)
		return error_errno(err, ret, "cannot read the kernel's log, /dev/kmsg");
	if (found)
		return 0;
	error_set(err, -ENOENT, "there is no line \"bpfilter: " TIMING_MARK "\" in the kernel's log");
	error_hint(err, "either bpfilter-init did not start this boot, or newer lines took its "
		   "place: log_buf_len= makes room; journalctl -k may still have it");
	return -ENOENT;
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static void print_table(const struct timing *t, struct buffer *out)
{
	enum timing_part slowest = timing_slowest(t);

	buffer_puts(out, "part               ms\n");
	for (enum timing_part p = 0; p < TIMING_PARTS; p++)
		if (t->part_ns[p])
			buffer_printf(out, "%s%-*s %9.2f  %s%s\n", timing_is_child(p) ? "  " : "",
				      timing_is_child(p) ? 9 : 11, timing_name(p),
				      ms(t->part_ns[p]), timing_about(p),
				      p == slowest ? "  <== slowest" : "");
	buffer_printf(out, "%-11s %9.2f  from exec of bpfilter-init; what is indented ran beside the "
		      "evaluator\n", "total", ms(timing_total(t)));
}

static void print_json(const struct timing *t, struct buffer *out)
{
	const char *comma = "";

	buffer_printf(out, "{\"total_ms\": %.2f, \"slowest\": \"%s\", \"parts\": [",
		      ms(timing_total(t)), timing_name(timing_slowest(t)));
	for (enum timing_part p = 0; p < TIMING_PARTS; p++) {
		if (!t->part_ns[p])
			continue;
		buffer_printf(out, "%s\n  {\"part\": \"%s\", \"ms\": %.2f, \"child\": %s}", comma,
			      timing_name(p), ms(t->part_ns[p]),
			      timing_is_child(p) ? "true" : "false");
		comma = ",";
	}
	buffer_puts(out, "\n]}\n");
}

int timing_show(bool json)
{
	struct buffer out = { 0 };
	struct error err = { 0 };
	struct timing t = { 0 };
	int ret;

	if (find_line(&t, &err))
		return command_failed(&err);
	if (json)
		print_json(&t, &out);
	else
		print_table(&t, &out);
	ret = command_output(&out);
	buffer_free(&out);
	return ret;
}
