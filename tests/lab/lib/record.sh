# shellcheck shell=bash disable=SC2034 # the topology is for the other files
# Record a state: live through its history once, keep what each host's root became.

state_dir() { printf '%s/states/%s-%s' "$LAB_DIR" "$1" "$2"; }

state_ready() {
    [ "$(cat "$(state_dir "$1" "$2")/key" 2>/dev/null)" = "$(lab_key)" ]
}

# What a recorded state depends on: all but the checks and the words.
lab_key() { key_of lib specs standins history; }

topology_vars() {
    TOPOLOGY=$1
    ALL=$(hosts_of "$1")
    MASTERS=$(members_of "$1" masters | lines)
    ETCD=$(members_of "$1" etcd | lines)
    NODES=$(members_of "$1" nodes | lines)
    MASTERS=${MASTERS% } ETCD=${ETCD% } NODES=${NODES% }
    NODE_NAMES=${NODES// /.$DOMAIN }.$DOMAIN
}

state_record() {
    local topology=$1 state=$2 host dir stage
    dir=$(state_dir "$topology" "$state")
    stage=$LAB_DIR/build/stage
    note "recording $topology, $state"
    cluster_down
    rm -rf "$dir" "$LAB_DIR/run"
    mkdir -p "$dir/facts" "$LAB_DIR/run/hosts.d"
    topology_vars "$topology"
    hosts_file "$topology" >"$LAB_DIR/run/hosts"
    printf '%s %s\n' "$topology" "$state" >"$LAB_DIR/run/topology"
    seed "$topology" "$stage"
    net_up
    for host in $ALL; do
        mkdir -p "$(host_dir "$host")"/{upper,work,root}
        cp -a "$stage/$host/." "$(host_dir "$host")/upper/"
        chown -R root:root "$(host_dir "$host")/upper"
        [ "$topology/$host" != ha/master-3 ] || mkdir -p "$(host_dir "$host")/etcd-volume"
        host_boot "$host" "$(address_of "$topology" "$host")" "$BASE"
    done
    for host in $ALL; do host_wait "$host"; done
    history_install "$stage"
    for host in $ALL; do
        mkdir -p "$dir/facts/$host"
        host_exec "$host" env "ROLES=$(roles_of "$topology" "$host")" bash -c "$(cat "$LAB_HOME/history/facts.sh")" |
            tar -C "$dir/facts/$host" -xf -
    done
    case $state in
    upgraded) history_upgraded ;;
    failed-at-3.8) history_failed_at_3_8 ;;
    *) die "state $state: upgraded or failed-at-3.8" ;;
    esac
    for host in $ETCD; do
        # shellcheck disable=SC2016
        host_exec "$host" bash -c 'cd /var/lib/etcd; for d in openshift-backup-pre-upgrade-*; do case $d in *-2017*) ;; *) sha256sum "$d/member/snap/db"; break ;; esac; done' \
            >"$dir/facts/$host/backup"
    done
    state_keep "$dir"
    lab_key >"$dir/key"
}

state_keep() {
    local dir=$1 host
    for host in $MASTERS; do host_exec "$host" systemctl stop atomic-openshift-master-controllers; done
    for host in $ALL; do host_poweroff "$host" & done
    wait
    note "hosts are off"
    for host in $ALL; do
        find "$(host_dir "$host")/upper/var/lib/etcd" "$(host_dir "$host")/etcd-volume" -name '*.wal' 2>/dev/null |
            while read -r wal; do cp -p --sparse=always "$wal" "$wal.sparse" && mv "$wal.sparse" "$wal"; done || true
        mkdir -p "$dir/hosts/$host"
        mv "$(host_dir "$host")/upper" "$dir/hosts/$host/root"
        [ ! -d "$(host_dir "$host")/etcd-volume" ] || mv "$(host_dir "$host")/etcd-volume" "$dir/hosts/$host/etcd-volume"
    done
    rm -rf "$LAB_DIR/run"
}
