/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "sign/sign.h"

static int cmd_help(int argc, char **argv);

static const struct command commands[] = {
	{ "check", cmd_check, "check rule files, load nothing" },
	{ "compile", cmd_compile, "turn rule files into an image" },
	{ "apply", cmd_apply, "put rule files in force, all at one instant" },
	{ "save", cmd_save, "print the rules in force as iptables-save does" },
	{ "list", cmd_list, "print the rules in force as iptables -L does" },
	{ "status", cmd_status, "tell what is in force and whether all is well" },
	{ "off", cmd_off, "remove the filters of this network namespace" },
	{ "gc", cmd_gc, "remove filters of namespaces that nothing else uses" },
	{ "sign", cmd_sign, "sign rule files and images, make a key" },
	{ "verify-file", cmd_verify_file, "check the signatures of files" },
	{ "start", cmd_start, "do what a boot does, in a hook or a unit; verify, repair" },
	{ "boot", cmd_boot, "be the first process of a boot (bpfilter-init)" },
	{ "help", cmd_help, "describe a command" },
	{ "companion", cmd_companion, NULL },	/* for ourselves: not in the overview */
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void print_commands(struct buffer *out)
{
	buffer_puts(out, "Commands:\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].description)
			buffer_printf(out, "  %-11s %s\n", commands[i].name, commands[i].description);
}

static int print_overview(void)
{
	struct buffer out = { 0 };
	int ret;

	buffer_puts(&out,
		    "Usage: bpfilter COMMAND [OPTION...] [ARGUMENT...]\n"
		    "       bpfilter help COMMAND\n"
		    "       bpfilter --help | --version\n\n"
		    "A firewall that is in force before the first network interface exists.\n\n");
	print_commands(&out);
	buffer_puts(&out, "\nExit codes: 0 done, 1 refused or failed, 2 usage. See bpfilter(8).\n");
	ret = command_output(&out);
	buffer_free(&out);
	return ret;
}

static int print_version(void)
{
	struct buffer out = { 0 };
	struct sign_key key;
	char name[17];
	int ret;

	buffer_puts(&out, "bpfilter " BPFILTER_VERSION "\n");
	if (sign_key_embedded(&key)) {
		sign_key_name(&key, name);
		buffer_printf(&out, "rules must be signed by key %s\n", name);
	}
	ret = command_output(&out);
	buffer_free(&out);
	return ret;
}

static int unknown_command(const char *name)
{
	struct buffer list = { 0 };

	if (name)
		command_note("unknown command '%.64s'", name);
	else
		command_note("a command is missing");
	print_commands(&list);
	if (!list.failed && write(STDERR_FILENO, list.data, list.len) < 0)
		list.failed = -1;	/* nowhere left to complain to */
	buffer_free(&list);
	return COMMAND_USAGE;
}

static int cmd_help(int argc, char **argv)
{
	const struct command *cmd;
	char help[] = "--help";

	if (argc > 2)
		return command_usage("help", "one command at a time");
	if (argc < 2 || argv[1][0] == '-')
		return print_overview();
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	if (cmd->run == cmd_help)
		return print_overview();
	return cmd->run(2, (char *[]){ argv[1], help, NULL });
}

/*
 * A closed standard stream must not become the number of a file we open: output would go into it.
 * The stand-ins are opened the wrong way round, so that using them is still an error.
 */
static void hold_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * By its name; or as process 1 under any name but the commands', such as /init: the kernel hands
 * words of its command line over as arguments, so they say nothing. An init that only prints its
 * usage would be a boot that ends.
 */
static bool is_init(int argc, char **argv)
{
	const char *name = argc ? base_name(argv[0]) : "";

	if (!strcmp(name, "bpfilter-init"))
		return true;
	return getpid() == 1 && (strcmp(name, "bpfilter") || argc < 2);
}

int main(int argc, char **argv)
{
	const struct command *cmd;

	opterr = 0;
	if (is_init(argc, argv))
		return cmd_boot(argc, argv);
	hold_standard_streams();
	if (argc < 2)
		return unknown_command(NULL);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_overview();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		return print_version();
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	return cmd->run(argc - 1, argv + 1);
}
