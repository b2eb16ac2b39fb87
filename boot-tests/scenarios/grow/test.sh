# From the smallest program to a larger one and back.
set -e
bpfilter=/usr/sbin/bpfilter
$bpfilter apply /big/rules.v4
$bpfilter status | grep 'capacity: *16384'
$bpfilter apply /big/small.v4
$bpfilter status | grep 'capacity: *1024'
