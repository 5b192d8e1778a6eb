# shellcheck shell=bash
# The cluster as a whole: prepare, up, reset, down, status.

cluster_prepare() {
    local key
    base_tar
    key=$(key_of lib/base.sh standins)
    if [ "$(cat "$LAB_DIR/base.key" 2>/dev/null)" != "$key" ]; then
        cluster_down
        base_make
        printf '%s\n' "$key" >"$LAB_DIR/base.key"
    fi
    key=$(key_of lib/rpms.sh specs)
    if [ "$(cat "$LAB_DIR/repos.key" 2>/dev/null)" != "$key" ]; then
        cluster_down
        rpms_make
        printf '%s\n' "$key" >"$LAB_DIR/repos.key"
    fi
}

cluster_topology() { cluster_state; printf '%s\n' "$TOPOLOGY"; }

cluster_state() {
    [ -e "$LAB_DIR/run/topology" ] || die "nothing is up"
    read -r TOPOLOGY STATE <"$LAB_DIR/run/topology"
    topology_vars "$TOPOLOGY"
}

cluster_up() {
    local topology=${1:-} state=upgraded
    [ -n "$topology" ] || die "up aio, ha or external"
    if [ "${2:-}" = --state ]; then state=${3:-}; fi
    hosts_of "$topology" >/dev/null
    cluster_prepare
    state_ready "$topology" "$state" || state_record "$topology" "$state"
    cluster_down
    cluster_boot "$topology" "$state"
}

cluster_boot() {
    local topology=$1 state=$2 host dir
    dir=$(state_dir "$topology" "$state")
    topology_vars "$topology"
    mkdir -p "$LAB_DIR/run/hosts.d"
    hosts_file "$topology" >"$LAB_DIR/run/hosts"
    net_up
    for host in $ALL; do
        printf '%s.%s,%s %s\n' "$host" "$DOMAIN" "$(address_of "$topology" "$host")" \
            "$(cut -d' ' -f1,2 "$dir/hosts/$host/root/etc/ssh/ssh_host_ed25519_key.pub")"
    done >"$LAB_DIR/run/known_hosts"
    for host in $ALL; do
        if [ -d "$dir/hosts/$host/etcd-volume" ]; then
            mkdir -p "$(host_dir "$host")"
            cp -a --sparse=always "$dir/hosts/$host/etcd-volume" "$(host_dir "$host")/etcd-volume"
        fi
        host_boot "$host" "$(address_of "$topology" "$host")" "$dir/hosts/$host/root:$BASE"
    done
    printf '%s %s\n' "$topology" "$state" >"$LAB_DIR/run/topology"
    for host in $ALL; do host_wait "$host"; done
    cluster_wait
}

# Wait until the API answers on all masters.
cluster_wait() {
    local host tries
    for host in $MASTERS; do
        for ((tries = 0; tries < 120; tries++)); do
            if [ "$(host_exec "$host" curl -s --max-time 3 --cacert /etc/origin/master/ca-bundle.crt \
                "https://$host.$DOMAIN:8443/healthz/ready" 2>/dev/null)" = ok ]; then break; fi
            sleep 0.5
        done
        [ "$tries" -lt 120 ] || die "the API of $host does not answer"
    done
    history_wait_nodes v1
}

cluster_reset() {
    cluster_state
    cluster_up "$TOPOLOGY" --state "$STATE"
}

# cluster_reboot HOST: its power goes off at once and on again; what it has on disk stays.
cluster_reboot() {
    local host=$1 dir
    cluster_state
    dir=$(state_dir "$TOPOLOGY" "$STATE")
    host_kill "$host"
    host_boot "$host" "$(address_of "$TOPOLOGY" "$host")" "$dir/hosts/$host/root:$BASE"
    host_wait "$host"
}

cluster_down() {
    local dir
    for dir in "$LAB_DIR"/run/hosts.d/*/; do
        [ ! -d "$dir" ] || host_kill "$(basename "$dir")" &
    done
    wait
    net_down
    rm -rf "$LAB_DIR/run"
}

cluster_status() {
    local host pid
    [ -e "$LAB_DIR/run/topology" ] || { echo down; return; }
    cluster_state
    printf '%s, %s\n' "$TOPOLOGY" "$STATE"
    for host in $ALL; do
        pid=$(host_pid "$host" || true)
        printf '%s.%s %s %s\n' "$host" "$DOMAIN" "$(address_of "$TOPOLOGY" "$host")" "${pid:+running}"
    done
}
