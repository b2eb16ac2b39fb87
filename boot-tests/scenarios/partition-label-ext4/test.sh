# The disk is as it was: nobody holds it, and it can be written to.
set -e
mkdir /config
mount -t ext4 /dev/vdb /config
echo changed >/config/rules.v4
umount /config
