// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a packet, through the evaluator with rules that ask for everything. Whatever the
 * packet is: one verdict, and the base chain's counters show it exactly once. Input: byte 0 selects
 * family, table and hook, byte 1 the tracking state and the devices, then the packet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compile/evaluate.h"
#include "compile/internal.h"
#include "compile/layout.h"
#include "rules/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In each chain: what reads each header, in the order tcp, udp, icmp, and jumps of all kinds. */
#define BODY(chain, address, icmp)							\
	"-A " chain " -s " address " -j b\n"						\
	"-A " chain " -p tcp -m tcp ! --sport 1:1023 --dport 22:80 --tcp-flags SYN,ACK SYN\n" \
	"-A " chain " -p tcp -m tcp --tcp-option 2 -j a\n"				\
	"-A " chain " -p udp -m udp --sport 53 ! --dport 1000:2000 -g b\n"		\
	"-A " chain " -p sctp -m multiport --dports 1,3,5:9 -j RETURN\n"		\
	"-A " chain " -p tcp -m multiport ! --ports 1,3,5,7,9 -m tcp --syn -j a\n"	\
	"-A " chain " " icmp " -j RETURN\n"						\
	"-A " chain " ! -p tcp -m comment --comment x\n"				\
	"-A " chain " -m conntrack --ctstate NEW,INVALID -j a\n"			\
	"-A a -p all -d " address " -j RETURN\n-A a -g b\n-A b -m state --state UNTRACKED -j DROP\n"

#define TABLES(address, icmp, more)							\
	"*raw\n:PREROUTING DROP\n:OUTPUT ACCEPT\n:a -\n:b -\n" BODY("PREROUTING", address, icmp) \
	BODY("OUTPUT", address, icmp) "COMMIT\n*filter\n:INPUT ACCEPT\n:FORWARD DROP\n"	\
	":OUTPUT ACCEPT\n:a -\n:b -\n" BODY("INPUT", address, icmp)			\
	BODY("FORWARD", address, icmp) BODY("OUTPUT", address, icmp)			\
	"-A FORWARD -i eth+ ! -o lo\n" more "COMMIT\n"

static const char *const texts[NR_FAMILIES] = {
	TABLES("10.0.0.0/8", "-p icmp -m icmp --icmp-type 3/1", "-A INPUT -f -j a\n"),
	TABLES("fd00::/8", "-p icmpv6 -m icmp6 --icmpv6-type 128", ""),
};

/* Behind these: enough for trees in INPUT, and leaves in order. */
static const char *const nets[NR_FAMILIES] = { "10.%u.%u.0/24", "fd%02x:%x::/32" };

static char *forest(unsigned int f)
{
	struct buffer out = { 0 };
	unsigned int i;

	buffer_puts(&out, "*filter\n");
	for (i = 0; i < 150; i++) {
		buffer_puts(&out, i % 3 ? "-A INPUT -s " : "-A INPUT -d ");
		buffer_printf(&out, nets[f], i % 3, i % 7);
		buffer_printf(&out, " -p udp -m udp --dport %u:%u\n", i % 11 * 5,
			      i % 11 * 5 + i % 13);
	}
	for (i = 0; i < 60; i++)
		buffer_puts(&out, "-A INPUT -p tcp -m tcp --dport 22 -m state --state NEW\n");
	buffer_puts(&out, "COMMIT\n");
	if (out.failed)
		abort();
	return out.data;
}

static struct image_header *spaces[NR_FAMILIES];
static size_t sizes[NR_FAMILIES];

static void make_image(unsigned int f)
{
	struct rules_source src = { .where = "fuzz" };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	struct rules_source more = src;
	char *trees = forest(f);

	src.families = more.families = FAMILY_BIT(f);
	more.text = trees;
	more.len = strlen(trees);
	src.tables = TABLES_ALL;
	src.text = texts[f];
	src.len = strlen(texts[f]);
	ruleset_init(&rs);
	spaces[f] = calloc(1, IMAGE_CAPACITY_0);
	if (!spaces[f] || rules_parse(&rs, &src, &err) || rules_parse(&rs, &more, &err) ||
	    ruleset_finish(&rs, &err) || image_compile(&rs, &img, &err) ||
	    !img.header->nodes.count) {
		error_print(&err, 2);
		abort();
	}
	memcpy(spaces[f], img.data, img.size);
	sizes[f] = img.size;
	image_free(&img);
	ruleset_free(&rs);
	free(trees);
	if (image_layout(spaces[f], IMAGE_CAPACITY_0, 1))
		abort();
}

static uint64_t all_packets(const struct image_header *h)
{
	const struct image_counter *c = (const void *)((const char *)h + h->counters);
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < h->nr_counters; i++)
		sum += c[i].packets;
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int states[] = { 0, CT_INVALID, CT_ESTABLISHED, CT_RELATED, CT_NEW,
					       CT_NEW | CT_SNAT, CT_UNTRACKED, CT_ALL };
	struct packet_context ctx = { 0 };
	unsigned int verdict;
	uint64_t before;

	if (size < 2)
		return 0;
	ctx.family = data[0] & 1 ? FAMILY_IPV6 : FAMILY_IPV4;
	ctx.table = data[0] & 2 ? TABLE_RAW : TABLE_FILTER;
	ctx.hook = (enum hook)((data[0] >> 2) % NR_HOOKS);
	ctx.ct = states[data[1] & 7];
	ctx.in = data[1] & 8 ? "eth0" : data[1] & 16 ? "lo" : NULL;
	ctx.out = data[1] & 32 ? "wlan0123456789a" : NULL;
	if (!spaces[ctx.family])
		make_image(ctx.family);
	before = all_packets(spaces[ctx.family]);
	verdict = image_evaluate(spaces[ctx.family], IMAGE_CAPACITY_0, &ctx, data + 2, size - 2);
	/* Image errors cannot be: the image is ours. */
	if (verdict >= 2 && verdict != 2 + DROP_HOTDROP && verdict != 2 + DROP_UNREADABLE)
		abort();
	if (verdict == EVALUATE_ACCEPT &&
	    spaces[ctx.family]->base[ctx.family][ctx.table][ctx.hook] != IMAGE_NONE &&
	    all_packets(spaces[ctx.family]) == before)
		abort();
	return 0;
}
