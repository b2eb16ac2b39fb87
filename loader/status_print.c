/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "json.h"
#include "state.h"
#include "status.h"

static void print_digest(struct buffer *out, const uint8_t *digest, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buffer_printf(out, "%02x", digest[i]);
}

static uint32_t count_rules(const struct image_header *image, int f)
{
	uint32_t count = 0;

	for (int t = 0; t < NR_TABLES; t++)
		count += image->nr_rules[f][t];
	return count;
}

/* A link of ours, in words. */
struct hook_line {
	const char *family, *table, *hook;
	int priority;
	uint32_t link_id;
	unsigned int number;	/* how many came before it */
};

static void each_hook(const struct filter_status *fs, struct buffer *out,
		      void (*print)(struct buffer *out, const struct hook_line *hook))
{
	struct hook_line line = { 0 };

	for (int f = 0; f < NR_FAMILIES; f++)
		for (int t = NR_TABLES - 1; t >= 0; t--)
			for (int h = 0; h < NR_HOOKS; h++) {
				if (!fs->present[f][t][h])
					continue;
				line.family = family_name((enum family)f);
				line.table = table_name((enum table_id)t);
				line.hook = hook_name(h);
				line.priority = fs->priority[f][t][h];
				line.link_id = fs->link_id[f][t][h];
				print(out, &line);
				line.number++;
			}
}

void status_line(const struct status *st, struct buffer *out)
{
	const struct image_header *image = st->view.image;
	const char *comma = "";

	if (!st->in_force) {
		buffer_puts(out, "no rules are in force");
		if (st->filter.deny_present[FAMILY_IPV4] || st->filter.deny_present[FAMILY_IPV6])
			buffer_puts(out, ": only loopback passes");
		return;
	}
	for (int f = 0; f < NR_FAMILIES; f++) {
		if (!(image->families & FAMILY_BIT(f)))
			continue;
		buffer_printf(out, "%s%s %u rules", comma, family_name((enum family)f),
			      count_rules(image, f));
		comma = ", ";
	}
	buffer_printf(out, " in force by %s, digest ", origin_name((enum image_origin)image->origin));
	print_digest(out, image->digest, 6);
	if (image->features & IMAGE_F_CONNTRACK)
		buffer_printf(out, ", connection tracking: %s", conntrack_by_name(st->tracking.by));
}

/* The text for people. */

static void text_rules(const struct status *st, struct buffer *out)
{
	const struct image_header *image = st->view.image;
	const char *comma = "";
	char when[32];

	buffer_puts(out, "rules:     ");
	if (!st->in_force) {
		buffer_puts(out, "none in force\n");
		return;
	}
	for (int f = 0; f < NR_FAMILIES; f++) {
		if (!(image->families & FAMILY_BIT(f)))
			continue;
		buffer_printf(out, "%s%u %s", comma, count_rules(image, f),
			      family_name((enum family)f));
		comma = ", ";
	}
	buffer_puts(out, " (digest ");
	print_digest(out, image->digest, 6);
	state_time(image->loaded_at, when);
	buffer_printf(out, ")\nloaded:    %s by %s\n", when,
		      origin_name((enum image_origin)image->origin));
}

static void text_wanted(const struct status *st, struct buffer *out)
{
	const char *files = st->wanted_files.len ? st->wanted_files.data : INPUT_DIR;

	buffer_puts(out, "wanted:    ");
	switch (st->wanted) {
	case WANTED_NONE:
		buffer_puts(out, "no rules in " INPUT_DIR " to compare with\n");
		break;
	case WANTED_SAME:
		buffer_printf(out, "the same, %s\n", files);
		break;
	case WANTED_DIFFERENT:
		buffer_printf(out, "%s%s (digest ", st->in_force ? "others: " : "", files);
		print_digest(out, st->wanted_digest, 6);
		buffer_puts(out, ")\n");
		break;
	case WANTED_REFUSED:
		buffer_printf(out, "%s, refused\n", files);
		break;
	}
}

static void text_families(const struct status *st, struct buffer *out)
{
	for (int f = 0; f < NR_FAMILIES; f++) {
		bool judged = st->in_force && st->view.image->families & FAMILY_BIT(f);

		if (st->filter.deny_present[f])
			buffer_printf(out, "%s:      denied since boot; only loopback passes\n",
				      family_name((enum family)f));
		else if (!judged)
			buffer_printf(out, "%s:      not filtered: no rules for it\n",
				      family_name((enum family)f));
	}
}

static void text_tracking(const struct status *st, struct buffer *out)
{
	bool needed = st->in_force && st->view.image->features & IMAGE_F_CONNTRACK;
	const struct conntrack_state *ct = &st->tracking;

	buffer_printf(out, "tracking:  %s, ", needed ? "needed" : "not needed");
	if (!ct->checked)
		buffer_puts(out, "state unknown");
	else if (ct->on[FAMILY_IPV4] && ct->on[FAMILY_IPV6])
		buffer_puts(out, "on");
	else if (ct->on[FAMILY_IPV4] || ct->on[FAMILY_IPV6])
		buffer_printf(out, "on for %s",
			      family_name(ct->on[FAMILY_IPV4] ? FAMILY_IPV4 : FAMILY_IPV6));
	else
		buffer_puts(out, "off");
	if (ct->checked && (ct->on[FAMILY_IPV4] || ct->on[FAMILY_IPV6]))
		buffer_printf(out, ", by %s", conntrack_by_name(ct->by));
	if (needed && ct->checked && (ct->by == CONNTRACK_CHAIN || ct->by == CONNTRACK_OTHERS))
		buffer_puts(out, " (\"nft flush ruleset\" may end it)");
	buffer_putc(out, '\n');
}

static void text_hook(struct buffer *out, const struct hook_line *hook)
{
	buffer_printf(out, "hook:      %s %-6s %-10s priority %d, link %u\n", hook->family,
		      hook->table, hook->hook, hook->priority, hook->link_id);
}

static void text_drops(const struct status *st, struct buffer *out)
{
	buffer_puts(out, "dropped without a rule:");
	for (int i = 0; i < DROP_REASONS; i++)
		buffer_printf(out, " %s %" PRIu64, drop_reason_name((enum drop_reason)i),
			      (uint64_t)st->view.control.drops[i]);
	buffer_putc(out, '\n');
}

/* Names of enum companion_count, in both forms. */
static const struct {
	const char *key, *text;
} counts[] = {
	[COMPANION_RECORDS] = { "records", "records" },
	[COMPANION_RESETS] = { "resets", "TCP resets" },
	[COMPANION_ERRORS] = { "errors", "ICMP errors" },
	[COMPANION_NOT_DUE] = { "not_due", "not due" },
	[COMPANION_LIMITED] = { "limited", "over the rate" },
	[COMPANION_NOT_SENT] = { "not_sent", "not sent" },
	[COMPANION_LINES] = { "lines", "log lines" },
	[COMPANION_LINES_LOST] = { "lines_lost", "log lines lost" },
	[COMPANION_NFLOG] = { "nflog", "NFLOG packets" },
	[COMPANION_NFLOG_LOST] = { "nflog_lost", "NFLOG packets lost" },
	[COMPANION_BAD] = { "bad", "senseless" },
};

_Static_assert(sizeof(counts) / sizeof(counts[0]) == COMPANION_COUNTS, "every count has a name");

static const char *const kinds[ANSWER_KINDS] = {
	[ANSWER_REJECT] = "REJECT", [ANSWER_LOG] = "LOG", [ANSWER_NFLOG] = "NFLOG",
};

/* Counts that are 0 say nothing to people. */
static void text_companion(const struct answers_status *as, struct buffer *out)
{
	const char *colon = "answers:   ";

	buffer_printf(out, "companion: %s, ", as->needed ? "needed" : "not needed");
	if (as->pid)
		buffer_printf(out, "running, pid %d\n", (int)as->pid);
	else
		buffer_puts(out, as->needed ? "NOT RUNNING\n" : "not running\n");
	for (int i = 0; as->present && i < COMPANION_COUNTS; i++) {
		if (!as->map.count[i])
			continue;
		buffer_printf(out, "%s%s %" PRIu64, colon, counts[i].text, (uint64_t)as->map.count[i]);
		colon = ", ";
	}
	for (int i = ANSWER_REJECT; as->present && i < ANSWER_KINDS; i++) {
		if (!as->map.lost[i])
			continue;
		buffer_printf(out, "%s%s lost, the ring was full %" PRIu64, colon, kinds[i],
			      (uint64_t)as->map.lost[i]);
		colon = ", ";
	}
	if (*colon == ',')
		buffer_putc(out, '\n');
}

static void text_others(const struct status *st, struct buffer *out)
{
	if (!st->nr_others)
		buffer_puts(out, "other network namespaces: no filters\n");
	for (size_t i = 0; i < st->nr_others; i++)
		buffer_printf(out, "other network namespace %" PRIu64 ": %u links%s\n",
			      st->others[i].cookie, st->others[i].links,
			      st->others[i].alive ? "" : st->others[i].links ?
			      ", deleted; 'bpfilter gc' removes them" : ", deleted");
}

void status_text(const struct status *st, struct buffer *out)
{
	buffer_printf(out, "namespace: %" PRIu64 "\n", st->cookie);
	text_rules(st, out);
	text_wanted(st, out);
	text_families(st, out);
	text_tracking(st, out);
	each_hook(&st->filter, out, text_hook);
	if (st->in_force) {
		buffer_printf(out, "capacity:  %u KiB, used %u; kernel memory %" PRIu64 " KiB\n",
			      st->filter.capacity >> 10, (st->view.image->total_size + 1023) >> 10,
			      (st->filter.memory + 1023) >> 10);
		text_companion(&st->answers, out);
		text_drops(st, out);
	}
	if (st->filter.half_done)
		buffer_puts(out, "note:      remains of an interrupted change; "
				 "the next apply or off removes them\n");
	if (st->filter.repinned)
		buffer_puts(out, "note:      links had lost their pins and are pinned again\n");
	if (st->all)
		text_others(st, out);
	for (size_t i = 0; i < st->nr_problems; i++) {
		buffer_printf(out, "problem:   %s\n", st->problems[i].text);
		if (*st->problems[i].next)
			buffer_printf(out, "  next:    %s\n", st->problems[i].next);
	}
	if (!st->nr_problems)
		buffer_puts(out, "all is well\n");
}

/* The JSON for machines: keys stay, new ones may be added. */

static void json_key_string(struct buffer *out, const char *key, const char *value)
{
	buffer_printf(out, "  \"%s\": ", key);
	json_string(out, value);
	buffer_puts(out, ",\n");
}

static void json_key_digest(struct buffer *out, const char *key, const uint8_t *digest)
{
	buffer_printf(out, "  \"%s\": \"", key);
	print_digest(out, digest, 32);
	buffer_puts(out, "\",\n");
}

static void json_families(struct buffer *out, const char *key, unsigned int families)
{
	const char *comma = "";

	buffer_printf(out, "  \"%s\": [", key);
	for (int f = 0; f < NR_FAMILIES; f++) {
		if (!(families & FAMILY_BIT(f)))
			continue;
		buffer_printf(out, "%s\"%s\"", comma, family_name((enum family)f));
		comma = ", ";
	}
	buffer_puts(out, "],\n");
}

static void json_image(const struct status *st, struct buffer *out)
{
	const struct image_header *image = st->view.image;
	char when[32];

	if (!st->in_force) {
		buffer_puts(out, "  \"digest\": null,\n");
		json_families(out, "families", 0);
		return;
	}
	json_key_digest(out, "digest", image->digest);
	json_families(out, "families", image->families);
	buffer_puts(out, "  \"rules\": {");
	for (int f = 0; f < NR_FAMILIES; f++)
		for (int t = 0; t < NR_TABLES; t++)
			buffer_printf(out, "%s\"%s %s\": %u", f || t ? ", " : "",
				      family_name((enum family)f), table_name((enum table_id)t),
				      image->nr_rules[f][t]);
	state_time(image->loaded_at, when);
	buffer_puts(out, "},\n");
	json_key_string(out, "loaded_at", when);
	json_key_string(out, "loaded_by", origin_name((enum image_origin)image->origin));
	buffer_printf(out, "  \"used\": %u,\n  \"drops\": {", image->total_size);
	for (int i = 0; i < DROP_REASONS; i++)
		buffer_printf(out, "%s\"%s\": %" PRIu64, i ? ", " : "",
			      drop_reason_name((enum drop_reason)i),
			      (uint64_t)st->view.control.drops[i]);
	buffer_puts(out, "},\n");
}

static void json_wanted(const struct status *st, struct buffer *out)
{
	char text[1024];

	json_key_string(out, "wanted", wanted_name(st->wanted));
	json_key_string(out, "wanted_files", st->wanted_files.len ? st->wanted_files.data : "");
	if (st->wanted == WANTED_SAME || st->wanted == WANTED_DIFFERENT)
		json_key_digest(out, "wanted_digest", st->wanted_digest);
	if (st->wanted == WANTED_REFUSED) {
		error_format(&st->wanted_error, text, sizeof(text));
		json_key_string(out, "wanted_error", text);
	}
}

static void json_hook(struct buffer *out, const struct hook_line *hook)
{
	buffer_printf(out, "%s\n    {\"family\": \"%s\", \"table\": \"%s\", \"hook\": \"%s\", "
		      "\"priority\": %d, \"link_id\": %u}", hook->number ? "," : "", hook->family,
		      hook->table, hook->hook, hook->priority, hook->link_id);
}

static void json_tracking(const struct status *st, struct buffer *out)
{
	const struct conntrack_state *ct = &st->tracking;
	bool needed = st->in_force && st->view.image->features & IMAGE_F_CONNTRACK;

	buffer_printf(out, "  \"tracking\": {\"needed\": %s, \"known\": %s, \"IPv4\": %s, "
		      "\"IPv6\": %s, \"by\": ", json_bool(needed), json_bool(ct->checked),
		      json_bool(ct->on[FAMILY_IPV4]), json_bool(ct->on[FAMILY_IPV6]));
	json_string(out, conntrack_by_name(ct->by));
	buffer_puts(out, "},\n");
}

static void json_companion(const struct answers_status *as, struct buffer *out)
{
	buffer_printf(out, "  \"companion\": {\"needed\": %s, \"running\": %s, \"pid\": %d",
		      json_bool(as->needed), json_bool(as->pid), (int)as->pid);
	for (int i = 0; i < COMPANION_COUNTS; i++)
		buffer_printf(out, ", \"%s\": %" PRIu64, counts[i].key,
			      (uint64_t)as->map.count[i]);
	buffer_puts(out, ", \"lost\": {");
	for (int i = ANSWER_REJECT; i < ANSWER_KINDS; i++)
		buffer_printf(out, "%s\"%s\": %" PRIu64, i > ANSWER_REJECT ? ", " : "", kinds[i],
			      (uint64_t)as->map.lost[i]);
	buffer_puts(out, "}},\n");
}

static void json_others(const struct status *st, struct buffer *out)
{
	buffer_puts(out, "  \"namespaces\": [");
	for (size_t i = 0; i < st->nr_others; i++)
		buffer_printf(out, "%s\n    {\"namespace\": %" PRIu64 ", \"alive\": %s, "
			      "\"links\": %u}", i ? "," : "", st->others[i].cookie,
			      json_bool(st->others[i].alive), st->others[i].links);
	buffer_puts(out, "],\n");
}

static void json_problems(const struct status *st, struct buffer *out)
{
	buffer_puts(out, "  \"problems\": [");
	for (size_t i = 0; i < st->nr_problems; i++) {
		buffer_printf(out, "%s\n    {\"problem\": ", i ? "," : "");
		json_string(out, st->problems[i].text);
		buffer_puts(out, ", \"next\": ");
		json_string(out, st->problems[i].next);
		buffer_putc(out, '}');
	}
	buffer_puts(out, "]\n");
}

void status_json(const struct status *st, struct buffer *out)
{
	const struct filter_status *fs = &st->filter;
	unsigned int denied = 0;

	for (int f = 0; f < NR_FAMILIES; f++)
		denied |= fs->deny_present[f] ? FAMILY_BIT(f) : 0;
	buffer_printf(out, "{\n  \"version\": 1,\n  \"namespace\": %" PRIu64 ",\n"
		      "  \"in_force\": %s,\n  \"ok\": %s,\n", st->cookie, json_bool(st->in_force),
		      json_bool(!st->nr_problems));
	json_image(st, out);
	json_wanted(st, out);
	json_families(out, "denied", denied);
	buffer_puts(out, "  \"hooks\": [");
	each_hook(fs, out, json_hook);
	buffer_puts(out, "],\n");
	json_tracking(st, out);
	buffer_printf(out, "  \"capacity\": %u,\n  \"memory\": %" PRIu64 ",\n", fs->capacity,
		      fs->memory);
	json_companion(&st->answers, out);
	buffer_printf(out, "  \"half_done\": %s,\n  \"repinned\": %s,\n", json_bool(fs->half_done),
		      json_bool(fs->repinned));
	if (st->all)
		json_others(st, out);
	json_problems(st, out);
	buffer_puts(out, "}\n");
}
