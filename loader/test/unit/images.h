/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TEST_UNIT_IMAGES_H
#define TEST_UNIT_IMAGES_H

/* An image with everything in it, for the tests that damage one; and packets that meet it. */

#include <stdlib.h>
#include <string.h>

#include "compile/evaluate.h"
#include "compile/internal.h"
#include "compile/layout.h"
#include "rules/parse.h"

/* What differs between the families. */
struct image_words {
	const char *net, *host, *icmp, *fragment;
};

static const struct image_words image_words[NR_FAMILIES] = {
	{ "10.%u.%u.0/24", "10.0.0.9", "-p icmp -m icmp --icmp-type 8", "-A FORWARD -f -j DROP\n" },
	{ "fd00:%x:%x::/48", "fd00::9", "-p icmpv6 -m icmp6 --icmpv6-type 128", "" },
};

/* Chains with trees (nodes of each kind, and leaves in order), and small ones that are one leaf. */
static inline void image_rules(struct buffer *out, enum family f)
{
	const struct image_words *w = &image_words[f];
	unsigned int i;
	char net[64];

	buffer_puts(out, "*raw\n:PREROUTING ACCEPT\n-A PREROUTING -i lo -j ACCEPT\nCOMMIT\n*filter\n"
			 ":INPUT ACCEPT\n:FORWARD DROP\n:OUTPUT ACCEPT\n:user -\n:deep -\n");
	for (i = 0; i < 200; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(net, sizeof(net), w->net, i % 3, i % 50);
#pragma GCC diagnostic pop
		buffer_printf(out, "-A %s -d %s -p udp -m udp --dport %u%s\n",
			      i % 4 ? "INPUT" : "user", net, 40 + i % 20, i % 8 ? "" : " -j deep");
	}
	for (i = 0; i < 70; i++)
		buffer_puts(out, "-A INPUT -p udp -m udp --dport 53 -m state --state NEW\n");
	buffer_printf(out, "-A INPUT ! -s %s -p tcp -m tcp --tcp-option 8 -j user\n", w->host);
	buffer_printf(out, "-A INPUT -i eth+ %s -j user\n%s", w->icmp, w->fragment);
	buffer_puts(out, "-A INPUT -p tcp -m tcp --syn -g user\n-A INPUT -j user\n"
			 "-A FORWARD -i eth1 -o wlan0 -j ACCEPT\n-A FORWARD -j deep\n"
			 "-A deep ! -i eth0 -j RETURN\n-A deep -p tcp -m state ! --state NEW -j ACCEPT\n"
			 "COMMIT\n");
}

static inline struct image image_made(void)
{
	struct rules_source src = { .where = "test" };
	struct buffer text[NR_FAMILIES] = { 0 };
	struct error err = { 0 };
	struct ruleset rs;
	struct image img;
	unsigned int f;

	ruleset_init(&rs);
	for (f = 0; f < NR_FAMILIES; f++) {
		image_rules(&text[f], (enum family)f);
		src.families = FAMILY_BIT(f);
		src.text = text[f].data;
		src.len = text[f].len;
		if (rules_parse(&rs, &src, &err))
			fail_msg("%s", err.msg);
	}
	if (ruleset_finish(&rs, &err) || image_compile(&rs, &img, &err) ||
	    image_validate(img.data, img.size, &err))
		fail_msg("%s", err.msg);
	ruleset_free(&rs);
	for (f = 0; f < NR_FAMILIES; f++)
		buffer_free(&text[f]);
	return img;
}

/* UDP, 10.0.0.1:7 to 10.1.7.1:53; TCP SYN with a time stamp; ICMP echo; a later fragment. */
static const uint8_t packets4[][40] = {
	{ 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 1, 7, 1, 0, 7, 0, 53, 0, 8 },
	{ 0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 1, 1, 9, 9, 0, 22,
	  0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 9, 9 },
	{ 0x45, 0, 0, 28, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 0, 1, 10, 2, 7, 1, 8, 0, 0, 0, 0, 1 },
	{ 0x45, 0, 0, 28, 0, 1, 0, 9, 64, 17, 0, 0, 10, 0, 0, 1, 10, 2, 4, 1 },
};

static const uint8_t packets6[][60] = {
	{ 0x60, 0, 0, 0, 0, 8, 17, 64, 0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	  0xfd, 0, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7, 0, 53, 0, 8 },
	{ 0x60, 0, 0, 0, 0, 20, 6, 64, 0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	  0xfd, 0, 0, 2, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 0, 22,
	  0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 9, 9 },
	{ 0x60, 0, 0, 0, 0, 8, 58, 64, 0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	  0xfd, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 128, 0, 0, 0, 0, 1 },
	{ 0x60, 0, 0, 0, 0, 8, 44, 64, 0xfd, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	  0xfd, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 17, 0, 0, 9 },
};

#define PACKETS	(sizeof(packets4) / sizeof(packets4[0]))

/* A verdict that no image taken for good may give: an error of the image. */
static inline bool image_error(unsigned int verdict)
{
	return verdict > EVALUATE_ACCEPT && verdict != 2 + DROP_HOTDROP &&
	       verdict != 2 + DROP_UNREADABLE;
}

/* All packets at all hooks through @space; the first bad verdict, or 0. */
static inline unsigned int image_judge(void *space, size_t size)
{
	static const enum hook hooks[] = { HOOK_INPUT, HOOK_FORWARD, HOOK_PREROUTING };
	struct packet_context c = { .in = "eth0", .out = "wlan0" };
	unsigned int i, h, f, verdict;

	for (i = 0; i < PACKETS * NR_FAMILIES * 3; i++) {
		h = i % 3;
		f = i / 3 % NR_FAMILIES;
		c.family = (enum family)f;
		c.hook = hooks[h];
		c.table = hooks[h] == HOOK_PREROUTING ? TABLE_RAW : TABLE_FILTER;
		c.ct = i & 8 ? CT_NEW : CT_ESTABLISHED;
		/* Each one also cut short behind its addresses. */
		verdict = f ? image_evaluate(space, size, &c, packets6[i / 6],
					     i & 1 ? 44 : sizeof(packets6[0])) :
			      image_evaluate(space, size, &c, packets4[i / 6],
					     i & 1 ? 24 : sizeof(packets4[0]));
		if (image_error(verdict))
			return verdict;
	}
	return 0;
}

/* As it would be loaded: in just the room it says it needs. Returns as image_judge(). */
static inline unsigned int image_run(const struct image *img, bool rules)
{
	struct image_header h;
	struct error err = { 0 };
	struct ruleset rs;
	unsigned int bad;
	void *space;

	memcpy(&h, img->data, sizeof(h));
	if (image_layout(&h, IMAGE_CAPACITY_0, 2))
		return 0;
	space = calloc(1, h.total_size);
	if (!space)
		abort();
	memcpy(space, img->data, img->size);
	memcpy(space, &h, sizeof(h));
	bad = image_judge(space, h.total_size);
	if (rules && !image_ruleset(space, &rs, true, &err))
		ruleset_free(&rs);
	free(space);
	return bad;
}

/* With the checksum set right: the validator alone. */
static inline int image_check(const struct image *img)
{
	struct error err = { 0 };

	img->header->checksum = image_checksum(img->header, img->size);
	return image_validate(img->data, img->size, &err);
}

/* The sections that are tables of something, in the order of the header. */
struct section_kind {
	const char *name;
	size_t at;			/* of its struct image_section */
	size_t record;
};

#define SECTION(name, record)	{ #name, offsetof(struct image_header, name), record }
static const struct section_kind section_kinds[] = {
	SECTION(chains, sizeof(struct image_chain)), SECTION(trees, sizeof(struct image_tree)),
	SECTION(nodes, sizeof(struct image_node)),   SECTION(rules4, sizeof(struct image_rule4)),
	SECTION(rules6, sizeof(struct image_rule6)), SECTION(traits, sizeof(struct image_trait)),
	SECTION(programs, 1),			     SECTION(ifaces, sizeof(struct image_iface)),
	SECTION(text, 1),
};
#undef SECTION
#define SECTIONS	(sizeof(section_kinds) / sizeof(section_kinds[0]))

static inline struct image_section *image_section(const struct image *img, size_t kind)
{
	return (struct image_section *)(void *)((char *)img->data + section_kinds[kind].at);
}

static inline size_t section_end(const struct image *img, size_t kind)
{
	const struct image_section *s = image_section(img, kind);

	return s->offset + s->count * section_kinds[kind].record;
}

#endif
