# shellcheck shell=bash
# One host: overlay root, boot, root shell, end.

host_dir() { printf '%s/run/hosts.d/%s' "$LAB_DIR" "$1"; }

# host_boot HOST ADDRESS LOWER: mount the root and start the host.
host_boot() {
    local host=$1 address=$2 lower=$3 dir machine
    dir=$(host_dir "$host")
    machine=$LAB_ID$host
    mkdir -p "$dir"/{upper,work,root}
    mountpoint -q "$dir/root" ||
        mount -t overlay -o "redirect_dir=on,lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" overlay "$dir/root"
    mkdir -p "$dir/root/etc"
    printf '%s.%s\n' "$host" "$DOMAIN" >"$dir/root/etc/hostname"
    printf 'ADDRESS=%s/24\n' "$address" >"$dir/root/etc/lab-address"
    in_net ip link del "vb-$machine" 2>/dev/null || true
    setsid bash "$LAB_HOME/lib/nspawn.sh" "$machine" "$host.$DOMAIN" "$dir" "$NETNS" "$LAB_DIR/repos" \
        </dev/null >"$dir/console" 2>&1 9>&- &
    printf '%s\n' "$!" >"$dir/starter"
    disown
}

# The process id of the host's systemd; nspawn has children of its own before that one.
host_pid() {
    local dir nspawn
    dir=$(host_dir "$1")
    nspawn=$(cat "$dir/starter" 2>/dev/null) || return 1
    pgrep -P "$nspawn" -x systemd | head -n 1
}

host_exec() {
    local host=$1 pid
    shift
    pid=$(host_pid "$host") || true
    [ -n "$pid" ] || die "$host is not running"
    nsenter -t "$pid" -m -u -i -n -p env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@" 9>&-
}

# Wait until systemd is up and sshd answers.
host_wait() {
    local host=$1 tries
    for ((tries = 0; tries < 300; tries++)); do
        if (host_exec "$host" systemctl is-active -q ssh) 2>/dev/null; then
            return
        fi
        sleep 0.1
    done
    tail -n 20 "$(host_dir "$host")/console" >&2
    die "$host did not boot"
}

host_kill() {
    local host=$1 dir pid starter mount tries
    dir=$(host_dir "$host")
    [ -d "$dir" ] || return 0
    pid=$(pgrep -P "$(cat "$dir/starter" 2>/dev/null || echo none)" 2>/dev/null) || true
    starter=$(cat "$dir/starter" 2>/dev/null) || true
    # shellcheck disable=SC2086
    if [ -n "$pid" ]; then kill -KILL $pid "$starter" || true; fi
    for ((tries = 0; tries < 100; tries++)); do
        if [ -z "$starter" ] || [ ! -d "/proc/$starter" ]; then break; fi
        sleep 0.05
    done
    rm -f "$dir/starter"
    for mount in "$dir/root/var/lib/etcd" "$dir/root"; do
        if mountpoint -q "$mount"; then umount -R "$mount" 2>/dev/null || umount -l "$mount"; fi
    done
    find /sys/fs/cgroup/*/"ocpdg-$LAB_ID$host" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# Power off cleanly, so that the upper layer is complete; used when recording.
host_poweroff() {
    local host=$1 dir starter tries
    dir=$(host_dir "$host")
    starter=$(cat "$dir/starter")
    host_exec "$host" systemctl poweroff >/dev/null 2>&1 || true
    for ((tries = 0; tries < 400; tries++)); do
        [ -d "/proc/$starter" ] || break
        sleep 0.1
    done
    host_kill "$host"
}
