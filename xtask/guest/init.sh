#!/bin/busybox sh
# The guest's first process, and all there is of an init system in it.
#
# It runs twice: from the initramfs, where it loads drivers and mounts the disks,
# and, as `init inside`, from the guest's own root, where it loads ZFS and runs the
# command. The host is spoken to over virtio ports that go by name:
#
#   control  to the host:  ready VERSION | beat | exit STATUS | done | failed WHY
#            from the host:  go
#   stdout, stderr, out    bytes, up to the marker that the host chose
#
# The kernel's console is never one of them.

fail() {
    echo "failed $*" >&9
    exec sleep 1000000
}

port() {
    for port in /sys/class/virtio-ports/*; do
        if [ "$(cat "$port/name" 2>/dev/null)" = "$1" ]; then
            echo "/dev/${port##*/}"
            return
        fi
    done
}

outside() {
    export PATH=/bin
    /bin/busybox --install -s /bin
    mount -t devtmpfs dev /dev
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    for module in /modules/*; do
        insmod "$module"
    done
    control=
    tries=0
    while [ ! -b /dev/vdb ] || [ -z "$control" ]; do
        [ $((tries += 1)) -lt 500 ] || echo "no disks or no ports" >/dev/console
        sleep 0.02
        control=$(port control)
    done
    exec 9<>"$control"
    mount -t ext4 -o noatime /dev/vda /root || fail "cannot mount the root disk"
    mount -t tmpfs -o mode=755 run /root/run
    mkdir /root/run/carried
    mount -t ext4 -o noatime /dev/vdb /root/run/carried || fail "cannot mount the carried disk"
    for mounted in dev proc sys; do
        mount --move /$mounted /root/$mounted
    done
    cp /init /root/run/init
    mkdir /root/run/busybox
    cp /bin/busybox /root/run/busybox
    # The guest's own shell: busybox's would run its own idea of every tool.
    exec switch_root /root /bin/sh /run/init inside
}

inside() {
    # Debian's tools first; what no package brought is busybox's.
    /run/busybox/busybox --install -s /run/busybox
    export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/busybox
    export HOME=/root LANG=C.UTF-8
    mkdir -p /dev/shm /dev/pts /out
    mount -t tmpfs shm /dev/shm
    mount -t devpts pts /dev/pts
    ln -sf /proc/self/fd /dev/fd
    ln -sf fd/0 /dev/stdin
    ln -sf fd/1 /dev/stdout
    ln -sf fd/2 /dev/stderr
    chmod 1777 /tmp /var/tmp /dev/shm
    hostname guest
    ip link set lo up

    # A failed assertion in the module stops the thread that it is in and leaves
    # the rest to hang; here it had better end the guest.
    modprobe spl spl_panic_halt=1
    modprobe zfs || fail "the zfs module does not load"
    . /run/carried/.guest/mounts || fail "cannot mount what was carried"
    . /run/carried/.guest/settings

    stdout=$(port stdout) stderr=$(port stderr)
    # The ports can be opened once only, /dev/stdout as often as one likes: so
    # the command gets pipes.
    mkfifo /run/stdout /run/stderr
    cat /run/stdout >"$stdout" &
    cat /run/stderr >"$stderr" &
    exec 7<>/run/stdout 8<>/run/stderr

    echo "ready $(cat /sys/module/zfs/version)" >&9
    read -r go <&9
    (while echo beat; do sleep 5; done) >&9 &

    (
        exec </dev/null >&7 2>&8 7>&- 8>&- 9>&-
        . /run/carried/.guest/command
    )
    status=$?

    # Through the pipes, so that they come after all that the command wrote.
    printf '%s' "$marker" >&7
    printf '%s' "$marker" >&8
    echo "exit $status" >&9
    if [ "$wants_out" = yes ]; then
        {
            tar -C /out --sparse --numeric-owner -cf - . || fail "cannot pack /out"
            printf '%s' "$marker"
        } >"$(port out)"
    fi
    echo "done" >&9
    exec sleep 1000000
}

if [ "$1" = inside ]; then
    inside
else
    outside
fi
