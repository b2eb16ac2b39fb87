/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/address.h"
#include "rules/line.h"
#include "rules/names.h"

/*
 * The options of one line: do_parse() of iptables 1.8.11 (iptables/xshared.c), with the same order
 * of checks, so that what it refuses is refused and what it takes is taken.
 */

int line_error(struct line_parser *lp, unsigned int column, const char *fmt, ...)
{
	char msg[sizeof(lp->err->msg)];
	va_list ap;

	if (lp->probing || !lp->err)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	return error_at(lp->err, -EINVAL, lp->where, lp->line, column, lp->text, lp->len, "%s",
			msg);
}

int line_no_memory(struct line_parser *lp)
{
	return error_set(lp->err, -ENOMEM, "out of memory while reading %s, line %u", lp->where,
			 lp->line);
}

void line_warn_at(struct line_parser *lp, enum warning kind, const struct origin *o,
		  const char *msg)
{
	struct error warning = { .warning = true };

	if (lp->probing || lp->warned & 1U << kind)
		return;
	lp->warned |= 1U << kind;
	error_at(&warning, 0, o->where, o->line, o->column, o->text, o->text_len, "%s", msg);
	if (lp->warnings)
		buffer_add(lp->warnings, &warning, sizeof(warning));
}

void line_warn(struct line_parser *lp, enum warning kind, unsigned int column, const char *fmt,
	       ...)
{
	const struct origin here = {
		.where = lp->where, .line = lp->line, .column = (uint16_t)column,
		.text = lp->text, .text_len = (uint16_t)lp->len,
	};
	char msg[sizeof(lp->err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	line_warn_at(lp, kind, &here, msg);
}

void line_warn_later(struct line_parser *lp, const struct chain *c)
{
	if (!c->declared && c->refs && c->origin.where == lp->where)
		line_warn_at(lp, WARN_LATER, &c->origin,
			     "this chain is declared by a later line; iptables-restore wants its "
			     "\":\" line first");
}

/* What an option letter does. Each handler returns 0 or negative. */
struct option_rule {
	char id;
	const char *name;
	unsigned int option;	/* OPT_*: may stand once; 0: none */
	unsigned int command;	/* CMD_*; 0: not a command */
	uint16_t invert;	/* RULE_INV_* that "!" sets; 0: "!" is refused */
	int (*handle)(struct line_parser *lp, const char *arg);
};

static unsigned int arg_column(const struct line_parser *lp)
{
	return lp->scan.arg_column ? lp->scan.arg_column : option_column(lp, lp->scan.word);
}

static struct place here(const struct line_parser *lp, const char *arg)
{
	return (struct place){ .text = arg, .column = arg_column(lp) };
}

static struct place next_word(struct line_parser *lp)
{
	struct place p = { lp->words->word[lp->scan.index], option_column(lp, lp->scan.index) };

	lp->scan.index++;
	return p;
}

static int take_chain(struct line_parser *lp, const char *arg)
{
	lp->chain = here(lp, arg);
	if (strlen(arg) > CHAIN_NAME_MAX)
		return line_error(lp, lp->chain.column,
				  "chain name \"%.64s\" is too long (%u characters at most)", arg,
				  CHAIN_NAME_MAX);
	return 0;
}

/* parse_rulenumber(): from 1 up to INT_MAX. */
static int take_number(struct line_parser *lp)
{
	struct place p = next_word(lp);

	if (!parse_number(p.text, NULL, &lp->rule_number, 1, INT32_MAX))
		return line_error(lp, p.column, "invalid rule number \"%.64s\"", p.text);
	return 0;
}

static int do_insert(struct line_parser *lp, const char *arg)
{
	lp->rule_number = 1;
	if (take_chain(lp, arg))
		return -EINVAL;
	return option_has_arg(lp) ? take_number(lp) : 0;
}

static int do_replace(struct line_parser *lp, const char *arg)
{
	if (take_chain(lp, arg))
		return -EINVAL;
	if (!option_has_arg(lp))
		return line_error(lp, option_column(lp, lp->scan.index),
				  "-R requires a rule number");
	return take_number(lp);
}

static int do_delete(struct line_parser *lp, const char *arg)
{
	if (take_chain(lp, arg))
		return -EINVAL;
	if (option_has_arg(lp))
		return take_number(lp);
	lp->command = CMD_DELETE;
	return 0;
}

/* -F [CHAIN], -X [CHAIN], -Z [CHAIN] */
static int do_optional_chain(struct line_parser *lp, const char *arg)
{
	if (arg)
		return take_chain(lp, arg);
	if (!option_has_arg(lp))
		return 0;
	lp->scan.arg_column = option_column(lp, lp->scan.index);
	return take_chain(lp, lp->words->word[lp->scan.index++]);
}

static int do_zero(struct line_parser *lp, const char *arg)
{
	if (do_optional_chain(lp, arg))
		return -EINVAL;
	return option_has_arg(lp) ? take_number(lp) : 0;
}

static bool is_verdict(const char *name)
{
	return same_word(name, "ACCEPT") || same_word(name, "DROP") || same_word(name, "RETURN");
}

/* assert_valid_chain_name() */
static int do_new(struct line_parser *lp, const char *arg)
{
	const char *p;

	if (take_chain(lp, arg))
		return -EINVAL;
	if (*arg == '-' || *arg == '!')
		return line_error(lp, lp->chain.column, "a chain name may not start with \"%c\"",
				  *arg);
	if (is_verdict(arg) || !*arg || known_target(arg))
		return line_error(lp, lp->chain.column, "chain name \"%s\" is the name of a target",
				  arg);
	for (p = arg; *p; p++)
		if (isspace((unsigned char)*p))
			return line_error(lp, lp->chain.column, "invalid chain name \"%s\"", arg);
	return 0;
}

static int do_policy(struct line_parser *lp, const char *arg)
{
	if (take_chain(lp, arg))
		return -EINVAL;
	if (!option_has_arg(lp))
		return line_error(lp, option_column(lp, lp->scan.index),
				  "-P requires a chain and a policy");
	lp->policy = next_word(lp);
	return 0;
}

static int do_source(struct line_parser *lp, const char *arg)
{
	lp->source = here(lp, arg);
	if (lp->probing)
		lp->hints_address |= address_is_literal(arg, strcspn(arg, ","));
	return 0;
}

static int do_destination(struct line_parser *lp, const char *arg)
{
	lp->destination = here(lp, arg);
	if (lp->probing)
		lp->hints_address |= address_is_literal(arg, strcspn(arg, ","));
	return 0;
}

/* ipv4_proto_parse(), ipv6_proto_parse() */
static int do_protocol(struct line_parser *lp, const char *arg)
{
	char *p;
	int proto;

	/* "Canonicalize into lower case": in place, as iptables does. */
	for (p = lp->words->buf + (arg - lp->words->buf); *p; p++)
		*p = (char)tolower((unsigned char)*p);
	lp->proto = arg;
	proto = proto_parse(arg);
	if (proto < 0)
		return line_error(lp, arg_column(lp), "unknown protocol \"%.64s\"", arg);
	if (!proto && lp->rule.flags & RULE_INV_PROTO)
		return line_error(lp, arg_column(lp), "! -p %.64s would never match", arg);
	lp->rule.proto = (uint16_t)proto;
	lp->rule.flags |= RULE_PROTO;
	if (proto == 1)
		lp->hints_match |= FAMILY_BIT(FAMILY_IPV4);
	if (proto == 58)
		lp->hints_match |= FAMILY_BIT(FAMILY_IPV6);
	return 0;
}

/* parse_interface(), check_empty_interface() */
static int take_interface(struct line_parser *lp, struct interface *iface, const char *arg)
{
	size_t len = strlen(arg);

	if (!len)
		return line_error(lp, arg_column(lp), "empty interface name");
	if (len >= IFNAMSIZ)
		return line_error(lp, arg_column(lp),
				  "interface name \"%.64s\" is too long (%u characters at most)",
				  arg, IFNAMSIZ - 1);
	memset(iface, 0, sizeof(*iface));
	lp->rs->interfaces = true;
	iface->given = true;
	iface->prefix = arg[len - 1] == '+';
	memcpy(iface->name, arg, iface->prefix ? len - 1 : len);
	return 0;
}

static int do_in(struct line_parser *lp, const char *arg)
{
	return take_interface(lp, &lp->rule.in, arg);
}

static int do_out(struct line_parser *lp, const char *arg)
{
	return take_interface(lp, &lp->rule.out, arg);
}

static int do_fragment(struct line_parser *lp, const char *arg)
{
	(void)arg;
	if (lp->family == FAMILY_IPV6)
		return line_error(lp, option_column(lp, lp->scan.word),
				  "-f is not supported in IPv6 (write -4 in front of the rule?)");
	lp->rule.flags |= RULE_FRAG;
	return 0;
}

/* xt_parse_target() */
static int check_target_name(struct line_parser *lp, const char *arg)
{
	const char *p;

	lp->target = here(lp, arg);
	if (!*arg)
		return line_error(lp, lp->target.column, "empty target name");
	if (strlen(arg) > CHAIN_NAME_MAX)
		return line_error(lp, lp->target.column,
				  "target name \"%.64s\" is too long (%u characters at most)",
				  arg, CHAIN_NAME_MAX);
	for (p = arg; *p; p++)
		if (isspace((unsigned char)*p))
			return line_error(lp, lp->target.column, "invalid target name \"%s\"", arg);
	return 0;
}

/* command_jump(): a verdict, a chain (perhaps of a later line), or an extension. */
static int do_jump(struct line_parser *lp, const char *arg)
{
	const struct target_ext *ext;
	struct chain *c;

	/* 1.8.11: -j CONTINUE is a rule without target. */
	if (same_word(arg, "CONTINUE"))
		return 0;
	if (check_target_name(lp, arg))
		return -EINVAL;
	if (is_verdict(arg) || !known_target(arg))
		return 0;
	c = ruleset_chain(lp->rs, lp->family, lp->table, arg, false);
	if (c && c->declared && strcmp(arg, "QUEUE"))
		return 0;
	ext = target_find(arg, lp->family);
	if (ext)
		return line_use_target(lp, ext);
	return line_error(lp, lp->target.column, "unsupported target \"%s\": %s", arg,
			  target_refused(arg));
}

static int do_goto(struct line_parser *lp, const char *arg)
{
	lp->go_to = true;
	return check_target_name(lp, arg);
}

/* -c PACKETS BYTES or -c PACKETS,BYTES */
static int do_counters(struct line_parser *lp, const char *arg)
{
	unsigned int column = arg_column(lp);
	const char *comma = strchr(arg, ','), *bytes = comma ? comma + 1 : NULL;

	if (!comma && option_has_arg(lp))
		bytes = next_word(lp).text;
	if (!bytes)
		return line_error(lp, column, "-c requires a packet and a byte counter");
	if (!parse_count(arg, comma ? ',' : '\0', &lp->packets) ||
	    !parse_count(bytes, '\0', &lp->bytes))
		return line_error(lp, column, "-c: expected two decimal numbers");
	return 0;
}

static int do_nothing(struct line_parser *lp, const char *arg)
{
	(void)lp;
	(void)arg;
	return 0;
}

static int do_unsupported(struct line_parser *lp, const char *arg)
{
	(void)arg;
	return line_error(lp, option_column(lp, lp->scan.word),
			  "unsupported in a rules file: %.32s",
			  lp->words->word[lp->scan.word]);
}

static int do_illegal(struct line_parser *lp, const char *arg)
{
	(void)arg;
	return line_error(lp, option_column(lp, lp->scan.word),
			  "option %.32s cannot be used in a rules file",
			  lp->words->word[lp->scan.word]);
}

/* The usual ones first. */
static const struct option_rule option_rules[] = {
	{ 'A', "-A", 0, CMD_APPEND, 0, take_chain },
	{ 's', "--source", OPT_SOURCE, 0, RULE_INV_SRC, do_source },
	{ 'd', "--destination", OPT_DESTINATION, 0, RULE_INV_DST, do_destination },
	{ 'p', "--protocol", OPT_PROTOCOL, 0, RULE_INV_PROTO, do_protocol },
	{ 'i', "--in-interface", OPT_IN, 0, RULE_INV_IN, do_in },
	{ 'o', "--out-interface", OPT_OUT, 0, RULE_INV_OUT, do_out },
	{ 'f', "--fragments", OPT_FRAGMENT, 0, RULE_INV_FRAG, do_fragment },
	{ 'j', "--jump", OPT_JUMP, 0, 0, do_jump },
	{ 'g', "--goto", OPT_JUMP, 0, 0, do_goto },
	{ 'c', "--set-counters", OPT_COUNTERS, 0, 0, do_counters },
	{ 'I', "-I", 0, CMD_INSERT, 0, do_insert },
	{ 'R', "-R", 0, CMD_REPLACE, 0, do_replace },
	{ 'D', "-D", 0, CMD_DELETE_NUM, 0, do_delete },
	{ 'N', "-N", 0, CMD_NEW, 0, do_new },
	{ 'X', "-X", 0, CMD_DELETE_CHAIN, 0, do_optional_chain },
	{ 'F', "-F", 0, CMD_FLUSH, 0, do_optional_chain },
	{ 'Z', "-Z", 0, CMD_ZERO, 0, do_zero },
	{ 'P', "-P", 0, CMD_POLICY, 0, do_policy },
	{ 'v', "--verbose", 0, 0, 0, do_nothing },
	{ 'C', "-C", 0, 0, 0, do_unsupported }, { 'E', "-E", 0, 0, 0, do_unsupported },
	{ 'L', "-L", 0, 0, 0, do_unsupported }, { 'S', "-S", 0, 0, 0, do_unsupported },
	{ 'M', "-M", 0, 0, 0, do_unsupported }, { 'V', "-V", 0, 0, 0, do_unsupported },
	{ 'h', "-h", 0, 0, 0, do_unsupported },
	{ 'n', "-n", 0, 0, 0, do_illegal }, { 'x', "-x", 0, 0, 0, do_illegal },
	{ '0', "--line-numbers", 0, 0, 0, do_illegal }, { 't', "-t", 0, 0, 0, do_illegal },
	{ 'w', "-w", 0, 0, 0, do_illegal }, { 'W', "-W", 0, 0, 0, do_illegal },
};

#define NR_OPTION_RULES	(sizeof(option_rules) / sizeof(option_rules[0]))

/* add_command(), set_option(), then what the option does. */
static int own_option(struct line_parser *lp, int id, bool invert)
{
	const struct option_rule *r = option_rules;
	unsigned int column = option_column(lp, lp->scan.word);

	while (r < option_rules + NR_OPTION_RULES && r->id != id)
		r++;
	if (r == option_rules + NR_OPTION_RULES)
		return line_error(lp, column, "unknown option \"%.64s\"",
				  lp->words->word[lp->scan.word]);
	if (r->command && lp->command)
		return line_error(lp, column, "%s: there is another command in this line", r->name);
	if (lp->options & r->option)
		return line_error(lp, column, "multiple %s options not allowed", r->name);
	if (invert && !r->invert)
		return line_error(lp, column, "unexpected ! before %s", r->name);
	lp->command |= r->command;
	lp->options |= r->option;
	if (invert)
		lp->rule.flags |= r->invert;
	return r->handle(lp, lp->scan.arg);
}

/* command_match() */
static int use_match(struct line_parser *lp, const char *name, bool invert)
{
	bool used;
	int ret;

	if (invert)
		return line_error(lp, option_column(lp, lp->scan.word), "unexpected ! before -m");
	ret = line_use_match(lp, name, arg_column(lp), &used);
	if (ret || used)
		return ret;
	if (ext_find(name, lp->family == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_IPV4))
		return line_error(lp, arg_column(lp), "match \"%s\" does not exist in %s", name,
				  family_name(lp->family));
	if (known_match(name))
		return line_error(lp, arg_column(lp), "unsupported match \"%s\": %s", name,
				  match_refused(name));
	return line_error(lp, arg_column(lp), "unknown match \"%.64s\"", name);
}

/* command_default(): perhaps -p PROTO brings the match that knows this option. */
static int unknown_option(struct line_parser *lp, int how)
{
	unsigned int column = option_column(lp, lp->scan.word);
	const char *word = lp->words->word[lp->scan.word], *name;
	bool used = false;
	int ret;

	if (how == OPTION_NO_ARG)
		return line_error(lp, (unsigned int)lp->len + 1,
				  "option \"%.64s\" requires an argument", word);
	if (lp->proto && !lp->proto_loaded && word[1] == '-') {
		lp->proto_loaded = true;
		/* find_proto(): by number, the name iptables itself has for it. */
		name = lp->proto;
		if (isdigit((unsigned char)*name) && !name[strspn(name, "0123456789x")])
			name = proto_name(lp->rule.proto, true);
		ret = name ? line_use_match(lp, name, column, &used) : 0;
		if (ret)
			return ret;
		if (used) {
			lp->scan.index = lp->scan.word;
			return 1;
		}
		if (name && known_match(name))
			return line_error(lp, column, "unsupported match \"%s\" (option \"%.64s\"): "
					  "%s", name, word, match_refused(name));
	}
	line_error(lp, column, "unknown option \"%.64s\"", word);
	hint_option(lp, word);
	return -EINVAL;
}

/* An IPv4 or IPv6 marker: a line of the other family ends here. */
static bool other_family(struct line_parser *lp, int id)
{
	enum family f = id == '4' ? FAMILY_IPV4 : FAMILY_IPV6;

	if (!lp->hints)
		lp->hints = FAMILY_BIT(f);
	lp->skip = f != lp->family;
	return lp->skip;
}

/* A word that belongs to no option; the old "-s ! ADDRESS" is such a thing. */
static int bad_word(struct line_parser *lp)
{
	unsigned int i = lp->scan.word;

	if (i && !strcmp(lp->words->word[i - 1], "!"))
		return line_error(lp, option_column(lp, i - 1),
				  "! belongs in front of the option, not of its argument");
	line_error(lp, arg_column(lp), "bad argument \"%.64s\"", lp->scan.arg);
	hint_word(lp, lp->scan.arg);
	return -EINVAL;
}

/* All options of the line. Returns 0 or negative; lp->skip: not a line of this family. */
static int read_options(struct line_parser *lp)
{
	bool invert = false;
	int id, ret = 0;

	while (!ret && (id = option_next(lp)) != OPTION_END) {
		if (id == OPTION_WORD && !strcmp(lp->scan.arg, "!")) {
			if (invert)
				return line_error(lp, arg_column(lp),
						  "multiple consecutive ! not allowed");
			invert = true;
			continue;
		}
		if (id == OPTION_WORD)
			return bad_word(lp);
		if (id == '4' || id == '6') {
			if (other_family(lp, id))
				return 0;
		} else if (id == OPTION_UNKNOWN || id == OPTION_NO_ARG) {
			ret = unknown_option(lp, id);
			if (ret > 0) {
				ret = 0;
				continue;
			}
		} else if (id == OPTION_EXT) {
			ret = lp->scan.ext ? line_match_option(lp, invert) :
					     line_target_option(lp, invert);
		} else if (id == 'm') {
			ret = use_match(lp, lp->scan.arg, invert);
		} else {
			ret = own_option(lp, id, invert);
		}
		invert = false;
	}
	if (!ret && invert)
		return line_error(lp, (unsigned int)lp->len + 1, "nothing behind !");
	return ret;
}

/* generic_opt_check() and the end of do_parse(). */
static int check_options(struct line_parser *lp)
{
	static const char *const no_out[] = { "PREROUTING", "INPUT" };
	static const char *const no_in[] = { "POSTROUTING", "OUTPUT" };
	unsigned int i;

	if (lp->scan.index < lp->words->n)
		return line_error(lp, option_column(lp, lp->scan.index),
				  "unknown arguments behind --");
	if (!lp->command)
		return line_error(lp, 1, "no command (such as -A CHAIN) in this line");
	if (!(lp->command & CMD_RULE) &&
	    lp->options & ~(lp->command == CMD_POLICY ? (unsigned int)OPT_COUNTERS : 0U))
		return line_error(lp, 1, "an option of this line does not go with its command");
	for (i = 0; lp->command & CMD_RULE && i < 2; i++) {
		if (lp->options & OPT_OUT && !strcmp(lp->chain.text, no_out[i]))
			return line_error(lp, lp->chain.column,
					  "-o cannot be used in %s: there is no output device yet",
					  no_out[i]);
		if (lp->options & OPT_IN && !strcmp(lp->chain.text, no_in[i]))
			return line_error(lp, lp->chain.column,
					  "-i cannot be used in %s: there is no input device",
					  no_in[i]);
	}
	return 0;
}

int line_parse(struct line_parser *lp)
{
	int ret;

	ret = read_options(lp);
	if (ret || lp->skip)
		return ret;
	ret = line_check_matches(lp);
	if (!ret)
		ret = line_check_target(lp);
	return ret ? ret : check_options(lp);
}
