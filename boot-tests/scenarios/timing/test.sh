# The line in the log, the table with its one mark, and the same for machines.
set -e
bpfilter=/usr/sbin/bpfilter
dmesg | grep 'bpfilter: timing: '
$bpfilter boot --timing >/timing
cat /timing
[ "$(grep -c '<== slowest' /timing)" = 1 ]
$bpfilter boot --timing --json
