#!/bin/bash
# Start one host: nspawn.sh MACHINE FQDN DIR NETNS REPOS. Becomes nspawn, in cgroups of its own.
set -euo pipefail
machine=$1 fqdn=$2 dir=$3 netns=$4 repos=$5

for tree in /sys/fs/cgroup/*/; do
    tree=${tree%/}
    if [ ! -e "$tree/cgroup.procs" ] || [ -L "$tree" ]; then continue; fi
    mkdir -p "$tree/ocpdg-$machine"
    if [ -e "$tree/cpuset.cpus" ]; then
        cat "$tree/cpuset.cpus" >"$tree/ocpdg-$machine/cpuset.cpus"
        cat "$tree/cpuset.mems" >"$tree/ocpdg-$machine/cpuset.mems"
    fi
    echo $$ >"$tree/ocpdg-$machine/cgroup.procs"
done

extra=()
if [ -d "$dir/etcd-volume" ]; then extra+=("--bind=$dir/etcd-volume:/var/lib/etcd"); fi

export SYSTEMD_NSPAWN_API_VFS_WRITABLE=1
exec nsenter --net="/run/netns/$netns" systemd-nspawn --quiet --register=no --keep-unit -D "$dir/root" \
    --machine="$machine" --hostname="$fqdn" --network-bridge=br0 --boot --capability=all \
    --system-call-filter=@known --resolv-conf=off --timezone=off --link-journal=no --console=pipe \
    --bind-ro="$repos:/srv/repos" "${extra[@]}"
