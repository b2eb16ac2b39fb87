/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KERNEL_MODDEP_H
#define KERNEL_MODDEP_H

#include <stdbool.h>

/* The text of modules.dep and modules.builtin (depmod(8)). Pure functions. */

#define MODDEP_MAX	64	/* a module and what it depends on */

/**
 * moddep_find() - the line of a module: words[0] is its own file, then what it depends on, the
 * innermost last.
 * '-' and '_' are the same in names. *line holds the words and is to be freed.
 * -ENOENT: no such module; -E2BIG: more than MODDEP_MAX dependencies; -ENOMEM.
 */
int moddep_find(const char *text, const char *name, char **line, char *words[MODDEP_MAX], int *n);

/** moddep_builtin() - is the module in the text of modules.builtin? */
bool moddep_builtin(const char *text, const char *name);

#endif
