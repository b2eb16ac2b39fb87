// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/nflog.h"
#include "boot/cmdline.h"
#include "rules/parse.h"

#define KNOWN_WORDS \
	"known are bpfilter.rules= .end .fail= .timeout= .tables= .key= .modules= .removable= " \
	".unique= .init= .nflog= and bpfilter=off; rd.bpfilter="

/* What is needed while reading. */
struct reader {
	struct cmdline *c;
	struct error *err;
	bool inline_rules;	/* one was seen */
	bool end;		/* bpfilter.end was seen after the last of them */
	int ret;		/* the first error */
};

__attribute__((format(printf, 2, 3)))
static void refuse(struct reader *r, const char *fmt, ...)
{
	char msg[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	error_set(r->err, -EINVAL, "kernel command line: %s", msg);
	if (!r->ret)
		r->ret = -EINVAL;
}

/* isspace() of the kernel (lib/ctype.c): Latin-1's no-break space is one too. */
static bool is_space(char ch)
{
	return ch == ' ' || (ch >= '\t' && ch <= '\r') || (unsigned char)ch == 0xa0;
}

/*
 * next_arg() - cut off the next word as the kernel does (lib/cmdline.c next_arg()): quotes group
 * blanks and cannot be escaped; they may enclose the value or the whole word. *val is NULL without
 * '='; a '=' at the very start is part of the name.
 */
static char *next_arg(char *args, char **name, char **val)
{
	bool in_quote = false, quoted = false;
	size_t i, equals = 0;

	if (*args == '"') {
		args++;
		in_quote = true;
		quoted = true;
	}
	for (i = 0; args[i]; i++) {
		if (is_space(args[i]) && !in_quote)
			break;
		if (!equals && args[i] == '=')
			equals = i;
		if (args[i] == '"')
			in_quote = !in_quote;
	}
	*name = args;
	*val = NULL;
	if (equals) {
		args[equals] = 0;
		*val = args + equals + 1;
		if (**val == '"') {
			(*val)++;
			if (args[i - 1] == '"')
				args[i - 1] = 0;
		}
	}
	if (quoted && i > 0 && args[i - 1] == '"')
		args[i - 1] = 0;
	if (args[i])
		args[i++] = 0;
	args += i;
	while (is_space(*args))
		args++;
	return args;
}

/* "+" is a blank, "++" a plus; in place. */
static void decode(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s != '+') {
			*out++ = *s;
		} else if (s[1] == '+') {
			*out++ = '+';
			s++;
		} else {
			*out++ = ' ';
		}
	}
	*out = 0;
}

static void add_rules(struct reader *r, char *val)
{
	struct sources *s = &r->c->rules;
	struct error err = { 0 };

	if (sources_add(s, val, &err)) {
		refuse(r, "%s", err.msg);
		if (err.hint[0])
			error_hint(r->err, "%s", err.hint);
	} else if (s->specs[s->nr - 1].kind == SOURCE_INLINE) {
		decode(val);		/* in place: what tells the kind stays where it is */
		r->inline_rules = true;
		r->end = false;
	}
}

static void set_fail(struct reader *r, const char *val)
{
	if (!strcmp(val, "deny")) {
		r->c->fail = FAIL_DENY;
	} else if (!strcmp(val, "open")) {
		r->c->fail = FAIL_OPEN;
	} else if (!strcmp(val, "panic")) {
		r->c->fail = FAIL_PANIC;
	} else {
		r->c->fail = FAIL_DENY;
		refuse(r, "bpfilter.fail=%.40s: it can be deny, open or panic", val);
	}
}

static void set_seconds(struct reader *r, const char *name, const char *val, unsigned int least,
			unsigned int *value)
{
	unsigned int seconds = 0;
	const char *p = val;

	for (; *p >= '0' && *p <= '9' && seconds <= CMDLINE_TIMEOUT_MAX; p++)
		seconds = seconds * 10 + (unsigned int)(*p - '0');
	if (*p || seconds < least || seconds > CMDLINE_TIMEOUT_MAX)
		refuse(r, "bpfilter%s=%.40s: it can be %u to 3600 seconds", name, val, least);
	else
		*value = seconds;
}

static void set_removable(struct reader *r, const char *val)
{
	r->c->removable = !strcmp(val, "yes");
	if (!r->c->removable && strcmp(val, "no"))
		refuse(r, "bpfilter.removable=%.40s: it can be yes or no", val);
}

static void set_nflog(struct reader *r, const char *val)
{
	struct nflog_spec spec;
	struct error err = { 0 };

	if (nflog_spec_parse(val, &spec, &err))
		refuse(r, "bpfilter.nflog=: %s", err.msg);
	else
		r->c->nflog = val;
}

static void set_off(struct reader *r, const char *val)
{
	r->c->off = !strcmp(val, "off");
	if (!r->c->off && strcmp(val, "on"))
		refuse(r, "bpfilter=%.40s: it can be off or on", val);
}

/* As dracut's getargbool, dracut.cmdline(7), but what is neither is an error. */
static void set_rd(struct reader *r, const char *val)
{
	static const char *const off[] = { "0", "no", "off" }, *const on[] = { "1", "yes", "on" };

	for (size_t i = 0; i < 3; i++) {
		if (!val || !strcmp(val, on[i])) {
			r->c->rd = RD_ON;
			return;
		}
		if (!strcmp(val, off[i])) {
			r->c->rd = RD_OFF;
			return;
		}
	}
	refuse(r, "rd.bpfilter=%.40s: it can be 0 or 1", val);
}

/* @name: without "bpfilter", so "" or ".rules". */
static void take_word(struct reader *r, const char *name, char *val)
{
	if (!strcmp(name, ".end") && !val) {
		r->end = true;
		return;
	}
	if (!val || !*val)
		refuse(r, "bpfilter%.40s has no value, or is no word of ours", name);
	else if (!*name)
		set_off(r, val);
	else if (!strcmp(name, ".rules"))
		add_rules(r, val);
	else if (!strcmp(name, ".fail"))
		set_fail(r, val);
	else if (!strcmp(name, ".timeout"))
		set_seconds(r, name, val, 1, &r->c->timeout);
	else if (!strcmp(name, ".unique"))
		set_seconds(r, name, val, 0, &r->c->unique);
	else if (!strcmp(name, ".removable"))
		set_removable(r, val);
	else if (!strcmp(name, ".tables"))
		r->c->tables = val;
	else if (!strcmp(name, ".key") && *val == '/')
		r->c->key = val;
	else if (!strcmp(name, ".key"))
		refuse(r, "bpfilter.key=%.100s: a path from / is needed", val);
	else if (!strcmp(name, ".modules"))
		r->c->modules = val;
	else if (!strcmp(name, ".nflog"))
		set_nflog(r, val);
	else if (!strcmp(name, ".init") && *val == '/')
		r->c->init = val;
	else if (!strcmp(name, ".init"))
		refuse(r, "bpfilter.init=%.100s: a path from / is needed", val);
	else
		refuse(r, "unknown word bpfilter%.60s=", name);
}

/* Names are compared with '-' and '_' alike (kernel/params.c parameq()). NULL: not ours. */
static char *own_word(char *name)
{
	static const char prefix[] = "bpfilter";

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	if (strncmp(name, prefix, sizeof(prefix) - 1))
		return NULL;
	name += sizeof(prefix) - 1;
	return *name && *name != '.' ? NULL : name;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

static void read_words(struct reader *r, char *args)
{
	bool for_init = false;
	char *name, *val, *own;

	while (is_space(*args))
		args++;
	while (*args) {
		args = next_arg(args, &name, &val);
		if (!val && !strcmp(name, "--")) {
			for_init = true;
			continue;
		}
		if (!strcmp(name, "rd.bpfilter")) {
			set_rd(r, val);
			continue;
		}
		own = own_word(name);
		if (!own)
			continue;
		if (for_init)
			refuse(r, "bpfilter%.60s stands after \"--\": words for init", own);
		else if (val && has_control(val))
			refuse(r, "a control character in bpfilter%.60s=", own);
		else
			take_word(r, own, val);
	}
}

int cmdline_parse(const char *text, size_t len, struct cmdline *c, struct error *err)
{
	struct reader r = { .c = c, .err = err };

	*c = (struct cmdline){
		.fail = FAIL_DENY, .timeout = CMDLINE_TIMEOUT, .unique = CMDLINE_UNIQUE
	};
	c->text = strndup(text, len);
	if (!c->text)
		return error_errno(err, -ENOMEM, "cannot keep the kernel command line");
	read_words(&r, c->text);
	if (r.inline_rules && !r.end && !r.ret) {
		refuse(&r, "it was cut: there is no bpfilter.end after the inline rules");
		error_hint(err, "put bpfilter.end behind them; a longer set of rules belongs "
			   "into /etc/bpfilter of the initramfs");
	}
	if (r.ret)
		error_hint(err, KNOWN_WORDS);
	return r.ret;
}

const char *cmdline_tighten(struct cmdline *c)
{
	if (c->off) {
		c->off = false;
		return "bpfilter=off";
	}
	if (c->rd == RD_OFF) {
		c->rd = RD_UNSET;
		return "rd.bpfilter=0";
	}
	if (c->fail == FAIL_OPEN) {
		c->fail = FAIL_DENY;
		return "bpfilter.fail=open";
	}
	if (c->key) {
		c->key = NULL;
		return "bpfilter.key=";
	}
	if (c->tables) {	/* without its DROPs a table is a hole */
		c->tables = NULL;
		return "bpfilter.tables=";
	}
	if (c->removable) {
		c->removable = false;
		return "bpfilter.removable=";
	}
	if (c->nflog) {		/* a file of a name, and in part of a content, that others choose */
		c->nflog = NULL;
		return "bpfilter.nflog=";
	}
	return NULL;
}

/* Without its end there is no bpfilter.end; the longest of any architecture is far below this. */
#define CMDLINE_MAX	(1U << 20)

int cmdline_read(char **text, size_t *len, struct error *err)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return error_errno(err, -errno, "cannot read the kernel command line");
	ret = rules_read_stream(fd, "the kernel command line", CMDLINE_MAX, text, len, err);
	close(fd);
	return ret;
}

void cmdline_free(struct cmdline *c)
{
	sources_free(&c->rules);
	free(c->text);
	*c = (struct cmdline){ 0 };
}
