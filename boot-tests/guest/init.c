// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's init in boot tests: brings up the network, offers services that the rules allow or
 * deny, reports on a second serial port and ends the guest. Read main() aloud.
 *
 * Words of the kernel command line: test.seconds=N how long to serve, test.switchroot=move|detach|
 * busybox|fresh|bpffs go on in a new root with /dev, /proc, /sys and /run moved along, or all of
 * them detached, or left behind; see change_place(). test.before=N how long to stay before.
 * test.nic=late wait for eth0 to be plugged in; test.nic=NAME rename it first;
 * test.netns=bare|applied serve in a new network namespace, without rules there or with those of
 * /etc/bpfilter.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot-tests/guest/services.h"

#define RESULT_PORT	"/dev/ttyS1"

struct guest {
	int result;		/* the second channel, -1: none */
	char cmdline[4096];
	struct services services;
};

/* One line on the second channel, and on the console for people. */
__attribute__((format(printf, 2, 3))) static void report(struct guest *g, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0 || n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n++] = '\n';
	if (g->result >= 0 && write(g->result, line, (size_t)n) != n)
		perror("result channel");
	printf("guest: %.*s", n, line);
	fflush(stdout);
}

static void die(struct guest *g, const char *what)
{
	report(g, "failed %s: %s", what, strerror(errno));
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static void mount_filesystems(void)
{
	/* What the helper has mounted already answers EBUSY. */
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/run", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
}

static void ensure_console(void)
{
	int fd = open("/dev/console", O_RDWR);

	if (fd < 0)
		return;
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fd > 2)
		close(fd);
}

static void open_result_channel(struct guest *g)
{
	g->result = open(RESULT_PORT, O_WRONLY | O_NOCTTY | O_CLOEXEC);
}

static void read_cmdline(struct guest *g)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, g->cmdline, sizeof(g->cmdline) - 1);

	if (n > 0)
		g->cmdline[n] = '\0';
	if (fd >= 0)
		close(fd);
}

static const char *option(struct guest *g, const char *name)
{
	const char *at = strstr(g->cmdline, name);

	return at ? at + strlen(name) : NULL;
}

/* Run a program with the console as its output; its exit code. */
static int run(const char *path, ...)
{
	const char *argv[16] = { path };
	int n = 1, status;
	va_list ap;
	pid_t pid;

	va_start(ap, path);
	while (n < 15 && (argv[n] = va_arg(ap, const char *)))
		n++;
	va_end(ap);
	argv[n] = NULL;
	pid = fork();
	if (pid == 0) {
		execv(path, (char *const *)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define BUSYBOX "/bin/busybox"
#define ip(...) run(BUSYBOX, "ip", __VA_ARGS__, NULL)

/* The modules listed in /test-modules, in that order, decompressed when the initramfs was made. */
static void load_modules(struct guest *g)
{
	FILE *f = fopen("/test-modules", "re");
	char path[256];
	int fd;

	while (f && fgets(path, sizeof(path), f)) {
		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			die(g, path);
		close(fd);
	}
	if (f)
		fclose(f);
}

/* On boots with a fault (fault.c) much does not work; what counts then is what the network sees. */
static bool lenient(void)
{
	return getenv("fault");
}

static void write_file(struct guest *g, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if ((fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) && !lenient())
		die(g, path);
	if (fd >= 0)
		close(fd);
}

static void wait_for_eth0(struct guest *g)
{
	report(g, "event waiting-for-eth0 %.3f", now());
	while (access("/sys/class/net/eth0", F_OK))
		usleep(20 * 1000);
}

/* An address that is still tentative answers nothing, whatever the rules say. */
static void no_tentative_addresses(struct guest *g)
{
	write_file(g, "/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	write_file(g, "/proc/sys/net/ipv6/conf/all/accept_dad", "0");
}

/* "netns 1" is where we are: the child is still in the old one. */
static void move_eth0_to_new_namespace(struct guest *g)
{
	int old = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), status = -1;
	pid_t pid;

	if (old < 0 || unshare(CLONE_NEWNET))
		die(g, "network namespace");
	no_tentative_addresses(g);
	pid = fork();
	if (pid == 0) {
		if (!setns(old, CLONE_NEWNET))
			execl(BUSYBOX, "ip", "link", "set", "eth0", "netns", "1", NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status)
		die(g, "eth0 to a new namespace");
	close(old);
}

/* What becomes of eth0 before it is up; returns its name. */
static const char *prepare_eth0(struct guest *g)
{
	static char name[16] = "eth0";
	const char *nic = option(g, "test.nic="), *netns = option(g, "test.netns=");

	if (nic && !strncmp(nic, "late", 4)) {
		wait_for_eth0(g);
	} else if (nic) {
		sscanf(nic, "%15[^ \n]", name);
		if (ip("link", "set", "eth0", "name", name))
			die(g, "rename eth0");
	}
	if (netns)
		move_eth0_to_new_namespace(g);
	if (netns && !strncmp(netns, "applied", 7))
		report(g, "apply %d", run("/usr/sbin/bpfilter", "apply", "/etc/bpfilter/rules.v4",
					  "/etc/bpfilter/rules.v6", NULL));
	return name;
}

static void bring_up_network(struct guest *g)
{
	const char *nic;

	report(g, "event before-eth0 %.3f", now());
	no_tentative_addresses(g);
	load_modules(g);
	nic = prepare_eth0(g);
	ip("link", "set", "lo", "up");
	ip("addr", "add", "10.77.0.2/24", "dev", nic);
	if (ip("link", "set", nic, "up")) {
		if (!lenient())
			die(g, "eth0 up");
		report(g, "event no-eth0 %.3f", now());
	}
	ip("addr", "add", "fd77::2/64", "dev", nic);
	report(g, "event eth0-up %.3f", now());
}

static void serve(struct guest *g, double seconds)
{
	if (services_open(&g->services))
		die(g, "server socket");
	services_serve(&g->services, seconds);
}

/* Outwards: does what the rules allow us to start get its replies? */
static void connect_out(struct guest *g, int family)
{
	report(g, "outgoing tcp%d %s", family == AF_INET ? 4 : 6,
	       peer_connect(family) ? "no" : "yes");
}

/*
 * What other ways leave of it: "fresh", as initramfs-tools and systemd do, with another tmpfs on /run;
 * "bpffs", with a bpffs of the second init's own on top of the one in /sys.
 */
static void change_place(const char *how)
{
	if (!strncmp(how, "fresh", 5))
		mount("tmpfs", "/run", "tmpfs", 0, NULL);
	if (!strncmp(how, "bpffs", 5)) {
		mount("tmpfs", "/run", "tmpfs", 0, NULL);
		mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL);
	}
}

/* Time for probes that come while the initramfs is the root. */
static void stay(struct guest *g)
{
	const char *seconds = option(g, "test.before=");

	if (!seconds)
		return;
	usleep((useconds_t)(atof(seconds) * 1e6));
	/* Among the kernel's lines, and whole. */
	write_file(g, "/dev/kmsg", "guest: event switch-root\n");
}

/* Give up the initramfs as busybox' switch_root does; the same program goes on behind it. */
static void switch_root(struct guest *g, const char *how)
{
	static const char *const moved[] = { "/dev", "/proc", "/sys", "/run" };
	char to[64];
	unsigned int i;

	mkdir("/newroot", 0755);
	if (mount("tmpfs", "/newroot", "tmpfs", 0, "size=64m"))
		die(g, "new root");
	run(BUSYBOX, "cp", "-a", "/bin", "/usr", "/lib", "/etc", "/init", "/newroot/", NULL);
	run(BUSYBOX, "cp", "-a", "/test.sh", "/newroot/", NULL);
	run(BUSYBOX, "mkdir", "-p", "/newroot/dev", "/newroot/proc", "/newroot/sys", "/newroot/run",
	    NULL);
	/* busybox' own moves nothing, and deletes what is left. */
	if (!strncmp(how, "busybox", 7))
		execl(BUSYBOX, "switch_root", "/newroot", "/init", "second", NULL);
	for (i = 0; i < 4; i++) {
		snprintf(to, sizeof(to), "/newroot%s", moved[i]);
		if (strncmp(how, "detach", 6))
			mount(moved[i], to, NULL, MS_MOVE, NULL);
		else
			umount2(moved[i], MNT_DETACH);
	}
	if (chdir("/newroot") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die(g, "switch_root");
	execl("/init", "/init", "second", NULL);
	die(g, "second init");
}

static void show_state(struct guest *g)
{
	const char *helper = "/usr/sbin/bpfilter";

	if (access("/test.sh", F_OK) == 0)
		report(g, "test.sh %d", run(BUSYBOX, "sh", "/test.sh", NULL));
	if (access(helper, X_OK))
		return;
	printf("guest: counters\n");
	fflush(stdout);
	report(g, "save %d", run(helper, "save", "-c", NULL));
	report(g, "status %d", run(helper, "status", NULL));
}

int main(int argc, char **argv)
{
	static struct guest g;
	const char *root, *seconds;
	bool second = argc > 1 && !strcmp(argv[1], "second");

	mount_filesystems();
	ensure_console();
	open_result_channel(&g);
	read_cmdline(&g);
	root = option(&g, "test.switchroot=");
	seconds = option(&g, "test.seconds=");
	if (!second)
		bring_up_network(&g);
	if (root && !second) {
		stay(&g);
		switch_root(&g, root);
	}
	if (root)
		change_place(root);
	serve(&g, seconds ? atof(seconds) : 5);
	connect_out(&g, AF_INET);
	connect_out(&g, AF_INET6);
	show_state(&g);
	report(&g, "event end %.3f", now());
	report(&g, "result: ok");
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
