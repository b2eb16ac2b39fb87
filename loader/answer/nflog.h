/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ANSWER_NFLOG_H
#define ANSWER_NFLOG_H

#include "bpf/answer.h"
#include "error.h"

/*
 * -j NFLOG: packets for user space. Three ways out, one at a time:
 *
 *	netlink			the process that is bound to the packet's nfnetlink_log group, in
 *				this network namespace; what the kernel's own NFLOG does
 *	pcapng[:SIZE]:/PATH	two files, PATH and PATH.1, written by turns: SIZE bytes at most
 *				each (K, M, G behind it; without it 64M), LINKTYPE_NFLOG
 *	unix:/PATH		a datagram socket; each message is one packet, as nfnetlink_log's
 *
 * Nothing here waits for a reader: what cannot be handed on at once is lost, and counted.
 */

enum nflog_kind { NFLOG_NETLINK, NFLOG_PCAPNG, NFLOG_UNIX };

struct nflog_spec {
	enum nflog_kind kind;
	const char *path; /* absolute, in the text that was parsed; NULL: netlink */
	u64 size;	  /* pcapng: bytes of a file at most */
};

#define NFLOG_DEFAULT "netlink"

/**
 * nflog_spec_parse() - read what bpfilter.nflog= or --nflog says. Pure.
 * @text: must outlive @spec.
 * Returns 0 or -EINVAL.
 */
int nflog_spec_parse(const char *text, struct nflog_spec *spec, struct error *err);

struct nflog_out;

/**
 * nflog_open() - all that looks up paths. Opens what @spec names, as root, before the sandbox.
 * Returns 0 or -errno with @err: the directory or file cannot be opened, is none of ours, or the
 * kernel has no nfnetlink_log (-ENOENT; load the module "nfnetlink_log" first).
 */
int nflog_open(const struct nflog_spec *spec, struct nflog_out **out, struct error *err);

/**
 * nflog_settle() - once, behind the last chdir() and chroot() of the process, before seccomp.
 * The directory of a unix socket becomes the working directory: its name is looked up there, which
 * holds after switch_root and in a chroot, and also finds a socket that the reader made anew.
 *
 * What comes after needs clock_gettime; for netlink pread64, sendto and CAP_NET_ADMIN (which
 * netlink_sendmsg() asks for each time); for pcapng write and ftruncate, and no RLIMIT_FSIZE below
 * the file's size; for unix sendto. At the end close and munmap. Returns 0 or -errno.
 */
int nflog_settle(struct nflog_out *out, struct error *err);

/** nflog_write() - hand a packet on, or queue it (netlink). @r: record_check() took it. */
void nflog_write(struct nflog_out *out, const struct answer_record *r);

/** nflog_due() - when nflog_flush() is to be called, CLOCK_BOOTTIME in ns; 0: nothing waits. */
u64 nflog_due(const struct nflog_out *out);

/** nflog_flush() - send what has waited long enough by @now, CLOCK_BOOTTIME in ns. */
void nflog_flush(struct nflog_out *out, u64 now);

struct nflog_counts {
	u64 sent; /* COMPANION_NFLOG */
	u64 lost; /* COMPANION_NFLOG_LOST: nobody listens, or not fast enough */
};

/** nflog_counts() - packets since nflog_open(); those that wait are in neither. */
struct nflog_counts nflog_counts(const struct nflog_out *out);

/** nflog_close() - send what waits. NULL is allowed. */
void nflog_close(struct nflog_out *out);

#endif
