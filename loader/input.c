/* SPDX-License-Identifier: GPL-2.0-only */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input.h"
#include "rules/sets.h"

int input_getopt(int argc, char **argv, const char *letters, const struct option *options)
{
	int c = getopt_long(argc, argv, letters, options, NULL);

	if (c != -1 || optind >= argc || strcmp(argv[optind], "-") ||
	    !strcmp(argv[optind - 1], "--"))
		return c;
	optarg = argv[optind++];
	return 1;
}

static int add_file(struct input *in, const struct input_file *file, struct error *err)
{
	struct input_file *files = realloc(in->files, (in->nr_files + 1) * sizeof(*files));

	if (!files)
		return error_errno(err, -ENOMEM, "cannot take in %s", file->name);
	files[in->nr_files] = *file;
	files[in->nr_files++].sets |= sets_name(file->name) && !file->inline_rules;
	in->files = files;
	return 0;
}

unsigned int input_families(const char *name)
{
	size_t len = strlen(name);

	if (len > 3 && !strcmp(name + len - 3, ".v4"))
		return FAMILY_BIT(FAMILY_IPV4);
	if (len > 3 && !strcmp(name + len - 3, ".v6"))
		return FAMILY_BIT(FAMILY_IPV6);
	return 0;
}

static int add_operand(struct input *in, const char *name, struct error *err)
{
	struct input_file file = { .name = name, .families = in->pending, .given = in->pending };

	if (!*name)
		return error_set(err, -EINVAL, "the name of a FILE is empty");
	for (size_t i = 0; i < in->nr_files; i++)
		if (!strcmp(name, "-") && !strcmp(in->files[i].name, "-"))
			return error_set(err, -EINVAL, "standard input (-) can be read only once");
	if (sets_name(name)) {
		if (in->pending)
			return error_set(err, -EINVAL, "%s holds sets: -4 and -6 do not apply",
					 name);
		return add_file(in, &file, err);
	}
	if (!file.families)
		file.families = input_families(name);
	if (!file.families && in->last) {
		file.families = in->last;
		file.given = true;
	}
	if (!file.families)
		file.families = FAMILIES_ALL;
	if (in->pending)
		in->last = in->pending;
	in->pending = 0;
	return add_file(in, &file, err);
}

int input_tables(const char *list, unsigned int *tables, struct error *err)
{
	for (;;) {
		size_t len = strcspn(list, ",");
		int t;

		for (t = 0; t < NR_TABLES; t++)
			if (strlen(table_name((enum table_id)t)) == len &&
			    !strncmp(table_name((enum table_id)t), list, len))
				break;
		if (t == NR_TABLES) {
			error_set(err, -EINVAL, "no such table '%.*s'", (int)len, list);
			error_hint(err, "the tables are filter and raw");
			return -EINVAL;
		}
		*tables |= TABLE_BIT(t);
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

int input_option(struct input *in, int c, const char *arg, struct error *err)
{
	switch (c) {
	case '4':
		in->pending |= FAMILY_BIT(FAMILY_IPV4);
		return 0;
	case '6':
		in->pending |= FAMILY_BIT(FAMILY_IPV6);
		return 0;
	case 'T':
		return input_tables(arg, &in->tables, err);
	default:
		return add_operand(in, arg, err);
	}
}

int input_end(struct input *in, int argc, char **argv, struct error *err)
{
	for (; optind < argc; optind++) {
		int ret = input_option(in, 1, argv[optind], err);

		if (ret)
			return ret;
	}
	if (in->pending && in->nr_files)
		return error_set(err, -EINVAL, "-%c must stand before the FILE it governs",
				 in->pending & FAMILY_BIT(FAMILY_IPV4) ? '4' : '6');
	return 0;
}

/* DIR/NAME if it exists; its families are cut to those asked for. */
static int add_default(struct input *in, const char *dir, const char *name, unsigned int families,
		       struct error *err)
{
	unsigned int wanted = in->pending ? in->pending : FAMILIES_ALL;
	struct input_file file = { .families = families & wanted };
	struct stat st;
	int ret = 0;

	if (families && !file.families)
		return 0;
	if (asprintf(&file.own_name, "%s/%s", dir, name) < 0)
		return error_errno(err, -ENOMEM, "cannot take in %s/%s", dir, name);
	file.name = file.own_name;
	if (lstat(file.name, &st))
		ret = errno == ENOENT || errno == ENOTDIR ? -ENOENT : -errno;
	if (ret && ret != -ENOENT)
		error_errno(err, ret, "cannot look at %s", file.name);
	if (!ret)
		ret = add_file(in, &file, err);
	if (ret)
		free(file.own_name);
	return ret == -ENOENT ? 0 : ret;
}

/* DIR/tables: the words of -T, separated by commas or white space, "#" comments. */
static int default_tables(struct input *in, const char *dir, struct error *err)
{
	char path[256], *text = NULL, *copy, *line, *word, *save_line, *save_word;
	struct stat st;
	size_t len = 0;
	int ret;

	snprintf(path, sizeof(path), "%s/tables", dir);
	if (in->tables || (lstat(path, &st) && errno == ENOENT))
		return 0;
	ret = rules_read_file(path, 4096, &text, &len, err);
	if (ret)
		return ret;
	copy = strndup(text, len);
	free(text);
	if (!copy)
		return error_errno(err, -ENOMEM, "cannot read %s", path);
	for (line = strtok_r(copy, "\n", &save_line); !ret && line;
	     line = strtok_r(NULL, "\n", &save_line)) {
		line[strcspn(line, "#")] = 0;
		for (word = strtok_r(line, ", \t\r", &save_word); !ret && word;
		     word = strtok_r(NULL, ", \t\r", &save_word))
			ret = input_tables(word, &in->tables, err);
	}
	if (ret)
		error_hint(err, "correct %s", path);
	free(copy);
	return ret;
}

static int default_image(struct input *in, const char *dir, struct error *err)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int ret = 0;

	if (!d)
		return 0;
	while (!ret && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len <= 6 || e->d_name[0] == '.' || strcmp(e->d_name + len - 6, ".image"))
			continue;
		ret = add_default(in, dir, e->d_name, FAMILIES_ALL, err);
		if (!ret && in->nr_files > 1)
			ret = error_set(err, -EINVAL, "%s holds more than one *.image", dir);
	}
	closedir(d);
	return ret;
}

static int is_set_file(const struct dirent *e)
{
	return e->d_name[0] != '.' && sets_name(e->d_name) && strcmp(e->d_name, "rescue.ipset");
}

/* All of them: which ones the rules name is known when these have been read. */
static int default_sets(struct input *in, const char *dir, struct error *err)
{
	struct dirent **list = NULL;
	int n = scandir(dir, &list, is_set_file, alphasort), ret = 0, i;

	if (n < 0)
		return error_errno(err, -errno, "cannot look into %s", dir);
	for (i = 0; i < n; i++) {
		if (!ret)
			ret = add_default(in, dir, list[i]->d_name, 0, err);
		free(list[i]);
	}
	free(list);
	return ret;
}

int input_defaults(struct input *in, const char *dir, struct error *err)
{
	int ret = default_tables(in, dir, err);

	if (!ret)
		ret = add_default(in, dir, "rules.v4", FAMILY_BIT(FAMILY_IPV4), err);
	if (!ret)
		ret = add_default(in, dir, "rules.v6", FAMILY_BIT(FAMILY_IPV6), err);
	if (!ret)
		ret = add_default(in, dir, "rules", FAMILIES_ALL, err);
	if (!ret && in->nr_files)
		ret = default_sets(in, dir, err);
	if (!ret && !in->nr_files)
		ret = default_image(in, dir, err);
	if (!ret && !in->nr_files) {
		ret = error_set(err, -ENOENT, "there are no rules in %s", dir);
		error_hint(err, "write %s/rules.v4 and rules.v6, or name a FILE", dir);
	}
	in->pending = 0;
	return ret;
}

int input_add(struct input *in, const struct input_file *file, struct error *err)
{
	int ret = add_file(in, file, err);

	if (ret) {
		free(file->own_name);
		free(file->text);
		free(file->sig);
	}
	return ret;
}

static bool is_image(const struct input_file *file)
{
	uint64_t magic;

	if (file->len < sizeof(magic))
		return false;
	memcpy(&magic, file->text, sizeof(magic));
	return magic == IMAGE_MAGIC;
}

/* An image is whole by itself: it names its families and tables and joins nothing. */
static int check_image_use(const struct input *in, const struct input_file *file,
			   struct error *err)
{
	if (in->nr_files > 1) {
		error_set(err, -EINVAL, "%s is an image: no other FILE can be joined to it",
			  file->name);
		error_hint(err, "compile all FILEs into one image: "
			   "bpfilter compile FILE... -o IMAGE");
	} else if (file->given || in->tables) {
		error_set(err, -EINVAL, "%s is an image: -4, -6 and -T do not apply", file->name);
		error_hint(err, "give them to 'bpfilter compile'");
	} else {
		return 0;
	}
	return -EINVAL;
}

int input_read(struct input *in, struct error *err)
{
	for (size_t i = 0; i < in->nr_files; i++) {
		struct input_file *file = &in->files[i];
		int ret = 0;

		if (!file->tables && !file->taken_over)
			file->tables = in->tables;
		if (!file->text && !strcmp(file->name, "-"))
			ret = rules_read_stream(STDIN_FILENO, "standard input (-)", RULES_FILE_MAX,
						&file->text, &file->len, err);
		else if (!file->text)
			ret = rules_read_file(file->name, RULES_FILE_MAX, &file->text, &file->len,
					      err);
		if (ret)
			return ret;
		if (file->sets || !is_image(file))
			continue;
		ret = check_image_use(in, file, err);
		if (ret)
			return ret;
		in->has_image = true;
	}
	return 0;
}

static int read_image(const struct input_file *file, struct image *img, struct error *err)
{
	int ret = image_borrow(img, file->name, file->text, file->len, err);

	/* The validator knows no names. */
	if (ret && err && !strstr(err->msg, file->name))
		snprintf(err->where, sizeof(err->where), "%s", file->name);
	return ret;
}

/* What an image file holds, as if it had been parsed. */
static int parse_image(struct input_file *file, struct ruleset *rs, struct error *err)
{
	struct image img = { 0 };
	int ret = read_image(file, &img, err);

	if (!ret)
		ret = image_ruleset(img.header, rs, false, err);
	if (!ret) {
		rs->families = img.header->families;
		file->families = img.header->families;
	}
	return ret;
}

static int parse_sets(const struct input_file *file, struct ruleset *rs, struct error *err)
{
	const struct sets_source src = {
		.where = file->name, .text = file->text, .len = file->len,
		.gives_way = file->taken_over,
	};

	return sets_parse(rs, &src, err);
}

static int parse_file(struct input *in, struct input_file *file, struct ruleset *rs,
		      struct error *err)
{
	const struct rules_source src = {
		.where = file->name,
		.text = file->text,
		.len = file->len,
		.families = file->families,
		.tables = file->tables,
		.inline_rules = file->inline_rules,
		.warnings = &in->warnings,
	};
	uint32_t before[NR_FAMILIES];
	int ret;

	for (int f = 0; f < NR_FAMILIES; f++)
		before[f] = ruleset_count(rs, FAMILY_BIT(f));
	if (file->sets)
		return parse_sets(file, rs, err);
	ret = is_image(file) ? parse_image(file, rs, err) : rules_parse(rs, &src, err);
	for (int f = 0; f < NR_FAMILIES; f++) {
		uint32_t now = ruleset_count(rs, FAMILY_BIT(f));

		/* Commands like -D and -F of a later text may have taken rules away. */
		file->nr_rules[f] = now > before[f] ? now - before[f] : 0;
	}
	return ret;
}

int input_parse(struct input *in, struct ruleset *rs, struct error *err)
{
	in->warnings.len = 0;
	for (size_t i = 0; i < in->nr_files; i++) {
		int ret = parse_file(in, &in->files[i], rs, err);

		if (ret)
			return ret;
	}
	return in->has_image && in->nr_files == 1 ? 0 : ruleset_finish(rs, err);
}

static int compile(struct input *in, struct image *img,
		   int (*how)(struct ruleset *, struct image *, struct error *), struct error *err)
{
	struct ruleset rs;
	int ret;

	if (in->has_image && in->nr_files == 1)
		return read_image(&in->files[0], img, err);
	ruleset_init(&rs);
	ret = input_parse(in, &rs, err);
	if (!ret)
		ret = how(&rs, img, err);
	ruleset_free(&rs);
	return ret;
}

int input_compile(struct input *in, struct image *img, struct error *err)
{
	return compile(in, img, image_compile, err);
}

int input_build(struct input *in, struct image *img, struct error *err)
{
	return compile(in, img, image_build, err);
}

size_t input_warnings(const struct input *in, const struct error **list)
{
	*list = (const struct error *)(const void *)in->warnings.data;
	return in->warnings.len / sizeof(**list);
}

void input_names(const struct input *in, struct buffer *out)
{
	const char *comma = "";

	for (size_t i = 0; i < in->nr_files; i++) {
		if (in->files[i].taken_over)
			continue;
		buffer_printf(out, "%s%s", comma, in->files[i].name);
		comma = ", ";
	}
}

void input_free(struct input *in)
{
	for (size_t i = 0; i < in->nr_files; i++) {
		free(in->files[i].own_name);
		free(in->files[i].text);
		free(in->files[i].sig);
	}
	free(in->files);
	buffer_free(&in->warnings);
	*in = (struct input){ 0 };
}

int input_sets_text(const struct ruleset *rs, unsigned int families, char **text, size_t *len,
		    struct error *err)
{
	struct buffer out = { 0 };

	ipsets_print(&out, rs, families, NULL, NULL);
	if (out.failed) {
		buffer_free(&out);
		return error_errno(err, -ENOMEM, "cannot take over the sets");
	}
	*text = out.data;
	*len = out.len;
	return 0;
}

int input_ruleset_text(const struct ruleset *rs, enum family f, char **text, size_t *len,
		       struct error *err)
{
	struct buffer out = { 0 };

	for (int t = NR_TABLES - 1; t >= 0; t--)
		if (rs->tables[f][t].present)
			rules_print(&out, rs, f, (enum table_id)t,
				    PRINT_ZERO_POLICY | PRINT_COMPLETE);
	if (!out.len)
		buffer_putc(&out, '\n');
	if (out.failed) {
		buffer_free(&out);
		return error_errno(err, -ENOMEM, "cannot take over the %s rules", family_name(f));
	}
	*text = out.data;
	*len = out.len;
	return 0;
}
