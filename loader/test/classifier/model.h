/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_CLASSIFIER_MODEL_H
#define TEST_CLASSIFIER_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define MODEL_LISTS	2
#define MODEL_PORTS_MAX	15

/* -m multiport */
struct model_list {
	unsigned int count;		/* 0: none */
	uint16_t lo[MODEL_PORTS_MAX], hi[MODEL_PORTS_MAX];
	bool source, destination;	/* both: --ports */
	bool not;
	bool first;			/* written before -m tcp */
};

/*
 * Rules and packets as this test sees them: written as text for the compiler, and evaluated one
 * after the other by a plain loop that knows neither images nor trees.
 */
struct model_rule {
	uint32_t src[4], dst[4];	/* host order words, host bits zero; IPv4 uses the first */
	unsigned int src_len, dst_len;
	bool not_src, not_dst, not_proto, not_in, not_out, not_sport, not_dport, not_state;
	unsigned int proto;		/* 0: none given */
	bool ports;			/* -m tcp or -m udp; for icmp: --icmp-type */
	unsigned int sport_lo, sport_hi, dport_lo, dport_hi;
	bool syn, not_syn;		/* [!] --syn */
	struct model_list lists[MODEL_LISTS];
	unsigned int state;		/* 0: none; CT_* */
	bool state_first;		/* written before the ports */
	int fragment;			/* 0, 1: -f, -1: ! -f */
	const char *in, *out;		/* NULL: none; may end in + */
	bool terminal;			/* -j ACCEPT; else no target */
};

enum model_l4 {
	MODEL_READABLE,
	MODEL_FRAGMENT,
	MODEL_SHORT,			/* not even the ports */
	MODEL_PORTS,			/* cut off behind the ports */
	MODEL_EVIL,			/* TCP, a fragment at offset 1 */
	MODEL_UNPARSED,
};

struct model_packet {
	uint32_t src[4], dst[4];
	unsigned int proto, sport, dport, tcp_flags;
	enum model_l4 l4;
	bool fragment;			/* IPv4: offset not 0 */
	unsigned int state;		/* one of CT_* */
	const char *in, *out;		/* "": no device */
};

struct model_set {
	struct model_rule *rules;
	uint32_t count, cap;
	bool ipv6;
};

struct model_rule *model_add(struct model_set *s);
void model_free(struct model_set *s);
/** model_print() - the set as iptables-save text, all in chain INPUT. */
void model_print(const struct model_set *s, FILE *out);

#define MODEL_NONE	UINT32_MAX
#define MODEL_HOTDROP	(UINT32_MAX - 1)
/** model_first() - the first rule from @from on that matches, by looking at each. */
uint32_t model_first(const struct model_set *s, const struct model_packet *p, uint32_t from);

/** random_number() - below @n. */
uint32_t random_number(uint32_t n);
uint32_t random_word(void);
void random_start(uint64_t seed);

/** model_make() - a set by name; -1: no such name, or the file is not there. */
int model_make(struct model_set *s, const char *name, uint32_t count);
/** model_packet_near() - one that a random rule of the set may match. */
void model_packet_near(const struct model_set *s, struct model_packet *p);
/** model_file() - a ClassBench filter file. */
int model_file(struct model_set *s, const char *path);

#endif
