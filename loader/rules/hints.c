/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <string.h>

#include "rules/line.h"
#include "rules/names.h"

/* What a person probably meant. A hint stands under the message and never changes what is done. */

void hint_word(struct line_parser *lp, const char *word)
{
	if (lp->probing)
		return;
	if (*word == '#')
		error_hint(lp->err, "a comment has a line of its own, with # in its first column");
	else if (strchr(word, '\''))
		error_hint(lp->err, "only double quotes hold words together");
	else if (!strcmp(word, "COMMIT"))
		error_hint(lp->err, "COMMIT stands alone in its line, from the first column on");
	else if (!strcmp(word, "iptables") || !strcmp(word, "ip6tables"))
		error_hint(lp->err, "this is a text as iptables-save prints it, no script: leave "
			   "out the command and its -t TABLE");
}

void hint_option(struct line_parser *lp, const char *word)
{
	if (!lp->probing && !strncmp(word, "--", 2))
		error_hint(lp->err, "options of a match or target stand behind its -m or -j, those "
			   "of a protocol behind -p");
}

void hint_outside(struct line_parser *lp)
{
	static const char *const words[] = { "table ", "flush ruleset", "add ", "#!", "include " };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (lp->len >= strlen(words[i]) && !memcmp(lp->text, words[i], strlen(words[i])))
			error_hint(lp->err, "rules of nft are another language; iptables-save "
				   "prints what is read here");
	if (lp->len && (*lp->text == ' ' || *lp->text == '\t'))
		error_hint(lp->err, "* and : stand in the first column");
}

void hint_target(struct error *err, const char *name)
{
	char upper[CHAIN_NAME_MAX + 1];
	size_t i;

	for (i = 0; i < CHAIN_NAME_MAX && name[i]; i++)
		upper[i] = (char)toupper((unsigned char)name[i]);
	upper[i] = '\0';
	if (known_target(upper) || !strcmp(upper, "ACCEPT") || !strcmp(upper, "DROP") ||
	    !strcmp(upper, "RETURN"))
		error_hint(err, "names of targets are in capitals: %s", upper);
	else
		error_hint(err, "a chain is declared by \":%s -\" or -N %s, here or in another FILE",
			   name, name);
}
