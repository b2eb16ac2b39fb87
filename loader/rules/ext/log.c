/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "rules/names.h"
#include "rules/target.h"

/*
 * -j LOG and -j NFLOG: extensions/libxt_LOG.c, libxt_NFLOG.c, xtopt_parse_sysloglevel() and
 * xtopt_parse_string() (libxtables/xtoptions.c) of 1.8.11.
 */

#define LEVEL_DEFAULT	4U	/* warning */
#define LEVEL_MAX	7U
#define PREFIX_MAX	29U	/* struct xt_log_info, less the NUL; more is cut, silently */
#define NFLOG_PREFIX_MAX 63U	/* struct xt_nflog_info */

/* Numbers of the flags: XT_LOG_* bits. */
enum { LOG_TCPSEQ, LOG_TCPOPT, LOG_IPOPT, LOG_UID, LOG_MACDECODE = 5, LOG_LEVEL, LOG_PREFIX };

enum { NFLOG_GROUP, NFLOG_PREFIX, NFLOG_RANGE, NFLOG_SIZE, NFLOG_THRESHOLD };

struct log {
	const char *prefix;	/* in the arena; NULL: none */
	uint8_t level, flags;
};

struct nflog {
	const char *prefix;
	uint32_t len;
	uint16_t group, threshold;
	bool range, size;	/* which of them @len is */
};

static const struct ext_option log_options[] = {
	{ "log-level", LOG_LEVEL, 1, false, true },
	{ "log-prefix", LOG_PREFIX, 1, false, true },
	{ "log-tcp-sequence", LOG_TCPSEQ, 0, false, true },
	{ "log-tcp-options", LOG_TCPOPT, 0, false, true },
	{ "log-ip-options", LOG_IPOPT, 0, false, true },
	{ "log-uid", LOG_UID, 0, false, true },
	{ "log-macdecode", LOG_MACDECODE, 0, false, true },
	{ NULL, 0, 0, false, false },
};

static const struct ext_option nflog_options[] = {
	{ "nflog-group", NFLOG_GROUP, 1, false, true },
	{ "nflog-prefix", NFLOG_PREFIX, 1, false, true },
	{ "nflog-range", NFLOG_RANGE, 1, false, true },
	{ "nflog-size", NFLOG_SIZE, 1, false, true },
	{ "nflog-threshold", NFLOG_THRESHOLD, 1, false, true },
	{ NULL, 0, 0, false, false },
};

/* In the order iptables prints them. */
static const struct { uint8_t bit; const char *name; } log_flags[] = {
	{ LOG_TCPSEQ, "tcp-sequence" }, { LOG_TCPOPT, "tcp-options" }, { LOG_IPOPT, "ip-options" },
	{ LOG_UID, "uid" }, { LOG_MACDECODE, "macdecode" },
};

static const struct { const char *name; uint8_t level; } level_names[] = {
	{ "emerg", 0 }, { "panic", 0 }, { "alert", 1 }, { "crit", 2 }, { "error", 3 },
	{ "warning", 4 }, { "notice", 5 }, { "info", 6 }, { "debug", 7 },
};

/* What iptables -L prints: prioritynames[] of syslog.h. */
static const char *const level_shown[] = {
	"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
};

static int parse_prefix(struct line_parser *lp, const char **prefix, const char *arg, size_t max)
{
	if (!*arg)
		return ext_error(lp, "the prefix must have at least one character");
	if (strchr(arg, '\n'))
		return ext_error(lp, "newlines are not allowed in the prefix");
	*prefix = arena_strndup(ext_arena(lp), arg, strnlen(arg, max));
	return *prefix ? 0 : ext_error(lp, "out of memory");
}

static int parse_level(struct line_parser *lp, uint8_t *level, const char *arg)
{
	unsigned int n;
	size_t i;

	if (parse_number(arg, NULL, &n, 0, LEVEL_MAX)) {
		*level = (uint8_t)n;
		return 0;
	}
	for (i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (same_word(level_names[i].name, arg)) {
			*level = level_names[i].level;
			return 0;
		}
	}
	return ext_error(lp, "unknown log level \"%.32s\": expected 0 to 7, emerg, alert, crit, "
			 "error, warning, notice, info or debug", arg);
}

static void log_init(void *data, enum family f)
{
	struct log *log = data;

	(void)f;
	log->level = LEVEL_DEFAULT;
}

static int log_parse(struct line_parser *lp, void *data, const struct ext_option *opt, bool invert,
		     const char *arg)
{
	struct log *log = data;

	(void)invert;
	if (opt->id == LOG_PREFIX)
		return parse_prefix(lp, &log->prefix, arg, PREFIX_MAX);
	if (opt->id == LOG_LEVEL)
		return parse_level(lp, &log->level, arg);
	log->flags |= (uint8_t)(1U << opt->id);
	return 0;
}

static void log_print(struct buffer *out, const void *data, enum family f)
{
	const struct log *log = data;
	size_t i;

	(void)f;
	if (log->prefix) {
		buffer_puts(out, " --log-prefix");
		save_string(out, log->prefix);
	}
	if (log->level != LEVEL_DEFAULT)
		buffer_printf(out, " --log-level %u", log->level);
	for (i = 0; i < sizeof(log_flags) / sizeof(log_flags[0]); i++)
		if (log->flags & 1U << log_flags[i].bit)
			buffer_printf(out, " --log-%s", log_flags[i].name);
}

static void log_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	const struct log *log = data;
	size_t i;

	(void)f;
	buffer_puts(out, " LOG");
	if (numeric)
		buffer_printf(out, " flags %u level %u", log->flags, log->level);
	else
		buffer_printf(out, " level %s", level_shown[log->level]);
	for (i = 0; !numeric && i < sizeof(log_flags) / sizeof(log_flags[0]); i++)
		if (log->flags & 1U << log_flags[i].bit)
			buffer_printf(out, " %s", log_flags[i].name);
	if (log->prefix)
		buffer_printf(out, " prefix \"%s\"", log->prefix);
}

static int nflog_parse(struct line_parser *lp, void *data, const struct ext_option *opt,
		       bool invert, const char *arg)
{
	bool wide = opt->id == NFLOG_RANGE || opt->id == NFLOG_SIZE;
	struct nflog *log = data;
	unsigned int n;

	(void)invert;
	if (opt->id == NFLOG_PREFIX)
		return parse_prefix(lp, &log->prefix, arg, NFLOG_PREFIX_MAX);
	if (!parse_number(arg, NULL, &n, 0, wide ? UINT32_MAX : UINT16_MAX))
		return ext_error(lp, "bad value for --%s: expected 0 to %u", opt->name,
				 wide ? UINT32_MAX : UINT16_MAX);
	if (opt->id == NFLOG_GROUP)
		log->group = (uint16_t)n;
	else if (opt->id == NFLOG_THRESHOLD)
		log->threshold = (uint16_t)n;
	else
		log->len = n;
	if (opt->id == NFLOG_RANGE)
		ext_warn(lp, WARN_NFLOG_RANGE, "--nflog-range has no effect; --nflog-size has");
	log->range |= opt->id == NFLOG_RANGE;
	log->size |= opt->id == NFLOG_SIZE;
	return 0;
}

static int nflog_check(struct line_parser *lp, void *data, const struct rule *rule)
{
	const struct nflog *log = data;

	(void)rule;
	if (log->range && log->size)
		return ext_error(lp, "--nflog-range cannot be used together with --nflog-size");
	return 0;
}

/* nflog_print(): @dashes in front of each option, none for iptables -L. */
static void nflog_text(struct buffer *out, const struct nflog *log, const char *dashes)
{
	if (log->prefix) {
		buffer_printf(out, " %snflog-prefix", dashes);
		save_string(out, log->prefix);
	}
	if (log->group)
		buffer_printf(out, " %snflog-group %u", dashes, log->group);
	if (log->size)
		buffer_printf(out, " %snflog-size %u", dashes, log->len);
	else if (log->len)
		buffer_printf(out, " %snflog-range %u", dashes, log->len);
	if (log->threshold)
		buffer_printf(out, " %snflog-threshold %u", dashes, log->threshold);
}

static void nflog_print(struct buffer *out, const void *data, enum family f)
{
	(void)f;
	nflog_text(out, data, "--");
}

static void nflog_list(struct buffer *out, const void *data, enum family f, bool numeric)
{
	(void)f;
	(void)numeric;
	nflog_text(out, data, "");
}

/* They were cut to what a struct xt_*_info holds. */
static void copy_prefix(struct image_answer *answer, const char *prefix)
{
	if (prefix)
		memcpy(answer->prefix, prefix, strnlen(prefix, ANSWER_PREFIX - 1));
}

static void log_compile(struct image_answer *answer, const void *data)
{
	const struct log *log = data;

	answer->kind = ANSWER_LOG;
	answer->level = log->level;
	answer->flags = log->flags;
	copy_prefix(answer, log->prefix);
}

/* nflog_tg() in net/netfilter/xt_NFLOG.c: --nflog-range does nothing. */
static void nflog_compile(struct image_answer *answer, const void *data)
{
	const struct nflog *log = data;

	answer->kind = ANSWER_NFLOG;
	answer->group = log->group;
	answer->threshold = log->threshold;
	answer->flags = log->size ? ANSWER_NFLOG_SIZE : 0;
	answer->size = log->size ? log->len : 0;
	copy_prefix(answer, log->prefix);
}

const struct target_ext ext_log = {
	.name = "LOG", .families = FAMILIES_ALL, .tables = TABLES_ALL, .size = sizeof(struct log),
	.options = log_options, .init = log_init, .parse = log_parse, .print = log_print,
	.list = log_list, .compile = log_compile,
};

const struct target_ext ext_nflog = {
	.name = "NFLOG", .families = FAMILIES_ALL, .tables = TABLES_ALL,
	.size = sizeof(struct nflog), .options = nflog_options, .parse = nflog_parse,
	.check = nflog_check, .print = nflog_print, .list = nflog_list, .compile = nflog_compile,
};
