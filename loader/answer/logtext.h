/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LOADER_ANSWER_LOGTEXT_H
#define LOADER_ANSWER_LOGTEXT_H

#include <stdbool.h>

#include "bpf/answer.h"
#include "buffer.h"

/*
 * Bytes of a line at most: nf_log_buf_add() (nf_log.c) cuts at S_SIZE - 1 = 1018, of which two are
 * the level. With "<15>" and a newline it also fits what a write to /dev/kmsg may have (1024).
 */
#define LOG_LINE_MAX	1016U

/**
 * log_names_ae() - does this kernel name TCP's flag AE (the lowest of the reserved bits before)?
 * @release: as of uname(2), "6.12.43+deb12-amd64". Those from 6.15 on do.
 */
bool log_names_ae(const char *release);

/**
 * log_text() - add the line that nf_log_syslog would write for this packet, without level and
 * newline, LOG_LINE_MAX bytes at most, mostly with a blank at its end.
 * @r: @captured bytes of @data must be there; nothing else about it is relied upon. Bytes that were
 *     not captured count as missing from the packet.
 * @names_ae: log_names_ae() of the running kernel.
 * @out: remembers it when memory is short.
 */
void log_text(const struct answer_record *r, bool names_ae, struct buffer *out);

#endif
