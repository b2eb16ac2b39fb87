// SPDX-License-Identifier: GPL-2.0-only
#include "boot/timing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "boot/boot.h"

static const struct {
	const char *name, *about;
} parts[TIMING_PARTS] = {
	[TIMING_START] = { "start", "before anything else" },
	[TIMING_DENY] = { "deny", "stage 1 loaded and attached" },
	[TIMING_MOUNTS] = { "mounts", "/proc, /sys, /dev, /run" },
	[TIMING_CMDLINE] = { "cmdline", "the kernel command line read" },
	[TIMING_PIN] = { "pin", "a bpffs mounted, stage 1 pinned" },
	[TIMING_FORK] = { "fork", "a child started" },
	[TIMING_EVALUATOR] = { "evaluator", "the evaluator loaded, while the child works" },
	[TIMING_SOURCES] = { "sources", "rules looked for; modules for that loaded" },
	[TIMING_READ] = { "read", "rule files read" },
	[TIMING_COMPILE] = { "compile", "rules parsed and compiled" },
	[TIMING_WRITE] = { "write", "the image handed over" },
	[TIMING_WAIT] = { "wait", "for the child" },
	[TIMING_VALIDATE] = { "validate", "the image validated" },
	[TIMING_CONNTRACK] = { "conntrack", "connection tracking switched on" },
	[TIMING_IMAGE] = { "image", "the image loaded, links attached" },
	[TIMING_COMPANION] = { "companion", "the process that answers started" },
	[TIMING_COMMIT] = { "commit", "the rules put in force" },
	[TIMING_OPEN] = { "open", "stage 1 taken away" },
	[TIMING_STATE] = { "state", "/run/bpfilter/state written" },
	[TIMING_LOG] = { "log", "messages, as fast as the console takes them" },
	[TIMING_OVERDUE] = { "overdue", "did not end in time" },
};

const char *timing_name(enum timing_part part)
{
	return parts[part].name;
}

const char *timing_about(enum timing_part part)
{
	return parts[part].about;
}

bool timing_is_child(enum timing_part part)
{
	return part >= TIMING_SOURCES && part <= TIMING_WRITE;
}

void timing_start(struct timing *t, uint64_t now_ns)
{
	*t = (struct timing){ .start_ns = now_ns, .last_ns = now_ns };
}

void timing_part(struct timing *t, enum timing_part part)
{
	uint64_t now = clock_ns(CLOCK_MONOTONIC);

	t->part_ns[part] += now - t->last_ns;
	t->last_ns = now;
}

void timing_child(struct timing *t, const struct timing *child)
{
	uint64_t most = t->part_ns[TIMING_EVALUATOR] + t->part_ns[TIMING_WAIT];

	for (enum timing_part p = TIMING_SOURCES; p <= TIMING_WRITE; p++)
		t->part_ns[p] += child->part_ns[p] < most ? child->part_ns[p] : most;
}

uint64_t timing_total(const struct timing *t)
{
	return t->last_ns - t->start_ns;
}

enum timing_part timing_slowest(const struct timing *t)
{
	uint64_t evaluator = t->part_ns[TIMING_EVALUATOR], child = 0, most = 0;
	enum timing_part slowest = TIMING_START;

	for (enum timing_part p = TIMING_SOURCES; p <= TIMING_WRITE; p++)
		child += t->part_ns[p];
	for (enum timing_part p = 0; p < TIMING_PARTS; p++) {
		uint64_t ns = t->part_ns[p];

		if (timing_is_child(p) ? child <= evaluator :
					 p == TIMING_EVALUATOR && child > evaluator)
			continue;
		/* Of the waiting what the child's parts do not tell: it hung, or was ended. */
		if (p == TIMING_WAIT && child > evaluator)
			ns -= child - evaluator < ns ? child - evaluator : ns;
		if (ns > most) {
			most = ns;
			slowest = p;
		}
	}
	return slowest;
}

/* A hundredth of a millisecond is the smallest that is shown. */
static unsigned int hundredths(uint64_t ns)
{
	return (unsigned int)((ns + 5000) / 10000);
}

#define MS		"%u.%02u"
#define MS_OF(ns)	hundredths(ns) / 100, hundredths(ns) % 100

void timing_log(const struct timing *t)
{
	enum timing_part slowest = timing_slowest(t);
	const char *open = "(child: ";
	char line[640] = "";
	size_t len = 0;

	_Static_assert(TIMING_PARTS * sizeof("conntrack 42949672.95 ") < sizeof(line) - 64,
		       "all parts fit");
	for (enum timing_part p = 0; p < TIMING_PARTS; p++) {
		if (hundredths(t->part_ns[p])) {
			len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s " MS " ",
						timing_is_child(p) ? open : "", parts[p].name,
						MS_OF(t->part_ns[p]));
			if (timing_is_child(p))
				open = "";
		}
		if (p == TIMING_WRITE && !*open) {
			line[len - 1] = ')';
			line[len++] = ' ';
		}
	}
	/* Not for the console: 300 characters at 115,200 baud are 26 ms. */
	boot_log(LOG_DEBUG, TIMING_MARK "%.*stotal " MS " ms; slowest: %s " MS " ms", (int)len, line,
		 MS_OF(timing_total(t)), parts[slowest].name, MS_OF(t->part_ns[slowest]));
}

/* "12.34" ms as ns; false: no number. */
static bool parse_ms(const char *word, uint64_t *ns)
{
	unsigned long ms, part;
	char *end;

	if (word[0] < '0' || word[0] > '9')
		return false;
	ms = strtoul(word, &end, 10);
	if (*end != '.' || end[1] < '0' || end[1] > '9' || ms > UINT32_MAX)
		return false;
	part = strtoul(end + 1, &end, 10);
	*ns = ms * 1000000 + part % 100 * 10000;
	return !*end;
}

static void take(struct timing *t, const char *name, uint64_t ns)
{
	if (!strcmp(name, "total"))
		t->last_ns = ns;
	for (enum timing_part p = 0; p < TIMING_PARTS; p++)
		if (!strcmp(name, parts[p].name))
			t->part_ns[p] = ns;
}

bool timing_parse(const char *line, struct timing *t)
{
	char copy[1024], *rest = copy, *word, *name = NULL;
	uint64_t ns;

	*t = (struct timing){ 0 };
	snprintf(copy, sizeof(copy), "%s", line);
	while ((word = strtok_r(rest, " (:)", &rest))) {
		if (name && parse_ms(word, &ns))
			take(t, name, ns);
		if (name && !strcmp(name, "total"))
			return t->last_ns > 0;
		name = word;
	}
	return false;
}
