#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The first process of one emulated machine, started by unshare in its own mount and PID namespaces (and its own user
# namespace, when the caller is not root).
#
#   machine.sh FOLDER PRIVATE ...
#
# Lays FOLDER/usr-bin over /usr/bin, read-only, so that the machine has its own /usr/bin/juju-exec, and gives it its own
# copy, empty at first, of each PRIVATE folder such as /var/lib/rollingops. Says "ready", then stays until its stdin
# ends: at the latest when the emulator is gone. With it end all processes of the machine.
set -e
machine=$1
shift

mount -t proc proc /proc
mount -t overlay -o "ro,lowerdir=$machine/usr-bin:/usr/bin" overlay /usr/bin
for folder in "$@"; do
    if [ ! -d "$folder" ]; then
        parent=${folder%/*}
        mkdir -p "$machine/mount-points$folder"
        mount -t overlay -o "ro,lowerdir=$machine/mount-points$parent:$parent" overlay "$parent"
    fi
    mkdir -p "$machine/files$folder"
    mount --bind "$machine/files$folder" "$folder"
done
echo ready
# Ignoring SIGCHLD makes the kernel bury the orphans that come to the first process of a PID namespace.
exec perl -e '$SIG{CHLD} = "IGNORE"; 1 while sysread(STDIN, my $byte, 1)'
