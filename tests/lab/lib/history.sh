# shellcheck shell=bash
# What a cluster lives through before its state is recorded: install at 3.7, upgrade.

# each "HOST..." SCRIPT [NAME=VALUE...]: the script on all of these hosts at once.
each() {
    local hosts=$1 script=$2 host pids=() failed=0
    shift 2
    for host in $hosts; do
        {
            host_exec "$host" env "ROLES=$(roles_of "$TOPOLOGY" "$host")" "$@" \
                bash -c "$(cat "$LAB_HOME/history/$script")" >>"$LAB_DIR/run/history.$host.log" 2>&1
        } &
        pids+=("$!")
    done
    for host in "${pids[@]}"; do wait "$host" || failed=1; done
    [ "$failed" = 0 ] || { tail -n 15 "$LAB_DIR"/run/history.*.log >&2; die "$script failed on $hosts"; }
}

roles_of() {
    local group
    for group in etcd masters nodes; do
        ! in_group "$1" "$group" "$2" || printf '%s ' "$group"
    done
}

lines() { tr '\n' ' '; }

history_install() {
    local stage=$1 host
    note "installing 3.7"
    each "$ALL" install.sh
    for host in $ALL; do
        tar -C "$stage/$host.after" --owner=root --group=root -cf - . | host_exec "$host" tar -C / --no-overwrite-dir -xf -
    done
    each "$ETCD" start.sh STAGE=etcd
    each "$ETCD" old-backup.sh
    each "${ETCD%% *}" data.sh WHEN=before VERSION=3.7.23 "NODES=$NODE_NAMES"
    each "$MASTERS" start.sh STAGE=api
    each "$NODES" start.sh STAGE=node
    history_wait_nodes v1.7.6
}

# Wait until every node is Ready with this kubelet.
history_wait_nodes() {
    local tries count
    for ((tries = 0; tries < 60; tries++)); do
        count=$(host_exec "${MASTERS%% *}" oc get nodes 2>/dev/null | grep -c " Ready .*$1" || true)
        [ "$count" != "$(wc -w <<<"$NODES")" ] || return 0
        sleep 1
    done
    host_exec "${MASTERS%% *}" oc get nodes >&2 || true
    die "not all nodes are Ready at $1"
}

history_backup() {
    each "$ETCD" etcd-backup.sh "TAG=$1"
}

history_control_plane() {
    local version=$1
    note "masters to $version"
    each "$MASTERS" packages.sh "VERSION=$version"
}

restart_masters() {
    local host
    for host in $MASTERS; do
        host_exec "$host" systemctl restart atomic-openshift-master-api atomic-openshift-master-controllers
    done
}

history_upgraded() {
    history_backup pre-upgrade-
    each "${ETCD%% *}" data.sh WHEN=between VERSION=3.7.23 "NODES=$NODE_NAMES"
    history_backup post-3.0-
    history_control_plane 3.8.37
    restart_masters
    sleep 1.5
    history_backup pre-upgrade-
    history_backup post-3.0-
    history_control_plane 3.9.14
    each "$MASTERS" master-config-3.9.sh
    restart_masters
    note "nodes to 3.9.14"
    local others
    others=$(comm -23 <(tr ' ' '\n' <<<"$NODES" | sort) <(tr ' ' '\n' <<<"$MASTERS" | sort) | lines)
    [ -z "${others// /}" ] || each "$others" packages.sh VERSION=3.9.14
    each "$NODES" docker-1.13.sh
    each "$NODES" upgraded-node.sh
    each "${ETCD%% *}" data.sh WHEN=after VERSION=3.9.14 "NODES=$NODE_NAMES"
    history_wait_nodes v1.9.1
}

history_failed_at_3_8() {
    history_backup pre-upgrade-
    each "${ETCD%% *}" data.sh WHEN=between VERSION=3.7.23 "NODES=$NODE_NAMES"
    history_backup post-3.0-
    history_control_plane 3.8.37
    restart_masters
    each "${ETCD%% *}" data.sh WHEN=after VERSION=3.7.23 "NODES=$NODE_NAMES"
    sleep 1
    # It was run again, and failed again, on the first member only.
    each "${ETCD%% *}" etcd-backup.sh TAG=pre-upgrade-
}
