#!/bin/bash
# PID 1 of a test node: gives it a root of its own (overlay of this machine's /), its own /proc, /sys, /run and
# /tmp, then hands over to the node's own boot script. Started by nodes.py inside fresh namespaces.
#   node_init.sh STATE NAME     STATE holds upper/ work/ merged/ home/ boot_id
# Exit status: 100 = the node asked for a reboot, 0 = power off.
set -e
state=$1 name=$2 root=$1/merged
mount --make-rprivate /
mount -t overlay "$name" -o "lowerdir=/,upperdir=$state/upper,workdir=$state/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp" && chmod 1777 "$root/tmp"
mount --rbind /dev "$root/dev"
# Not an overlay: the machine's own /root (shell start-up files, keys) must not be seen in the node.
mount --bind "$state/home" "$root/root"
mount --bind "$state/boot_id" "$root/proc/sys/kernel/random/boot_id"
hostname "$name.example.com"
mkdir -p "$root/mnt/old" && cd "$root" && pivot_root . mnt/old && cd / && umount -l /mnt/old
set +e
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
unset "${!RDOKIT_@}" "${!PYTEST_@}" VIRTUAL_ENV
trap 'exit 100' USR1
trap 'exit 0' TERM INT
/etc/rc.d/rc.sysinit
echo "$name up, boot_id $(cat /proc/sys/kernel/random/boot_id), uptime $(cut -d' ' -f1 /proc/uptime)"
sleep infinity &
while :; do wait; done
