/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RULES_EXT_LIST_H
#define RULES_EXT_LIST_H

#include "rules/ext.h"

/*
 * The descriptors of matches, ext_NAME, each in a file of its own or with its cousins. Two of one
 * name: the family decides.
 */
#define EXT_LIST(EXT)								\
	/* first those that most rules have */					\
	EXT(tcp) EXT(udp) EXT(conntrack) EXT(state) EXT(comment)		\
	EXT(icmp) EXT(icmp6) EXT(multiport)					\
	/* fields of packets and their buffers */				\
	EXT(mark) EXT(mac) EXT(eui64) EXT(pkttype) EXT(ttl) EXT(hl) EXT(length)	\
	EXT(tcpmss) EXT(tos) EXT(dscp) EXT(ecn) EXT(iprange) EXT(cpu)		\
	EXT(devgroup) EXT(realm) EXT(u32)					\
	/* connection tracking */						\
	EXT(connmark) EXT(connbytes) EXT(helper) EXT(connlimit)			\
	/* rates */								\
	EXT(limit) EXT(hashlimit) EXT(quota) EXT(statistic) EXT(time)		\
	/* recent, payload */							\
	EXT(recent) EXT(string) EXT(bpf)					\
	/* other headers */							\
	EXT(esp) EXT(ah) EXT(ah6) EXT(sctp) EXT(dccp) EXT(mh)			\
	EXT(rt) EXT(frag) EXT(hbh) EXT(dst) EXT(ipv6header)			\
	EXT(ipcomp) EXT(srh)								\
	/* sockets, routes, bridges */						\
	EXT(owner) EXT(addrtype) EXT(physdev) EXT(policy) EXT(cgroup)		\
	/* sets */								\
	EXT(set)

#define EXT_DECLARE(name)	extern const struct match_ext ext_##name;
EXT_LIST(EXT_DECLARE)

#endif
