/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANALYZER_H
#define LOADER_ANALYZER_H

/*
 * ANALYZER_LEAK_OFF, ANALYZER_ON - around a function in which gcc 12's -fanalyzer sees a leak that
 * is none: it loses sight of what is reachable through a pointer to a pointer.
 */
#if defined(__GNUC__) && !defined(__clang__)
#define ANALYZER_LEAK_OFF				\
	_Pragma("GCC diagnostic push")			\
	_Pragma("GCC diagnostic ignored \"-Wanalyzer-malloc-leak\"")
#define ANALYZER_ON	_Pragma("GCC diagnostic pop")
#else
#define ANALYZER_LEAK_OFF
#define ANALYZER_ON
#endif

#endif
