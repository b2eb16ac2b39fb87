# The suite "interfaces" with this kernel, in namespaces of its own: devices that the kernel of the machine with the
# tests may not have.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox --install -s /bin
mkdir -p /tmp
ln -s /proc/self/fd /dev/fd
exec bash /suite/interfaces /usr/sbin/bpfilter vrf wireguard bond bridged dummy vxlan tun vlan macvlan ipvlan bridge
