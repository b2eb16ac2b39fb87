# How often the kernel asks user space for a module when somebody calls iptables, or what iptables calls.
busybox=/bin/busybox
calls=5

upcalls() { if [ -e /upcalls ]; then $busybox wc -l </upcalls; else echo 0; fi; }

# count COMMAND...: upcalls of $calls of it
count() {
	before=$(upcalls)
	for i in $($busybox seq $calls); do "$@" >/dev/null 2>&1; done
	echo $(($(upcalls) - before))
}

as_nobody() { $busybox su -s /bin/sh nobody -c "$*"; }

mkdir -p /etc /run
echo 'root:x:0:0::/:/bin/sh' >/etc/passwd
echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd
boot=$(upcalls)
# Our own kernels start without: what is counted now is not hidden by that.
echo /sbin/modprobe >/proc/sys/kernel/modprobe
line="boot=$boot calls=$calls"
line="$line getsockopt-root=$(count /getinfo) getsockopt-nobody=$(count /getinfo 65534)"
line="$line iptables-root=$(count /usr/sbin/iptables-legacy -L) iptables-nobody=$(count as_nobody /usr/sbin/iptables-legacy -L)"
line="$line whole=$(upcalls)"
# Negative control: any kernel with modules asks for bpf_preload at the mount of a bpffs.
before=$(upcalls)
$busybox mkdir -p /control
$busybox mount -t bpf bpf /control
line="$line control=$(($(upcalls) - before))"
echo "upcalls $($busybox uname -r) $line" | $busybox tee /dev/ttyS1
$busybox sort /upcalls | $busybox uniq -c

# With a modprobe that does as it is told: loaded, removed, loaded again.
loaded() { if $busybox grep -q '^bpfilter ' /proc/modules; then echo yes; else echo no; fi; }
echo /sbin/load >/proc/sys/kernel/modprobe
line="loaded before=$(loaded)"
/getinfo 65534
line="$line by-getsockopt-of-nobody=$(loaded)"
$busybox rmmod bpfilter
line="$line after-rmmod=$(loaded)"
/usr/sbin/iptables-legacy -L
line="$line by-iptables-again=$(loaded)"
echo "$line" | $busybox tee /dev/ttyS1
exit 0
